namespace StarletNet.Shared.Processes;

/// <summary>Where the .NET runtime of a process opens the socket for its diagnosticians.</summary>
internal static class DiagnosticSocket
{
    /// <param name="pid">The number of the process, or <c>self</c>.</param>
    /// <param name="temporaryDirectory">As the process has it in TMPDIR; null or empty: not set.</param>
    internal static string PathOf(string pid, string? temporaryDirectory)
    {
        // The runtime puts the moment of the start, as the kernel counts it, behind the pid: those that were killed leave theirs behind.
        const int StartTime = 22, FirstAfterName = 3;
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var started = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[StartTime - FirstAfterName];
        return Path.Combine(string.IsNullOrEmpty(temporaryDirectory) ? "/tmp" : temporaryDirectory, $"dotnet-diagnostic-{stat[..stat.IndexOf(' ')]}-{started}-socket");
    }
}
