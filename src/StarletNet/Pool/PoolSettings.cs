namespace StarletNet.Master.Pool;

/// <summary>What the transitions go by.</summary>
internal sealed record PoolSettings
{
    /// <summary>How many workers may be starting at the same time: one per CPU, or the first answer comes later for all.</summary>
    internal required int BootingAtOnce { get; init; }

    internal required TimeSpan SpawnInterval { get; init; }

    internal required TimeSpan RespawnInterval { get; init; }

    internal required TimeSpan BootTimeout { get; init; }

    /// <summary>0: never give up.</summary>
    internal required int BootFailureLimit { get; init; }

    /// <summary>Zero: no limit.</summary>
    internal required TimeSpan GracefulTimeout { get; init; }

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

    /// <summary>How many workers more than wanted may live during a restart.</summary>
    internal const int Surge = 1;
}
