using StarletNet.Master.Output;
using StarletNet.Master.Pool;
using StarletNet.Master.Stacks;
using StarletNet.Master.Workers;
using StarletNet.Shared.Events;

namespace StarletNet.Master.Watching;

/// <summary>Looks at the workers now and then, where an option asks for it, and tells the pool who is to be replaced.</summary>
/// <param name="queue">Where the timers are.</param>
/// <param name="log">For what is only worth a warning.</param>
/// <param name="workerTimeout">Zero: nobody is ever taken for stuck.</param>
/// <param name="maxMemory">Bytes of a worker; 0: no limit.</param>
internal sealed class WorkerWatch(EventQueue queue, MasterLog log, TimeSpan workerTimeout, long maxMemory)
{
    private readonly HeartbeatWatch _heartbeats = new();
    private readonly MemoryWatch _memory = new(maxMemory);
    private readonly HashSet<int> _debugged = [];

    internal void Begin()
    {
        if (workerTimeout > TimeSpan.Zero) queue.SetTimer(new HeartbeatLook(), workerTimeout / HeartbeatWatch.LooksToTimeout);
        if (maxMemory > 0) queue.SetTimer(new MemoryLook(), MemoryWatch.Interval);
    }

    /// <summary>A timer of ours has run out.</summary>
    internal IEnumerable<PoolEvent> Look(object timer, IEnumerable<WorkerHandle> workers)
    {
        Begin(timer);
        var all = workers.ToArray();
        return timer is HeartbeatLook ? all.Select(LookAtHeartbeat).OfType<PoolEvent>() : all.Where(IsTooBig).Select(TooBig);
    }

    internal void Forget(int id)
    {
        _heartbeats.Forget(id);
        _memory.Forget(id);
        _debugged.Remove(id);
    }

    private void Begin(object timer) =>
        queue.SetTimer(timer, timer is HeartbeatLook ? workerTimeout / HeartbeatWatch.LooksToTimeout : MemoryWatch.Interval);

    private PoolEvent? LookAtHeartbeat(WorkerHandle worker)
    {
        var figures = worker.Figures;
        var (happened, isStarved) = _heartbeats.Look(worker.Id, figures);
        if (isStarved) log.PoolStarved(worker.Process.Pid, workerTimeout, figures);
        if (happened is not PoolEvent.RetireAsked || KernelThread.TracerOf(worker.Process.Pid) is not (> 0 and var tracer)) return happened;
        // A native debugger, or strace, which the worker itself does not see.
        if (_debugged.Add(worker.Id)) log.Debugged(worker.Process.Pid, tracer);
        return null;
    }

    private bool IsTooBig(WorkerHandle worker) => _memory.Look(worker.Id, MemoryWatch.UsedBy(worker.Process.Pid));

    private static PoolEvent TooBig(WorkerHandle worker) => new PoolEvent.RetireAsked(worker.Id, RetireReason.Memory);
}
