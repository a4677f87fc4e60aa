namespace StarletNet.Master.Pool;

/// <summary>What the transitions go by.</summary>
internal sealed record PoolSettings
{
    /// <summary>How many workers may be starting at the same time: one per CPU, or the first answer comes later for all.</summary>
    internal required int BootingAtOnce { get; init; }

    internal required TimeSpan SpawnInterval { get; init; }

    internal required TimeSpan RespawnInterval { get; init; }

    internal required TimeSpan BootTimeout { get; init; }

    /// <summary>
    /// So long after the start whoever started us gives us up, and then the reason would be lost: so we give up a moment before. Null: nobody
    /// waits for us, or for ever.
    /// </summary>
    internal TimeSpan? ReadyWithin { get; init; }

    /// <summary>0: never give up.</summary>
    internal required int BootFailureLimit { get; init; }

    /// <summary>Zero: no limit.</summary>
    internal required TimeSpan GracefulTimeout { get; init; }

    /// <summary><c>--drain-websockets</c>: how long upgraded connections may stay with a worker that a newer one has replaced.</summary>
    internal TimeSpan DrainWebSockets { get; init; }

    /// <summary><c>--stop-delay</c>: how long the service goes on when it is told to stop, and its health answer says so.</summary>
    internal TimeSpan StopDelay { get; init; }

    /// <summary>TTOU does not go below.</summary>
    internal int FewestWorkers { get; init; } = 1;

    /// <summary>TERM and INT give up what is unfinished, as they do in Starman.</summary>
    internal bool StopsFast { get; init; }

    /// <summary>
    /// A superdaemon signals every old generation at each deploy, also those that it has signalled before: under one, a
    /// TERM that comes again is the same wish, and must not cut off what an earlier deploy left to finish.
    /// </summary>
    internal required bool UnderSuperdaemon { get; init; }

    /// <summary>How much later than its own clock a worker is killed that should have gone.</summary>
    internal static readonly TimeSpan KillMargin = TimeSpan.FromSeconds(5);

    /// <summary>A worker that has served so long ends a row of failures.</summary>
    internal static readonly TimeSpan Stable = TimeSpan.FromSeconds(10);

    internal static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(30);

    /// <summary>Different stop signals closer together than this are one: a terminal's ^C reaches us and, by way of start_server, comes again as TERM.</summary>
    internal static readonly TimeSpan SameGesture = TimeSpan.FromSeconds(1);

    /// <summary>
    /// So long a worker that drains keeps its successor's successor waiting: usually it is gone sooner. One that has no limit, or a
    /// generous one, must not hold up a restart for ever.
    /// </summary>
    internal static readonly TimeSpan DrainHoldsBack = TimeSpan.FromSeconds(30);

    /// <summary>How many workers more than wanted may live while some are replaced.</summary>
    internal int Surge { get; init; } = 1;

    /// <summary>Zero: a worker may grow as old as it likes.</summary>
    internal TimeSpan MaxAge { get; init; }

    /// <summary>One worker must become ready before the others are started, and gets one try.</summary>
    internal bool TriesOneFirst { get; init; }
}
