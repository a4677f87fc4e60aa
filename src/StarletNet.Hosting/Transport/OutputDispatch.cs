using System.IO.Pipelines;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// When one connection's send loop goes on after the application has flushed: at once, in the flushing thread; but in a callback
/// on the loop not before its end, so that all it flushes leaves in one call (an answer without Content-Length is flushed
/// twice: the body, then the end of the chunks). If the callback blocks, whoever takes the loop over sends.
/// </summary>
internal sealed class OutputDispatch(EpollLoop loop) : PipeScheduler
{
    // The pipe has one reader, so at most one of these waits here.
    private Action<object?>? _action;
    private object? _state;

    public override void Schedule(Action<object?> action, object? state)
    {
        (_action, _state) = (action, state);
        if (!loop.TryDefer(this)) Run();
    }

    internal void Run()
    {
        var (action, state) = (_action!, _state);
        // Before it runs: what it does may schedule it anew.
        (_action, _state) = (null, null);
        action(state);
    }
}
