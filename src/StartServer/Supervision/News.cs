using StarletNet.Shared.Processes;

namespace StartServer.Supervision;

/// <summary>What those who follow a deploy are told, in the order it happens.</summary>
internal abstract record News;

/// <summary>An attempt has become a process.</summary>
/// <param name="Attempt">1 for the first of its series.</param>
internal sealed record CandidateStarted(Generation Candidate, int Attempt) : News;

/// <summary>An attempt has come to nothing. Its process, if there was one, has ended.</summary>
/// <param name="Candidate">Null if there was no process at all.</param>
/// <param name="Reason">For people: <c>exited with status 1</c>, <c>was not ready within 60 s</c>.</param>
internal sealed record CandidateFailed(Generation? Candidate, string Reason) : News;

/// <summary>A candidate has been told to stop before it was ready; its deploy is over.</summary>
internal sealed record CandidateDiscarded(Generation Candidate, string Reason) : News;

/// <summary>The candidate is the current generation now.</summary>
/// <param name="Took">From its start.</param>
internal sealed record CandidateAccepted(Generation Candidate, TimeSpan Took) : News;

/// <summary>Old generations have been told to finish.</summary>
internal sealed record OldSignalled(IReadOnlyList<Generation> Old, ChosenSignal Signal) : News;

/// <summary>An old generation has nothing left to finish but connections that stay.</summary>
internal sealed record GenerationLingers(Generation Generation, int Connections) : News;

/// <summary>A generation that had been accepted has ended: an old one drained, or the current one died.</summary>
internal sealed record GenerationEnded(Generation Generation, ChildExit Exit) : News;

/// <summary>The new generation did not stand its watch; the one before it is current again.</summary>
internal sealed record RolledBack(Generation From, Generation To, string Reason) : News;

/// <summary>A deploy is over.</summary>
/// <param name="Request">As in <see cref="DeployRequested"/>; 0 for one that nobody waits for: a HUP's, or an automatic restart.</param>
/// <param name="Reason">For people.</param>
/// <param name="Lingering">How many connections stay with older generations.</param>
internal sealed record DeployEnded(long Request, DeployOutcome Outcome, string Reason, int Lingering = 0) : News
{
    /// <summary>The generation that serves because of it; null if none does.</summary>
    internal Generation? Serves { get; init; }

    /// <summary>What that one runs, as far as it is known.</summary>
    internal string? Release { get; init; }

    /// <summary>That is the very same files as before.</summary>
    internal bool IsUnchanged { get; init; }

    /// <summary>For people: what the command line's links name, where that is not what serves; null if it is.</summary>
    internal string? Note { get; init; }
}

/// <summary>The answer to <see cref="AbortRequested"/>.</summary>
/// <param name="IsAborted">False: there was nothing to cancel.</param>
/// <param name="Text">For people.</param>
internal sealed record AbortEnded(long Request, bool IsAborted, string Text) : News;

internal enum DeployOutcome
{
    /// <summary>
    /// The candidate was accepted, has stood its watch, and every older generation has ended, or has only connections left that stay.
    /// </summary>
    Done,

    /// <summary>The attempts are used up; the old generation serves on.</summary>
    CandidateFailed,

    /// <summary>Another start is under way, or still watched; nothing was done.</summary>
    Busy,

    /// <summary><c>--abort</c>, or a newer deploy, has ended it; the old generation serves on.</summary>
    Aborted,

    /// <summary>The new generation was accepted and then failed; the one before it is current again.</summary>
    RolledBack,

    /// <summary>start_server is stopping.</summary>
    Stopping,
}

/// <summary>Whoever follows.</summary>
internal interface INewsListener
{
    /// <summary>Called on the supervisor's thread in the middle of its work: must not wait, and must not give it events from within.</summary>
    public void Hear(News news);
}

/// <summary>All who follow.</summary>
internal sealed class Audience(IReadOnlyList<INewsListener> listeners) : INewsListener
{
    internal static Audience Of(params IEnumerable<INewsListener?> listeners) => new([.. listeners.OfType<INewsListener>()]);

    public void Hear(News news)
    {
        foreach (var listener in listeners) listener.Hear(news);
    }
}
