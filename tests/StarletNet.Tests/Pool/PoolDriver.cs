using StarletNet.Master.Pool;
using StarletNet.Shared.Processes;

namespace StarletNet.Master.Tests.Pool;

/// <summary>Drives the transitions with a clock of its own and keeps the timers that they set.</summary>
internal sealed class PoolDriver
{
    private readonly PoolTransitions _transitions;
    private readonly Dictionary<PoolEvent, TimeSpan> _timers = [];
    private int _generation = 1;

    internal PoolDriver(int workers = 2, Func<PoolSettings, PoolSettings>? change = null)
    {
        var settings = new PoolSettings
        {
            BootingAtOnce = 8,
            SpawnInterval = TimeSpan.Zero,
            RespawnInterval = TimeSpan.FromSeconds(1),
            BootTimeout = TimeSpan.FromSeconds(60),
            BootFailureLimit = 3,
            GracefulTimeout = TimeSpan.FromSeconds(30),
            UnderSuperdaemon = false,
        };
        _transitions = new PoolTransitions(change?.Invoke(settings) ?? settings);
        State = PoolTransitions.Initial(workers);
    }

    internal PoolState State { get; private set; }

    internal TimeSpan Now { get; private set; }

    internal double Jitter { get; set; }

    /// <summary>What the last event led to.</summary>
    internal IReadOnlyList<PoolAction> Last { get; private set; } = [];

    /// <summary>What everything so far led to.</summary>
    internal List<PoolAction> All { get; } = [];

    /// <summary>Every worker started so far, as (id, slot, generation).</summary>
    internal IReadOnlyList<(int Id, int Slot, int Generation)> Started =>
        [.. All.OfType<PoolAction.Start>().Select(start => (start.Worker.Id, start.Worker.Slot, start.Worker.Generation))];

    /// <summary>Workers that accept connections, as (id, slot, generation), by slot.</summary>
    internal IReadOnlyList<(int Id, int Slot, int Generation)> Serving =>
        [.. State.Set.Workers.Where(worker => worker.Phase == WorkerPhase.Ready).OrderBy(worker => worker.Slot).Select(worker => (worker.Id, worker.Slot, worker.Generation))];

    internal IReadOnlyList<int> Drained => [.. Last.OfType<PoolAction.Drain>().Select(drain => drain.Id)];

    internal IReadOnlyList<int> Killed => [.. Last.OfType<PoolAction.Kill>().Select(kill => kill.Id)];

    internal IReadOnlyList<int> Aborted => [.. Last.OfType<PoolAction.Abort>().Select(abort => abort.Id)];

    internal int? Ended => All.OfType<PoolAction.End>().SingleOrDefault()?.ExitCode;

    internal IEnumerable<PoolNotice> Told => Last.OfType<PoolAction.Tell>().Select(tell => tell.Notice);

    internal PoolDriver Say(PoolEvent happened)
    {
        (State, Last) = _transitions.Next(State, happened, new Moment(Now, Jitter));
        foreach (var action in Last)
        {
            if (action is PoolAction.SetTimer set) _timers[set.Due] = Now + set.Delay;
            if (action is PoolAction.CancelTimer cancel) _timers.Remove(cancel.Due);
        }
        All.AddRange(Last);
        return this;
    }

    internal PoolDriver Begin() => Say(new PoolEvent.Begin());

    /// <summary>The whole first set, ready.</summary>
    internal PoolDriver Up()
    {
        Begin();
        while (State.Set.Workers.FirstOrDefault(worker => worker.Phase == WorkerPhase.Starting) is { } starting) Ready(starting.Id);
        return this;
    }

    internal PoolDriver Ready(int id) => Say(new PoolEvent.WorkerReady(id));

    internal PoolDriver Exit(int id, int code = 0) => Say(new PoolEvent.WorkerExited(id, new ChildExit(code << 8)));

    internal PoolDriver Hup() => Say(new PoolEvent.RestartAsked(++_generation));

    internal PoolDriver Stop(StopCause cause = StopCause.Term) => Say(new PoolEvent.StopAsked(cause));

    /// <summary>When the timer of that event will run out; null if it is not set.</summary>
    internal TimeSpan? Due(PoolEvent happened) => _timers.TryGetValue(happened, out var due) ? due : null;

    /// <summary>Lets time pass; timers that run out on the way are heard in their order.</summary>
    internal PoolDriver Pass(double seconds)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        while (_timers.Where(timer => timer.Value <= end).OrderBy(timer => timer.Value).Select(timer => timer.Key).FirstOrDefault() is { } due)
        {
            Now = _timers[due] > Now ? _timers[due] : Now;
            _timers.Remove(due);
            Say(due);
        }
        Now = end;
        return this;
    }
}
