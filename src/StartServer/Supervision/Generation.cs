namespace StartServer.Supervision;

/// <summary>One child of ours: its number (1 for the first attempt, one more for each further one) and its pid.</summary>
internal sealed record Generation(int Number, int Pid);

/// <summary>The generations that have passed their start check, and what there is to know about them.</summary>
internal sealed record Fleet
{
    internal static readonly Fleet None = new();

    /// <summary>The one that serves; null before the first, and after a crash until the next.</summary>
    internal Generation? Current { get; init; }

    /// <summary>When the current one was accepted.</summary>
    internal TimeSpan Since { get; init; }

    /// <summary>How many currents in a row have died by themselves soon after they were accepted.</summary>
    internal int Crashes { get; init; }

    /// <summary>The others that were accepted and have not ended yet, oldest first.</summary>
    internal IReadOnlyList<Generation> Old { get; init; } = [];

    /// <summary>The numbers of those old ones that have got their signal.</summary>
    internal IReadOnlyList<int> Told { get; init; } = [];

    /// <summary>
    /// Those of the told ones that have nothing left but connections that stay (<c>--drain-websockets</c> of starletnet).
    /// </summary>
    internal IReadOnlyList<LingeringGeneration> Lingering { get; init; } = [];

    /// <summary>Candidates that were never accepted and have been told to stop, because a newer deploy or <c>--abort</c> has taken their place.</summary>
    internal IReadOnlyList<Generation> Discarded { get; init; } = [];

    /// <summary>Set while the current one is watched; null when it need not prove itself any more.</summary>
    internal Probation? Probation { get; init; }

    /// <summary>From when on the time to the next automatic restart counts: an acceptance, or a deploy that came to nothing.</summary>
    internal TimeSpan RenewedAt { get; init; }

    /// <summary>Deploys whose candidate was accepted and that are not over yet.</summary>
    internal IReadOnlyList<UnfinishedDeploy> Unfinished { get; init; } = [];

    /// <summary>
    /// The first generation that is started with the listeners as they are now; those before it may hold some that were removed since.
    /// Null if there are none.
    /// </summary>
    internal int? ListenersSince { get; init; }

    /// <summary>The number of the last attempt.</summary>
    internal int LastNumber { get; init; }

    /// <summary>How often a current one has died by itself and was replaced, since start_server was started.</summary>
    internal int Restarts { get; init; }

    /// <summary>For people: which generation failed last, and how; null if none has.</summary>
    internal string? LastFailure { get; init; }

    internal IReadOnlyList<Generation> All => Current is null ? Old : [.. Old.Append(Current).OrderBy(generation => generation.Number)];

    /// <summary>The accepted ones and the discarded ones; a candidate that is being judged is not among them.</summary>
    internal IReadOnlyList<Generation> Everybody => [.. All, .. Discarded];

    /// <summary>A generation has served: a gap is filled with what it was started from.</summary>
    internal bool HasServed => Current is not null || Restarts > 0;

    internal IReadOnlyList<Generation> Untold => [.. Old.Where(old => !Told.Contains(old.Number))];

    /// <summary>Without an old one that has ended.</summary>
    internal Fleet Without(Generation ended) =>
        this with
        {
            Old = [.. Old.Where(old => old != ended)],
            Told = [.. Told.Where(number => number != ended.Number)],
            Lingering = [.. Lingering.Where(lingering => lingering.Generation != ended.Number)],
        };
}

/// <summary>The time for which a new generation is watched beside the one it replaced (<c>--watch</c>).</summary>
/// <param name="Previous">One of the old ones; it has not been told to go, and becomes current again if the new one fails.</param>
/// <param name="PreviousSince">When it had been accepted.</param>
/// <param name="Request">Whose deploy it is; 0 for nobody's.</param>
internal sealed record Probation(Generation Previous, TimeSpan PreviousSince, long Request);

/// <summary>A deploy whose candidate was accepted: over when it need not prove itself any more and all before it have ended.</summary>
internal sealed record UnfinishedDeploy(long Request, Generation Generation);
