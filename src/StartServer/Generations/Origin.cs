using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;

namespace StartServer.Generations;

/// <summary>Where the command line leads elsewhere than it did when something was started from it.</summary>
/// <param name="Name">As the command line has it.</param>
/// <param name="Now">Where it leads now, with every link followed; null: nowhere.</param>
internal sealed record Difference(string Name, string? Now)
{
    internal string Leads => Now is null ? "leads nowhere" : $"leads to {Now}";
}

/// <summary>
/// What a generation is started from: the command line's program, arguments and directory, and where each path among them led at that
/// moment. A release link is switched under a running service; this is how the release that serves is found again.
/// </summary>
internal sealed record Origin
{
    /// <summary>The program and its arguments, as given.</summary>
    internal required IReadOnlyList<string> Words { get; init; }

    /// <summary>Whole, with its links; null: where start_server is.</summary>
    internal required string? Directory { get; init; }

    /// <summary>The same with every link followed; empty if it leads nowhere.</summary>
    internal required string RealDirectory { get; init; }

    /// <summary>For each word where it leads, with every link followed; empty for one that is no path, or leads nowhere.</summary>
    internal required IReadOnlyList<string> RealPaths { get; init; }

    /// <param name="words">The program and its arguments.</param>
    /// <param name="directory">Whole; null: where we are.</param>
    /// <param name="searched">The program's own PATH, for a program without a slash; null: execvp(3)'s default.</param>
    internal static Origin Find(IReadOnlyList<string> words, string? directory, string? searched) => new()
    {
        Words = words,
        Directory = directory,
        RealDirectory = RealPath.Of(directory ?? ".") ?? "",
        RealPaths = [RealPath.Of(ProgramPath(words[0], directory, searched) ?? "") ?? "", .. words.Skip(1).Select(word => IsPath(word) ? RealPath.Of(In(directory, word)) ?? "" : "")],
    };

    /// <summary>What can be seen of it: the program, and the paths among its arguments.</summary>
    internal string Name => string.Join(' ', RealPaths.Select((path, at) => path.Length > 0 ? path : at == 0 ? Words[0] : "").Where(path => path.Length > 0));

    internal bool HasWordsOf(Origin other) => Words.SequenceEqual(other.Words);

    /// <summary>The first path of the command line that leads elsewhere now; null if all lead where they did.</summary>
    internal Difference? To(Origin now)
    {
        if (!HasWordsOf(now)) return new Difference("the command line", now.Name);
        for (var at = 0; at < Words.Count; at++)
            if (RealPaths[at] != now.RealPaths[at]) return new Difference(Words[at], now.RealPaths[at] is { Length: > 0 } path ? path : null);
        return RealDirectory == now.RealDirectory ? null : new Difference(now.Directory ?? "the current directory", now.RealDirectory is { Length: > 0 } real ? real : null);
    }

    /// <summary>What of it is not there any more; null if all is.</summary>
    internal string? FindGone()
    {
        if (Directory is not null && !System.IO.Directory.Exists(RealDirectory)) return RealDirectory;
        return RealPaths.FirstOrDefault(path => path.Length > 0 && !Path.Exists(path));
    }

    /// <summary>
    /// Why it cannot be started, in the words in which a start fails; null if it seems that it can. It may be replaced between this look
    /// and the exec, which then fails by itself; so this spares attempts, and nothing depends on it.
    /// </summary>
    internal static string? WhyNot(IReadOnlyList<string> words, string? directory, string? given, string? searched)
    {
        // access(2) with a slash behind it: it must be a directory, and one that may be entered.
        if (directory is not null && LibC.access(directory + "/", LibC.X_OK) < 0) return $"failed to chdir:{given}:{Errno.Last}";
        if (ProgramPath(words[0], directory, searched) is not { } program) return $"failed to exec {words[0]}: {Errno.ENOENT}";
        if (System.IO.Directory.Exists(program)) return $"failed to exec {words[0]}: {Errno.EACCES} (it is a directory)";
        return LibC.access(program, LibC.X_OK) < 0 ? $"failed to exec {words[0]}: {Errno.Last}" : null;
    }

    /// <summary>Where execvp(3) finds it; null: nowhere. One that is there and may not be executed counts if there is no other.</summary>
    private static string? ProgramPath(string program, string? directory, string? searched)
    {
        if (program.Contains('/', StringComparison.Ordinal)) return In(directory, program);
        var all = (searched ?? "/bin:/usr/bin").Split(':').Select(place => In(directory, Path.Combine(place.Length == 0 ? "." : place, program))).ToArray();
        return all.FirstOrDefault(path => File.Exists(path) && LibC.access(path, LibC.X_OK) == 0) ?? all.FirstOrDefault(File.Exists);
    }

    private static string In(string? directory, string path) => directory is null ? path : Path.Combine(directory, path);

    private static bool IsPath(string word) => word.Contains('/', StringComparison.Ordinal) && word[0] != '-' && !word.Contains("://", StringComparison.Ordinal);
}
