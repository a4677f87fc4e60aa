using System.Runtime.CompilerServices;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// A sticky "something happened" for one waiter, awaited again and again without an allocation. An edge that comes while
/// nobody waits is kept for the next wait: with edge-triggered epoll it would otherwise be lost for good. The waiter goes on
/// in the thread that sets the signal.
/// </summary>
internal sealed class ReadySignal : ICriticalNotifyCompletion
{
    private static readonly Action IsSet = static () => { };

    // Null: not set, nobody waits. IsSet: set, nobody waits. Anything else: the waiter.
    private Action? _state;

    public bool IsCompleted => ReferenceEquals(Volatile.Read(ref _state), IsSet);

    public ReadySignal GetAwaiter() => this;

    /// <summary>
    /// Consumes the signal. A full fence, as is <see cref="Set"/>: whatever a setter wrote before an edge that was merged
    /// with this one is visible to the waiter from here on.
    /// </summary>
    public void GetResult() => Interlocked.Exchange(ref _state, null);

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        // Set between the waiter's look and now: it goes on at once.
        if (Interlocked.CompareExchange(ref _state, continuation, null) is not null) continuation();
    }

    internal void Set()
    {
        if (Interlocked.Exchange(ref _state, IsSet) is { } waiter && !ReferenceEquals(waiter, IsSet)) waiter();
    }
}
