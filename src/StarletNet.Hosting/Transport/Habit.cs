namespace StarletNet.Hosting.Transport;

/// <summary>Where application code is to run.</summary>
internal enum Place
{
    /// <summary>On the loop: it has given no reason for anything else.</summary>
    Loop,

    /// <summary>On a spare thread: it has lately kept a thread waiting.</summary>
    Spare,

    /// <summary>On the thread pool, which runs about as many at once as there are processors: it has lately kept a processor busy.</summary>
    Pool,
}

/// <summary>
/// What is remembered of one route or connection. A long run makes it a suspect, another one soon after sends it away from the
/// loop, and good behaviour brings it back. Once is not enough, because on a busy machine a pause of the process or of the thread
/// looks the same, and on the loop most have behaved well again before they can be caught a second time. Many threads write it.
/// </summary>
internal struct Habit
{
    /// <summary>
    /// A run of this length is one too long for the loop. About the time it takes to take the loop over: blocking for less
    /// costs the others less than the cure.
    /// </summary>
    internal const int LongMicroseconds = 1000;

    /// <summary>Good runs that clear a suspect. A long run per so many costs others less than a thread hop for each would.</summary>
    private const int Suspect = 50;

    /// <summary>
    /// Away from the loop a good run takes one off and a long run adds more: back on the loop comes who is long less than once in 25
    /// times.
    /// </summary>
    private const int Condemned = Suspect + 50, PerLongRun = 25, Most = Suspect + 100;

    /// <summary>
    /// Milliseconds. Who comes back and soon blocks the loop again stays away twice as long each time: what calls this very worker, and waits for it, is quick
    /// everywhere but on the loop.
    /// </summary>
    private const int Soon = 1000, FirstTerm = 16, LongestTerm = 4096;

    private long _freedAt;
    private long _awayUntil;
    private int _term;

    // 0: nothing known. Above zero: it waits; below: it computes. The distance from zero is the distance from being cleared.
    private int _score;

    internal readonly Place Place => !IsAway(_score) ? Place.Loop : _score > 0 ? Place.Spare : Place.Pool;

    internal readonly bool IsUnderSuspicion => _score != 0;

    /// <summary>What is taken off in each second: a suspect is cleared after ten, whoever has been sent away returns within two minutes.</summary>
    private const int FadingOfSuspect = 5, FadingOfCondemned = 1;

    /// <param name="deserved">The place that suits the run that has been observed.</param>
    /// <returns>1 if there is now something to remember where there was nothing, -1 if it is the other way round, else 0.</returns>
    internal int Observe(Place deserved)
    {
        while (true)
        {
            var before = Volatile.Read(ref _score);
            var after = After(before, deserved);
            if (Interlocked.CompareExchange(ref _score, after, before) != before) continue;
            if (IsAway(after) != IsAway(before)) Move(away: IsAway(after), Environment.TickCount64);
            return Math.Abs(Math.Sign(after)) - Math.Abs(Math.Sign(before));
        }
    }

    private static bool IsAway(int score) => Math.Abs(score) > Suspect;

    // By whoever has changed the score. Not one step with it: a term that two threads write at once is one of the two.
    private void Move(bool away, long now)
    {
        if (!away)
        {
            _freedAt = now;
            return;
        }
        _term = _freedAt != 0 && now - _freedAt < Soon ? Math.Clamp(2 * _term, FirstTerm, LongestTerm) : 0;
        _awayUntil = now + _term;
    }

    /// <summary>Makes a suspect of one of whom nothing is known, and changes nothing else.</summary>
    /// <returns>As <see cref="Observe"/>.</returns>
    internal int Suspected() => Interlocked.CompareExchange(ref _score, Suspect, 0) == 0 ? 1 : 0;

    /// <summary>
    /// Once per second. What was long once, when its code was still to be compiled perhaps, and is not called again would otherwise be remembered for the
    /// worker's life, and everybody pay for it.
    /// </summary>
    /// <returns>As <see cref="Observe"/>.</returns>
    internal int Fade()
    {
        while (true)
        {
            var before = Volatile.Read(ref _score);
            if (before == 0) return 0;
            var left = Math.Abs(before) - (Math.Abs(before) <= Suspect ? FadingOfSuspect : FadingOfCondemned);
            var after = left <= 0 ? 0 : Math.Sign(before) * left;
            if (Interlocked.CompareExchange(ref _score, after, before) != before) continue;
            if (IsAway(before) && !IsAway(after)) Move(away: false, Environment.TickCount64);
            return after == 0 ? -1 : 0;
        }
    }

    /// <returns>As <see cref="Observe"/>.</returns>
    internal int Clear() => Interlocked.Exchange(ref _score, 0) == 0 ? 0 : -1;

    private readonly int After(int before, Place deserved)
    {
        var score = Math.Abs(before);
        if (deserved == Place.Loop)
        {
            if (score == Suspect + 1) return Environment.TickCount64 < _awayUntil ? before : 0;
            return score == 0 ? 0 : before - Math.Sign(before);
        }
        var computed = deserved == Place.Pool;
        // Who waits computes now and then (a wait begins with spinning, and code is compiled), and on the pool he would keep from their threads those
        // he waits for: so he is held for one that computes only after several such runs; who is seen waiting, at once.
        if (computed && before > Suspect && score - PerLongRun > Suspect) return before - PerLongRun;
        var worse = score switch
        {
            0 => Suspect,
            <= Suspect => Condemned,
            _ => Math.Min(score + PerLongRun, Most),
        };
        return computed ? -worse : worse;
    }
}
