namespace StarletNet.Hosting.Transport;

/// <summary>
/// What the monitor has seen of one loop, look by look, and what it concludes. A callback that lasts is no proof that it blocks: the
/// collector may have stopped the process, a busy machine may have denied it a processor. On two processors shared with a load generator
/// that was the rule, not the exception, and each false conclusion sends requests to other threads for a while.
/// </summary>
internal struct Suspicion
{
    /// <summary>Looks that must find one callback asleep: one alone may catch a short wait at the end of a long pause.</summary>
    internal const int LooksAtWaiting = 2;

    /// <summary>Looks at one callback, not asleep, until it counts as one that computes.</summary>
    internal const int LooksAtComputing = 4;

    private long _word;
    private int _collections;
    private int _looks;
    private int _waits;

    /// <param name="word">Of the loop's <see cref="LoopOwnership"/>.</param>
    /// <param name="collections">By the garbage collector, so far: a look with one before it tells nothing.</param>
    /// <returns>Whether this is the callback that was met at the last look: then <see cref="Conclude"/> follows.</returns>
    internal bool IsSame(long word, int collections)
    {
        var (isMetAgain, isUndisturbed) = (word == _word && LoopOwnership.IsInCallback(word), collections == _collections);
        (_word, _collections) = (word, collections);
        if (!isMetAgain) _looks = _waits = 0;
        return isMetAgain && isUndisturbed;
    }

    /// <param name="isWaiting">Whether the owner's thread is asleep.</param>
    /// <returns>Where the callback belongs, if not on the loop, which is to be taken then; else null.</returns>
    internal Place? Conclude(bool isWaiting)
    {
        _looks++;
        if (isWaiting) _waits++;
        if (_waits >= LooksAtWaiting) return Place.Spare;
        return _looks >= LooksAtComputing ? Place.Pool : null;
    }
}
