namespace StartServer.Supervision;

/// <summary><c>--ready</c>: what makes a candidate count as started.</summary>
internal enum Readiness
{
    /// <summary>READY=1 if it speaks sd_notify, else being alive after the interval.</summary>
    Auto,

    /// <summary>READY=1 and nothing else.</summary>
    Notify,

    /// <summary>Being alive after the interval, whatever it says: Server::Starter's own check.</summary>
    Alive,
}

/// <summary>The numbers supervision goes by. May be replaced by others at any time.</summary>
internal sealed record SupervisionPolicy
{
    /// <summary>A program that speaks sd_notify says so in its first milliseconds; with a shorter look, <c>--interval 0</c> would miss it.</summary>
    internal static readonly TimeSpan ShortestLook = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between two attempts, unless the interval is longer.</summary>
    internal static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>A generation that served this long and then died is an accident, not part of a crash loop.</summary>
    internal static readonly TimeSpan Healthy = TimeSpan.FromSeconds(30);

    /// <summary>What a candidate that was not ready in time gets between its polite signal and KILL.</summary>
    internal static readonly TimeSpan RejectGrace = TimeSpan.FromSeconds(10);

    /// <summary>Stop requests closer together than this are one wish that came by several ways: a terminal's ^C and a wrapper's TERM.</summary>
    internal static readonly TimeSpan OneWish = TimeSpan.FromSeconds(1);

    /// <summary>How much later than a child a service manager that stops all of us, one process after the other, may reach us.</summary>
    internal static readonly TimeSpan StopMayFollow = TimeSpan.FromMilliseconds(100);

    /// <summary>From one probe of a candidate to the next.</summary>
    internal static readonly TimeSpan ProbePause = TimeSpan.FromMilliseconds(250);

    /// <summary>From one probe of a generation on probation to the next.</summary>
    internal static readonly TimeSpan WatchPause = TimeSpan.FromSeconds(1);

    /// <summary><c>--interval</c>.</summary>
    internal TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary><c>--ready-timeout</c>; zero is no limit.</summary>
    internal TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>--ready</c>.</summary>
    internal Readiness Readiness { get; init; }

    /// <summary>Whether a candidate must answer <c>--ready-probe</c>.</summary>
    internal bool Probes { get; init; }

    /// <summary><c>--max-start-attempts</c>: how many attempts of a series may fail; 0 for any number.</summary>
    internal int MaxStartAttempts { get; init; }

    /// <summary><c>--watch</c>: for how long a new generation stays on probation; zero for not at all.</summary>
    internal TimeSpan Watch { get; init; }

    /// <summary><c>--enable-auto-restart</c>.</summary>
    internal bool AutoRestart { get; init; }

    /// <summary><c>--auto-restart-interval</c>.</summary>
    internal TimeSpan AutoRestartInterval { get; init; } = TimeSpan.FromSeconds(360);

    /// <summary><c>--drain-timeout</c>: when an old generation that was told to go is killed; zero for never.</summary>
    internal TimeSpan DrainTimeout { get; init; }

    /// <summary><c>--max-old-generations</c>: how many there may be when another deploy begins; 0 for any number.</summary>
    internal int MaxOldGenerations { get; init; }

    /// <summary><c>--stop-timeout</c>: when generations that were told to stop are killed; zero for never.</summary>
    internal TimeSpan StopTimeout { get; init; }

    /// <summary><c>--kill-old-delay</c>.</summary>
    internal TimeSpan KillOldDelay { get; init; }

    /// <summary><c>--signal-on-hup</c>.</summary>
    internal ChosenSignal OnHup { get; init; } = ChosenSignal.Term;

    /// <summary><c>--signal-on-term</c>.</summary>
    internal ChosenSignal OnTerm { get; init; } = ChosenSignal.Term;

    /// <summary>How long a silent candidate is watched before it counts as started.</summary>
    internal TimeSpan Look => Interval > ShortestLook ? Interval : ShortestLook;

    /// <summary>From one attempt to the next: the interval after the first failure, then twice as long each time.</summary>
    internal TimeSpan Pace(int failures)
    {
        if (Look >= LongestPause) return Look;
        var pause = Look * Math.Pow(2, Math.Min(failures - 1, 10));
        return pause < LongestPause ? pause : LongestPause;
    }
}
