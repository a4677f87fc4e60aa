using StarletNet.Shared.Errors;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Applications;

/// <summary>
/// Makes copies, and removes them, on a thread of its own for each, because a large application takes its time, and a signal that comes meanwhile must not
/// wait. The queue hears when one is made; nothing else is shared with those threads.
/// </summary>
/// <param name="queue">Of the thread that everything else happens on.</param>
internal sealed unsafe class Copier(EventQueue queue) : IDisposable
{
    private readonly List<Thread> _removing = [];
    private Copying? _running;
    private (Func<CancellationToken, ShadowCopy> Make, Action<Func<ShadowCopy>> Then)? _next;

    private sealed class Copying(FileDescriptor done) : IDisposable
    {
        internal FileDescriptor Done => done;

        internal CancellationTokenSource Stop { get; } = new();

        internal Thread? Thread { get; set; }

        internal bool IsUnwanted { get; private set; }

        internal void GiveUp()
        {
            IsUnwanted = true;
            Stop.Cancel();
        }

        /// <summary>Of that thread, until it has ended.</summary>
        internal ShadowCopy? Made { get; set; }

        internal Exception? Failure { get; set; }

        public void Dispose()
        {
            Stop.Dispose();
            done.Dispose();
        }
    }

    /// <summary>One that is being made is given up: files may have changed since it was begun.</summary>
    /// <param name="make">On the other thread.</param>
    /// <param name="then">On ours, with what gives the copy or throws why there is none; not called for a copy that is given up.</param>
    internal void Begin(Func<CancellationToken, ShadowCopy> make, Action<Func<ShadowCopy>> then)
    {
        _next = (make, then);
        if (_running is { } running) running.GiveUp();
        else Start();
    }

    private void Start()
    {
        var number = LibC.eventfd(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK);
        if (number < 0) throw SystemCallException.Of("eventfd");
        var (make, then) = _next!.Value;
        var copying = _running = new Copying(new FileDescriptor(number));
        _next = null;
        Then = then;
        copying.Thread = new Thread(() => Run(copying, make)) { IsBackground = true, Name = "starletnet copy" };
        copying.Thread.Start();
        queue.Watch(copying.Done, this);
    }

    private Action<Func<ShadowCopy>> Then { get; set; } = _ => { };

    private static void Run(Copying copying, Func<CancellationToken, ShadowCopy> make)
    {
        try
        {
            copying.Made = make(copying.Stop.Token);
        }
#pragma warning disable CA1031 // It is thrown again where it belongs.
        catch (Exception error)
#pragma warning restore CA1031
        {
            copying.Failure = error;
        }
        var one = 1UL;
        _ = LibC.write(copying.Done.Number, (byte*)&one, sizeof(ulong));
    }

    /// <summary>It is done.</summary>
    internal void Hear()
    {
        if (Finish() is not { } ended) return;
        if (_next is not null || ended.IsUnwanted)
        {
            if (ended.Made is { } unwanted) Remove(unwanted);
            if (_next is not null) Start();
        }
        else
        {
            Then(() => ended.Failure switch
            {
                null => ended.Made!,
                // Why there is no copy, for people; whatever else went wrong is a mistake of ours.
                OperatorException why => throw why,
                var mistake => throw new InvalidOperationException("the copy failed", mistake),
            });
        }
    }

    /// <summary>Nobody wants it any more. What has been copied so far goes before the thread ends; nobody waits for that here.</summary>
    internal void Abort()
    {
        _next = null;
        _running?.GiveUp();
    }

    /// <summary>A copy from which nobody runs any more. Nobody waits for that before <see cref="Dispose"/>.</summary>
    internal void Remove(IDisposable copy)
    {
        _removing.RemoveAll(thread => !thread.IsAlive);
        var thread = new Thread(copy.Dispose) { IsBackground = true, Name = "starletnet copy" };
        try
        {
            thread.Start();
            _removing.Add(thread);
        }
        catch (OutOfMemoryException)
        {
            // The limit of threads is reached, as .NET says it: better slowly than not at all.
            copy.Dispose();
        }
    }

    private Copying? Finish()
    {
        if (_running is not { } ended) return null;
        _running = null;
        queue.Unwatch(this);
        ended.Thread!.Join();
        ended.Dispose();
        return ended;
    }

    /// <summary>Gives up what is being made, and waits until nothing is left of that, nor of what was to be removed.</summary>
    public void Dispose()
    {
        Abort();
        Finish()?.Made?.Dispose();
        foreach (var thread in _removing) thread.Join();
    }
}
