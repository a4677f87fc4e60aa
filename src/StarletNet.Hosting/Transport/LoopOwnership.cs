namespace StarletNet.Hosting.Transport;

/// <summary>
/// Who owns a loop, in one word: a sequence number, and whether the owner is inside a callback, where it may block. What the
/// loop keeps (its run queue, its batch of events and the place in it) belongs to the owner alone.
/// <para>
/// Outside a callback nobody but the owner writes the word, so entering one is a plain store that publishes all the owner has
/// done to the loop's things. Inside, the owner touches none of them; whoever changes the word from the value it has seen
/// there is the next owner and sees what was published. Leaving is a compare-and-swap from the same value: either it
/// succeeds, and nobody has taken the loop, or it fails, and the thread has no loop any more. Each callback has a number of
/// its own, so the word of a callback that is over never comes back.
/// </para>
/// </summary>
internal sealed class LoopOwnership
{
    private const long InCallback = 1, NextCallback = 2;

    private long _word;

    /// <summary>For a look from outside: equal values mean the same stay in the same callback.</summary>
    internal long Word => Volatile.Read(ref _word);

    internal static bool IsInCallback(long word) => (word & InCallback) != 0;

    /// <summary>By the owner. From here on the loop may be taken at any moment.</summary>
    /// <returns>What <see cref="TryLeave"/> needs.</returns>
    internal long Enter()
    {
        var inside = (_word + NextCallback) | InCallback;
        Volatile.Write(ref _word, inside);
        return inside;
    }

    /// <returns>False if the loop has been taken meanwhile: then the caller must not touch it any more.</returns>
    internal bool TryLeave(long inside) => Interlocked.CompareExchange(ref _word, inside & ~InCallback, inside) == inside;

    /// <returns>True if the loop belongs to the caller (or to whom it gives it) from now on; false if that callback is over.</returns>
    internal bool TryTake(long inside) =>
        Interlocked.CompareExchange(ref _word, (inside & ~InCallback) + NextCallback, inside) == inside;
}
