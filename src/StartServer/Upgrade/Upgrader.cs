using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.CommandLine;
using StartServer.Control;
using StartServer.Output;
using StartServer.Supervision;

namespace StartServer.Upgrade;

/// <summary>
/// Replaces this program by the one that is at its path now, with the same command line or another, once that one has shown in a trial run
/// that it can go on from here. Until the very exec nothing changes, and whatever is wrong is a reason to stay. What is done when, is
/// decided by <see cref="UpgradeTransitions"/>.
/// </summary>
/// <param name="queue">Where a trial run's words and end arrive.</param>
/// <param name="words">The command line, as Main was given it.</param>
/// <param name="moment">To be asked between two batches of events.</param>
/// <param name="snapshot">Taken when the moment is good.</param>
internal sealed class Upgrader(EventQueue queue, IReadOnlyList<string> words, Func<BatchDone> moment, Func<CommandLineChange?, Snapshot> snapshot) : INewsListener
{
    /// <summary>A trial run that has not ended by then is no good; it needs a few milliseconds.</summary>
    internal static readonly TimeSpan TrialTime = TimeSpan.FromSeconds(10);

    private UpgradeState _state = new NothingAsked();
    private string _program = "";
    private FileIdentity? _tried;
    private TrialRun? _trial;

    /// <summary>What generations write, some of which a thread may be passing on.</summary>
    internal required GenerationOutput Output { get; init; }

    /// <summary>Whose clients may want an upgrade.</summary>
    internal required ControlServer Control { get; init; }

    /// <summary>The change of the command line that is not over; null if none is.</summary>
    private CommandLineChange? Change { get; set; }

    /// <summary>To be called when there is no way back, by the program that goes on where another stopped; and by that other, if it goes on after all.</summary>
    internal void GoOnFrom(Succession taken)
    {
        var (snapshot, refusal) = (taken.Snapshot!, taken.Refusal);
        if (refusal is not null)
        {
            Change = snapshot.Change;
            var wanted = taken.Wanted;
            StandardError.WriteLine(wanted?.Phase switch
            {
                ChangePhase.Begins => Messages.ReconfigurationRefused(refusal),
                ChangePhase.Returns => Messages.CommandLineStays(refusal),
                _ => Messages.UpgradeRefused(OwnProgram.Path ?? "", refusal),
            });
            if (wanted is { Phase: ChangePhase.Returns }) Control.EndChange(NewsJson.CommandLineStays(refusal));
            Control.RefuseUpgrade(NewsJson.UpgradeRefused(refusal), wanted is { Phase: ChangePhase.Begins } ? wanted.Request : 0);
            return;
        }
        Control.TellUpgraded(NewsJson.Upgraded(snapshot.Version, ManualPage.Number));
        StandardError.WriteLine(Messages.TakenOver(LibC.getpid(), ManualPage.Number, snapshot));
        if (snapshot.Change is not { } change) return;
        if (change.Phase is ChangePhase.Begins or ChangePhase.Returns) StandardError.WriteLine(Messages.CommandLineChanged(words));
        Change = change.Phase switch
        {
            ChangePhase.Begins => change with { Phase = ChangePhase.UnderWay },
            ChangePhase.Returns => null,
            _ => change,
        };
    }

    /// <returns>Whether the event was the upgrade's own affair, and nobody else's.</returns>
    internal bool Takes(Event happened)
    {
        switch (happened)
        {
            case SignalReceived { Signal: var signal } when signal == Signal.Usr2: Ask(new NewProgram(), Messages.UpgradeAsked); return true;
            case Readable { Tag: TrialRun trial }: trial.Listen(); return true;
            case TimerFired { Key: TrialRun trial }: trial.End(); return true;
            case ChildExited exited when exited.Pid == _trial?.Pid: EndTrial(exited.Exit); return true;
            default: return false;
        }
    }

    /// <summary>Somebody wants it. What comes of it is decided between two batches.</summary>
    internal void Ask(Wish wish, string line)
    {
        StandardError.WriteLine(line);
        // A command line that is about to be taken back is no time for another.
        if (wish is NewCommandLine late && Change is { Phase: ChangePhase.Failed }) SayBusy(late);
        else Take(new Wished(wish));
    }

    /// <summary>The deploy of a new command line is over.</summary>
    public void Hear(News news)
    {
        if (news is not DeployEnded ended || ended.Request != Change?.Request) return;
        // Who stops needs no command line any more.
        Change = ended.Outcome is DeployOutcome.Done or DeployOutcome.Stopping ? null : Change with { Phase = ChangePhase.Failed };
    }

    /// <summary>To be called after each batch of events. Does not return if the upgrade succeeds.</summary>
    internal void GoOn()
    {
        if (_state is NothingAsked && Change is not { Phase: ChangePhase.Failed }) return;
        if (_state is NothingAsked) Take(new Wished(new FormerCommandLine(Change!.Former)));
        Take(moment());
    }

    private void Take(UpgradeEvent happened)
    {
        var step = UpgradeTransitions.Next(_state, happened);
        var verdict = (_state as Tried)?.Verdict;
        _state = step.State;
        switch (step.Action)
        {
            case UpgradeAction.SayItWaits: StandardError.WriteLine(Messages.UpgradeWaits); break;
            case UpgradeAction.BeginTrial: Try(step.Wish!); break;
            case UpgradeAction.Become: Become(step.Wish!); break;
            case UpgradeAction.Refuse: Refuse(step.Wish!, verdict ?? "it is stopping"); break;
            case UpgradeAction.RefuseAsBusy: SayBusy((NewCommandLine)step.Wish!); break;
            case UpgradeAction.LeaveAsItIs: Refuse(step.Wish!, Messages.ServesAfterAll); break;
            case UpgradeAction.Nothing: break;
        }
    }

    private void SayBusy(NewCommandLine wish)
    {
        Control.Hear(new DeployEnded(wish.Request, DeployOutcome.Busy, Messages.Busy));
        // Who has joined it.
        Control.RefuseUpgrade(NewsJson.UpgradeRefused(Messages.Busy), request: 0);
    }

    private IReadOnlyList<string> WordsFor(Wish wish) => wish switch
    {
        NewCommandLine other => other.Words,
        FormerCommandLine former => former.Words,
        _ => words,
    };

    private Snapshot SnapshotFor(Wish wish) => snapshot(wish switch
    {
        NewCommandLine other => new CommandLineChange(ChangePhase.Begins, other.Request, other.Attempts, words),
        FormerCommandLine => Change! with { Phase = ChangePhase.Returns, Former = [] },
        _ => Change,
    });

    private void Try(Wish wish)
    {
        if (OwnProgram.Path is not { } program)
        {
            Refuse(wish, "the path that start_server was executed by is not known");
            return;
        }
        _program = program;
        _tried = FileIdentity.OfTarget(program);
        if (_tried is null)
        {
            Refuse(wish, Errno.Last.Text);
            return;
        }
        if (!OwnProgram.IsForThisMachine(program))
        {
            Refuse(wish, "it is not an executable program for this machine");
            return;
        }
        try
        {
            _trial = TrialRun.Start(queue, program, CommandLine()[1..], WordsFor(wish), SnapshotFor(wish));
        }
#pragma warning disable CA1031 // Whatever is wrong is a reason to stay.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Refuse(wish, $"it cannot be tried: {error.Message}");
            return;
        }
        queue.SetTimer(_trial, TrialTime);
    }

    private void EndTrial(ChildExit exit)
    {
        queue.CancelTimer(_trial!);
        var verdict = _trial!.Verdict(exit);
        _trial.Dispose();
        _trial = null;
        Take(new TrialEnded(verdict));
    }

    /// <summary>What stands before Main's words: in <c>dotnet program.dll</c> it is more than argv[0].</summary>
    private string[] CommandLine() => OwnProgram.CommandLine[..^words.Count];

    private void Become(Wish wish)
    {
        if (FileIdentity.OfTarget(_program) != _tried)
        {
            Refuse(wish, "it was replaced by another one while it was tried; ask again");
            return;
        }
        if (!Output.Pause())
        {
            Refuse(wish, "stderr takes nothing, and what generations have written there would be lost");
            return;
        }
        string reason;
        try
        {
            reason = TakeOver.Execute(_program, [.. CommandLine(), .. WordsFor(wish)], SnapshotFor(wish)).Text;
        }
#pragma warning disable CA1031 // As above.
        catch (Exception error)
#pragma warning restore CA1031
        {
            reason = error.Message;
        }
        Output.Resume();
        Refuse(wish, $"it cannot be executed: {reason}");
    }

    private void Refuse(Wish wish, string reason)
    {
        _state = new NothingAsked();
        if (wish is FormerCommandLine)
        {
            Change = null;
            StandardError.WriteLine(Messages.CommandLineStays(reason));
            Control.EndChange(NewsJson.CommandLineStays(reason));
        }
        else
        {
            StandardError.WriteLine(wish is NewCommandLine ? Messages.ReconfigurationRefused(reason) : Messages.UpgradeRefused(_program, reason));
        }
        Control.RefuseUpgrade(NewsJson.UpgradeRefused(reason), (wish as NewCommandLine)?.Request ?? 0);
    }
}
