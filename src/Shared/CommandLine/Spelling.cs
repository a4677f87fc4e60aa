namespace StarletNet.Shared.CommandLine;

/// <summary>Finds the known word that a misspelt one is likely to mean.</summary>
internal static class Spelling
{
    /// <summary>The known word with the fewest edits between it and what was written; null: none is near enough.</summary>
    internal static string? Nearest(string written, IEnumerable<string> known)
    {
        var (best, distance) = known.Select(word => (word, Distance(written, word))).DefaultIfEmpty(("", int.MaxValue)).MinBy(candidate => candidate.Item2);
        return distance <= Math.Max(1, written.Length / 3) ? best : null;
    }

    /// <summary>
    /// Insertions, deletions, substitutions and transpositions of neighbours, each of which counts once (optimal string alignment): "prot" is one
    /// edit from "port", not two.
    /// </summary>
    internal static int Distance(string from, string to)
    {
        var (before, last, row) = (new int[to.Length + 1], new int[to.Length + 1], Enumerable.Range(0, to.Length + 1).ToArray());
        for (var i = 1; i <= from.Length; i++)
        {
            (before, last, row) = (last, row, before);
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                row[j] = Math.Min(last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1), Math.Min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) row[j] = Math.Min(row[j], before[j - 2] + 1);
            }
        }
        return row[^1];
    }
}
