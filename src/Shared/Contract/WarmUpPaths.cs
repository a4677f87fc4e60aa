namespace StarletNet.Shared.Contract;

/// <summary>Paths for <c>--warmup</c> as they travel from workers to their successors: separated by commas.</summary>
internal static class WarmUpPaths
{
    /// <summary>How many paths are handed on, and how long one may be. All of them fit into a message of the control channel.</summary>
    internal const int Most = 10, Longest = 256;

    /// <summary>Whether a request target may be asked for again: a path without query, printable, and without the separator.</summary>
    internal static bool IsFit(string path)
    {
        if (path.Length is 0 or > Longest || path[0] != '/') return false;
        foreach (var letter in path)
        {
            if (letter is <= ' ' or > '~' or ',' or '?' or '#') return false;
        }
        return true;
    }

    internal static string Format(IEnumerable<string> paths) => string.Join(',', paths);

    /// <summary>What is not fit, or more than <see cref="Most"/>, is left out: the text may come from another process.</summary>
    internal static IReadOnlyList<string> Parse(string text) => [.. text.Split(',').Where(IsFit).Distinct().Take(Most)];
}
