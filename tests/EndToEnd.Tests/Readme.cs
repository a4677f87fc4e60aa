using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>The commands that the README tells people to type: the lines of its <c>sh</c> blocks.</summary>
internal static class Readme
{
    internal static IReadOnlyList<string> Commands()
    {
        var commands = new List<string>();
        var inBlock = false;
        foreach (var line in File.ReadLines(Path.Combine(Artifacts.RepositoryRoot, "README.md")))
        {
            if (line.StartsWith("```", StringComparison.Ordinal)) inBlock = line == "```sh";
            else if (inBlock) commands.Add(line);
        }
        return commands;
    }
}
