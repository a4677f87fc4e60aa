using StarletNet.Master.Pool;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Processes;
using WorkerPhase = StarletNet.Master.Pool.WorkerPhase;

namespace StarletNet.Master.Tests.Pool;

/// <summary>Every pair of state and event is decided: none throws, and none loses or doubles a worker.</summary>
public sealed class EveryRowTests
{
    public static TheoryData<string, string> Pairs()
    {
        var pairs = new TheoryData<string, string>();
        foreach (var state in States.Keys)
            foreach (var happened in Events.Keys) pairs.Add(state, happened);
        return pairs;
    }

    private static readonly Dictionary<string, Func<PoolDriver>> States = new()
    {
        ["booting"] = () => new PoolDriver().Begin(),
        ["booting, between attempts"] = () => new PoolDriver(workers: 1).Begin().Exit(1, 3),
        ["first set incomplete"] = () => new PoolDriver().Begin().Ready(1),
        ["serving"] = () => new PoolDriver().Up(),
        ["a slot is empty"] = () => new PoolDriver().Up().Exit(2, 6),
        ["rolling"] = () => new PoolDriver().Up().Hup(),
        ["rolling, old one drains"] = () => new PoolDriver().Up().Hup().Ready(3),
        ["rolling, failed once"] = () => new PoolDriver().Up().Hup().Exit(3, 3),
        ["one is to be replaced"] = () => new PoolDriver().Up().Say(new PoolEvent.RetireAsked(1, RetireReason.Requests)),
        ["one is stuck"] = () => new PoolDriver().Up().Say(new PoolEvent.RetireAsked(2, RetireReason.Stuck)).Ready(3),
        ["all at once"] = () => new PoolDriver(workers: 3, s => s with { Surge = 1024 }).Up().Hup().Ready(4),
        ["stopping in stages"] = () => new PoolDriver(workers: 2, s => s with { SpawnInterval = TimeSpan.FromSeconds(1) }).Begin().Ready(1).Pass(1).Ready(2).Stop(StopCause.Usr1),
        ["stopping later"] = () => new PoolDriver(2, s => s with { StopDelay = TimeSpan.FromSeconds(30) }).Up().Stop(),
        ["replaced"] = () => new PoolDriver(2, s => s with { DrainWebSockets = TimeSpan.FromHours(1), UnderSuperdaemon = true }).Up().Say(new PoolEvent.StopAsked(StopCause.Term, SignalMeaning.Replaced)),
        ["stopping"] = () => new PoolDriver().Up().Stop(),
        ["aborting"] = () => new PoolDriver().Up().Stop().Stop(),
        ["ended"] = () => new PoolDriver(workers: 1).Up().Stop().Exit(1),
    };

    private static readonly Dictionary<string, PoolEvent> Events = new()
    {
        ["begin"] = new PoolEvent.Begin(),
        ["1 ready"] = new PoolEvent.WorkerReady(1),
        ["2 ready"] = new PoolEvent.WorkerReady(2),
        ["3 ready"] = new PoolEvent.WorkerReady(3),
        ["1 draining"] = new PoolEvent.WorkerDraining(1),
        ["3 draining"] = new PoolEvent.WorkerDraining(3),
        ["1 unready"] = new PoolEvent.WorkerUnready(1, "why"),
        ["1 failed"] = new PoolEvent.WorkerFailed(1, "why"),
        ["1 exited"] = new PoolEvent.WorkerExited(1, new ChildExit(0)),
        ["2 exited"] = new PoolEvent.WorkerExited(2, new ChildExit(9)),
        ["3 exited"] = new PoolEvent.WorkerExited(3, new ChildExit(256)),
        ["1 not made"] = new PoolEvent.StartFailed(1, "why"),
        ["1 boot timeout"] = new PoolEvent.BootTimedOut(1),
        ["3 boot timeout"] = new PoolEvent.BootTimedOut(3),
        ["1 drain timeout"] = new PoolEvent.DrainTimedOut(1),
        ["1 asks"] = new PoolEvent.RetireAsked(1, RetireReason.Harakiri),
        ["1 stuck"] = new PoolEvent.RetireAsked(1, RetireReason.Stuck),
        ["2 stuck"] = new PoolEvent.RetireAsked(2, RetireReason.Stuck),
        ["3 too big"] = new PoolEvent.RetireAsked(3, RetireReason.Memory),
        ["2 recovered"] = new PoolEvent.WorkerRecovered(2),
        ["1 old"] = new PoolEvent.AgeReached(1),
        ["1 lingers"] = new PoolEvent.WorkerLingers(1, 2),
        ["delay over"] = new PoolEvent.StopDelayOver(),
        ["replaced"] = new PoolEvent.StopAsked(StopCause.Term, SignalMeaning.Replaced),
        ["next stage"] = new PoolEvent.RetireDue(),
        ["usr1"] = new PoolEvent.StopAsked(StopCause.Usr1),
        ["start due"] = new PoolEvent.StartDue(),
        ["hup"] = new PoolEvent.RestartAsked(9),
        ["term"] = new PoolEvent.StopAsked(StopCause.Term),
        ["superdaemon gone"] = new PoolEvent.StopAsked(StopCause.SuperdaemonGone),
        ["ttin"] = new PoolEvent.WorkersAsked(1),
        ["ttou"] = new PoolEvent.WorkersAsked(-1),
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void No_pair_breaks_what_is_always_true(string state, string happened)
    {
        var pool = States[state]().Say(Events[happened]);
        AssertSound(pool);
        // And so it goes on to a clean end from wherever it is now.
        for (var round = 0; round < 200 && pool.State is not PoolState.Ended; round++)
        {
            if (round == 100) pool.Stop();
            if (pool.State.Set.Workers.FirstOrDefault(worker => worker.Phase == WorkerPhase.Starting) is { } starting) pool.Ready(starting.Id);
            else if (pool.State.Set.Workers.FirstOrDefault(worker => worker.Phase == WorkerPhase.Draining) is { } draining) pool.Exit(draining.Id);
            else pool.Pass(5);
            AssertSound(pool);
            if (round == 99) AssertComplete(pool);
        }
        Assert.NotNull(pool.Ended);
    }

    private static void AssertComplete(PoolDriver pool)
    {
        if (pool.State is PoolState.Serving) Assert.Equal(Enumerable.Range(0, pool.State.Set.Target), pool.Serving.Select(worker => worker.Slot));
        else Assert.True(pool.State is PoolState.Stopping, $"still {pool.State.GetType().Name}");
    }

    private static void AssertSound(PoolDriver pool)
    {
        var set = pool.State.Set;
        Assert.Equal(pool.Serving.Count, pool.Serving.DistinctBy(worker => worker.Slot).Count());
        Assert.All(set.Workers.Where(worker => worker.Phase != WorkerPhase.Draining), worker => Assert.InRange(worker.Slot, 0, set.Target - 1));
        Assert.Equal(set.Workers.Length, set.Workers.DistinctBy(worker => worker.Id).Count());
        if (pool.State is PoolState.Stopping { Haste: not StopHaste.Staged }) Assert.All(set.Workers, worker => Assert.Equal(WorkerPhase.Draining, worker.Phase));
    }
}
