using System.IO.Pipelines;

namespace StarletNet.Hosting.Transport;

/// <summary>Knows what a connection is about to run, without which one blocking route would make a suspect of its whole connection.</summary>
internal interface IRouteSource
{
    /// <summary>The <see cref="BlockingMemory.RouteOf"/> of the one request that the connection is answering; 0 if there is none, or several.</summary>
    public int CurrentRoute { get; }

    /// <summary>Whether the connection is answering a request, and no other at the same time.</summary>
    public bool AnswersOne { get; }
}

/// <summary>
/// Where one connection's application code goes on: what a pipe schedules while the loop reads is recorded in the loop's run
/// queue and run there after the read has been left completely (a handler that reads its body synchronously inside the read
/// would wait for itself); what is known to block goes to a spare thread at once; everything else to the thread pool.
/// </summary>
internal sealed class ConnectionDispatch(EpollLoop loop) : PipeScheduler
{
    private Habit _habit;
    private int _isGone;

    internal IRouteSource? Routes { get; set; }

    private BlockingMemory Memory => loop.Memory;

    public override void Schedule(Action<object?> action, object? state)
    {
        var work = new Scheduled(action, state, this);
        if (!Memory.IsEmpty && PlaceOf(CurrentRoute) is var place and not Place.Loop) loop.Elsewhere.Schedule(work, place);
        else if (LoopThread.Current?.Collecting == loop) loop.Enqueue(work);
        else loop.Elsewhere.Schedule(work, Place.Pool);
    }

    /// <summary>As <see cref="IRouteSource.CurrentRoute"/>; 0 where nobody knows.</summary>
    internal int CurrentRoute => Routes?.CurrentRoute ?? 0;

    /// <summary>A callback of this connection has kept a thread waiting, or a loop. On the monitor's thread.</summary>
    /// <param name="route">The <see cref="CurrentRoute"/> while it did.</param>
    /// <param name="deserved">Where it should have run.</param>
    internal void HasBlocked(int route, Place deserved) => Observe(route, deserved);

    /// <summary>A callback has come to its end on the loop.</summary>
    internal void HasBehaved()
    {
        if (_habit.IsUnderSuspicion) Memory.Observe(ref _habit, Place.Loop);
    }

    /// <summary>Once per second.</summary>
    internal void OnTick()
    {
        if (_habit.IsUnderSuspicion) Memory.Fade(ref _habit);
    }

    /// <summary>Runs on the calling thread, which is not a loop's, and remembers how long that took.</summary>
    internal void RunObserved(in Scheduled work)
    {
        var route = CurrentRoute;
        var run = ObservedRun.Begin();
        var thread = loop.Elsewhere.Runs.Enter(this, route);
        work.Run();
        if (thread is null || !thread.Leave()) Observe(route, run.Deserved());
    }

    /// <summary>The connection has gone, and with it what is remembered of it.</summary>
    internal void Forget()
    {
        Interlocked.Exchange(ref _isGone, 1);
        Memory.Forget(ref _habit);
    }

    private Place PlaceOf(int route) => _habit.Place is var own and not Place.Loop ? own : route == 0 ? Place.Loop : Memory.PlaceOf(route);

    private void Observe(int route, Place deserved)
    {
        if (route != 0)
        {
            Memory.Observe(route, deserved);
            return;
        }
        Memory.Observe(ref _habit, deserved);
        // Its application code may run longer than the connection lives.
        if (Volatile.Read(ref _isGone) != 0) Memory.Forget(ref _habit);
    }
}
