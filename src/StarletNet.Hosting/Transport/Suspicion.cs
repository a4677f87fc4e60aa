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

    /// <summary>Of <see cref="LooksAtComputing"/>, those that must find it in the kernel to count as one that waits for a disk: a page comes sooner.</summary>
    internal const int LooksAtDisk = 3;

    /// <summary>Looks at one callback, not asleep, until it counts as one that computes, or as one that others keep from it.</summary>
    internal const int LooksAtComputing = 4;

    /// <summary>
    /// Looks at one callback with a collection before each of them. Collections are no excuse for ever: somebody else may allocate without end, and the callback
    /// wait for something of its own. Then the loop is taken, and nobody blamed.
    /// </summary>
    internal const int LooksDisturbed = 10;

    private long _word;
    private int _collections;
    private int _looks;
    private int _disturbed;
    private int _waits;
    private int _inKernel;
    private TimeSpan _processor;

    /// <param name="word">Of the loop's <see cref="LoopOwnership"/>.</param>
    /// <param name="collections">By the garbage collector, so far: a look with one before it tells nothing.</param>
    /// <returns>Whether this is the callback that was met at the last look: then <see cref="Conclude"/> follows.</returns>
    internal bool IsSame(long word, int collections)
    {
        var (isMetAgain, isUndisturbed) = (word == _word && LoopOwnership.IsInCallback(word), collections == _collections);
        (_word, _collections) = (word, collections);
        if (!isMetAgain) _looks = _waits = _inKernel = _disturbed = 0;
        else if (!isUndisturbed) _disturbed++;
        return isMetAgain && (isUndisturbed || _disturbed >= LooksDisturbed);
    }

    /// <param name="doing">Of the owner's thread.</param>
    /// <param name="processor">What the owner's thread has used so far.</param>
    /// <returns>
    /// Where the callback belongs if the loop is to be taken from it, else null. On the loop belongs one that would have been over long ago, had its
    /// thread been given a processor: so it is with every callback of a busy machine that a thread's turn ends in.
    /// </returns>
    internal Place? Conclude(Occupation doing, TimeSpan processor)
    {
        if (_disturbed >= LooksDisturbed) return Place.Loop;
        if (_looks++ == 0) _processor = processor;
        if (doing == Occupation.Waiting) _waits++;
        if (doing == Occupation.InKernel) _inKernel++;
        if (_waits >= LooksAtWaiting) return Place.Spare;
        if (_looks < LooksAtComputing) return null;
        if ((processor - _processor).TotalMicroseconds >= Habit.LongMicroseconds) return Place.Pool;
        return _inKernel + _waits >= LooksAtDisk ? Place.Spare : Place.Loop;
    }
}
