namespace StartServer.Supervision;

/// <summary>What a generation is to the service.</summary>
internal enum Role
{
    /// <summary>Started, not yet accepted; or rejected, and about to end.</summary>
    Candidate,

    /// <summary>Serves.</summary>
    Current,

    /// <summary>Was replaced, but stands by while its successor is watched.</summary>
    Previous,

    /// <summary>Was replaced and waits for the kill-old-delay to be over.</summary>
    Old,

    /// <summary>Has been told to go.</summary>
    Draining,

    /// <summary>Has been told to go, and has nothing left but connections that stay.</summary>
    Lingering,

    /// <summary>Was never accepted, and has been told to stop because something newer has begun.</summary>
    Discarded,

    /// <summary>Has been told to stop together with all others.</summary>
    Stopping,
}

/// <summary>A generation that is alive, as far as we know.</summary>
/// <param name="Age">Since it was started.</param>
internal sealed record RosterLine(Generation Generation, Role Role, TimeSpan Age)
{
    /// <summary>Connections that stay; 0 unless it is <see cref="Role.Lingering"/>.</summary>
    internal int Connections { get; init; }

    /// <summary>What it runs, as far as that is known; null if it is not.</summary>
    internal string? Release { get; init; }
}

/// <summary>What there is to be listed.</summary>
/// <param name="Generations">By number.</param>
/// <param name="Restarts">How often a current generation has died by itself and was replaced, since start_server was started.</param>
/// <param name="LastFailure">Which generation failed last, and how; null if none has, or if we are stopping.</param>
internal sealed record Roster(IReadOnlyList<RosterLine> Generations, int Restarts, string? LastFailure)
{
    /// <param name="state">The supervisor's.</param>
    /// <param name="age">Looked up by generation.</param>
    internal static Roster Of(SupervisorState state, Func<Generation, TimeSpan> age)
    {
        var fleet = (state as Running)?.Fleet ?? Fleet.None;
        return new Roster([.. Lines(state, fleet, age).OrderBy(line => line.Generation.Number)], fleet.Restarts, fleet.LastFailure);
    }

    private static IEnumerable<RosterLine> Lines(SupervisorState state, Fleet fleet, Func<Generation, TimeSpan> age)
    {
        if (state is Stopping stopping) return stopping.Remaining.Select(generation => new RosterLine(generation, Role.Stopping, age(generation)));
        var accepted = fleet.All.Select(generation => new RosterLine(generation, RoleOf(generation, fleet), age(generation)) { Connections = Lingering.ConnectionsOf(fleet, generation) });
        var discarded = fleet.Discarded.Select(generation => new RosterLine(generation, Role.Discarded, age(generation)));
        return state is Trying { Candidate: var candidate }
            ? [.. accepted, .. discarded, new RosterLine(candidate, Role.Candidate, age(candidate))]
            : accepted.Concat(discarded);
    }

    private static Role RoleOf(Generation generation, Fleet fleet)
    {
        if (generation == fleet.Current) return Role.Current;
        if (generation == fleet.Probation?.Previous) return Role.Previous;
        if (Lingering.ConnectionsOf(fleet, generation) > 0) return Role.Lingering;
        return fleet.Told.Contains(generation.Number) ? Role.Draining : Role.Old;
    }
}
