using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// Takes one connection's continuations away from the thread that produced them: what the pipe schedules while the transport
/// reads (the application waiting for input) is recorded here and never run inside the read. Here they go to the thread
/// pool; a loop that runs them itself records them in its own queue and runs them after the read has been left completely,
/// because a handler that reads its body synchronously inside the read would wait for itself.
/// </summary>
internal sealed class PoolDispatch : PipeScheduler, IThreadPoolWorkItem
{
    // A pipe has at most one continuation of its reader outstanding, so one place to record it is enough and the
    // connection is its own work item: nothing is allocated.
    private Action<object?>? _action;
    private object? _state;

    public override void Schedule(Action<object?> action, object? state)
    {
        if (Interlocked.CompareExchange(ref _action, action, null) is not null)
        {
            System.Threading.ThreadPool.UnsafeQueueUserWorkItem(action, state, preferLocal: false);
            return;
        }
        _state = state;
        System.Threading.ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        var state = _state;
        _state = null;
        // Emptied before it runs: the continuation may well schedule the next one from another thread.
        var action = Interlocked.Exchange(ref _action, null)!;
        action(state);
    }
}

/// <summary><c>await new Elsewhere(scheduler)</c>: the rest runs where the scheduler puts it.</summary>
internal readonly struct Elsewhere(PipeScheduler scheduler) : ICriticalNotifyCompletion
{
    private static readonly Action<object?> Run = static continuation => ((Action)continuation!)();

    public bool IsCompleted => false;

    public Elsewhere GetAwaiter() => this;

    public void GetResult()
    {
        // Nothing to consume.
    }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation) => scheduler.Schedule(Run, continuation);
}
