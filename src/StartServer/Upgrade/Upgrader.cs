using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.Control;
using StartServer.Output;

namespace StartServer.Upgrade;

/// <summary>Whether this is a moment to be replaced.</summary>
internal enum Moment
{
    Good,

    /// <summary>A start is being judged; afterwards it will be.</summary>
    Later,

    /// <summary>We are stopping.</summary>
    Never,
}

/// <summary>
/// Replaces this program by the one that is at its path now, once that one has shown in a trial run that it can go on from here. Until
/// the very exec nothing changes, and whatever is wrong is a reason to stay.
/// </summary>
/// <param name="queue">Where a trial run's words and end arrive.</param>
/// <param name="ownArguments">How many of the command line's words are Main's.</param>
/// <param name="moment">To be asked between two batches of events: within one, something may be known to nobody but the batch.</param>
/// <param name="snapshot">Taken when the moment is good.</param>
internal sealed class Upgrader(EventQueue queue, int ownArguments, Func<Moment> moment, Func<Snapshot> snapshot)
{
    /// <summary>A trial run that has not ended by then is no good; it needs a few milliseconds.</summary>
    internal static readonly TimeSpan TrialTime = TimeSpan.FromSeconds(10);

    private UpgradeStep _step = UpgradeStep.NotAsked;
    private string _program = "";
    private FileIdentity? _tried;
    private TrialRun? _trial;
    private string? _verdict;

    /// <summary>What generations write, some of which a thread may be passing on.</summary>
    internal required GenerationOutput Output { get; init; }

    /// <summary>Whose clients may want an upgrade.</summary>
    internal required ControlServer Control { get; init; }

    /// <returns>Whether the event was the upgrade's own affair, and nobody else's.</returns>
    internal bool Takes(Event happened)
    {
        switch (happened)
        {
            case SignalReceived { Signal: var signal } when signal == Signal.Usr2: Ask(Messages.UpgradeAsked); return true;
            case Readable { Tag: TrialRun trial }: trial.Listen(); return true;
            case TimerFired { Key: TrialRun trial }: trial.End(); return true;
            case ChildExited exited when exited.Pid == _trial?.Pid: EndTrial(exited.Exit); return true;
            default: return false;
        }
    }

    /// <summary>Somebody wants it. What comes of it is decided between two batches.</summary>
    internal void Ask(string line)
    {
        StandardError.WriteLine(line);
        if (_step == UpgradeStep.NotAsked) _step = UpgradeStep.Asked;
    }

    /// <summary>To be called after each batch of events. Does not return if the upgrade succeeds.</summary>
    internal void GoOn()
    {
        switch (_step, moment())
        {
            case (UpgradeStep.NotAsked or UpgradeStep.Trying, _): break;
            case (_, Moment.Never): Refuse("it is stopping"); break;
            case (UpgradeStep.Asked, Moment.Later):
                StandardError.WriteLine(Messages.UpgradeWaits);
                _step = UpgradeStep.Waiting;
                break;
            case (UpgradeStep.Waiting, Moment.Later): break;
            case (UpgradeStep.Asked or UpgradeStep.Waiting, Moment.Good): Try(); break;
            case (UpgradeStep.Tried, _) when _verdict is not null: Refuse(_verdict); break;
            // Something has begun meanwhile. What follows it is another state, to be tried anew.
            case (UpgradeStep.Tried, Moment.Later): _step = UpgradeStep.Waiting; break;
            case (UpgradeStep.Tried, Moment.Good): Become(); break;
        }
    }

    private void Try()
    {
        if (OwnProgram.Path is not { } program)
        {
            Refuse("the path that start_server was executed by is not known");
            return;
        }
        _program = program;
        _tried = FileIdentity.OfTarget(program);
        if (_tried is null)
        {
            Refuse(Errno.Last.Text);
            return;
        }
        if (!OwnProgram.IsForThisMachine(program))
        {
            Refuse("it is not an executable program for this machine");
            return;
        }
        try
        {
            _trial = TrialRun.Start(queue, program, ownArguments, snapshot());
        }
        catch (SystemCallException error)
        {
            Refuse($"it cannot be tried: {error.Message}");
            return;
        }
        queue.SetTimer(_trial, TrialTime);
        _step = UpgradeStep.Trying;
    }

    private void EndTrial(ChildExit exit)
    {
        queue.CancelTimer(_trial!);
        _verdict = _trial!.Verdict(exit);
        _trial.Dispose();
        _trial = null;
        _step = UpgradeStep.Tried;
    }

    private void Become()
    {
        if (FileIdentity.OfTarget(_program) != _tried)
        {
            Refuse("it was replaced by another one while it was tried; ask again");
            return;
        }
        if (!Output.Pause())
        {
            Refuse("stderr takes nothing, and what generations have written there would be lost");
            return;
        }
        var error = TakeOver.Execute(_program, snapshot());
        Output.Resume();
        Refuse($"it cannot be executed: {error}");
    }

    private void Refuse(string reason)
    {
        _step = UpgradeStep.NotAsked;
        StandardError.WriteLine(Messages.UpgradeRefused(_program, reason));
        Control.EndUpgrade(NewsJson.UpgradeRefused(reason));
    }
}

/// <summary>How far an upgrade has come.</summary>
internal enum UpgradeStep
{
    NotAsked,

    /// <summary>Just now.</summary>
    Asked,

    /// <summary>For a good moment.</summary>
    Waiting,

    /// <summary>The trial run is under way.</summary>
    Trying,

    /// <summary>There is a verdict.</summary>
    Tried,
}
