using StarletNet.Shared.Contract;
using StarletNet.Shared.Notify;

namespace StartServer.Generations;

/// <summary>What a generation runs, as far as it is known: what it was started from, and what it says itself.</summary>
/// <param name="Origin">What it was started from.</param>
/// <param name="Reported">What it says that it runs; null if it says nothing.</param>
/// <param name="Files">A mark of those files, made when it was accepted; empty before that, and where nothing can be said.</param>
internal sealed record ServedRelease(Origin Origin, string? Reported, string Files)
{
    internal static ServedRelease Of(Origin origin) => new(origin, Reported: null, Files: "");

    /// <summary>For people, and for scripts.</summary>
    internal string Name => Reported ?? Origin.Name;

    /// <summary>Whether it runs the very same files as the other.</summary>
    internal bool IsSameAs(ServedRelease other) => Name == other.Name && Files.Length > 0 && Files == other.Files;

    /// <summary>With a mark of the files as they are now. Once for each generation: it takes a look at each file.</summary>
    internal ServedRelease Marked() => this with { Files = Reported is null ? ReleaseFiles.Mark(Origin.RealPaths.Where(path => path.Length > 0)) : ReleaseFiles.Mark(Reported) };

    /// <summary>With what a datagram of the generation says.</summary>
    internal ServedRelease With(NotifyMessage message) => message[NotifyNames.Release] is { Length: > 0 } release
        ? this with { Reported = ReportedText.Of(release) }
        : this;

    /// <summary>What of it is not there any more; null if all is.</summary>
    internal string? FindGone() => Origin.FindGone() ?? (Reported is null || File.Exists(Reported) ? null : Reported);
}
