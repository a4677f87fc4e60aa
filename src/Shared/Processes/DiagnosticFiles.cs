using System.Globalization;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;

namespace StarletNet.Shared.Processes;

/// <summary>
/// The three files that the .NET runtime of a process makes for its diagnosticians and debuggers, and removes at its end unless it is killed: a socket and two pipes
/// (docs/design-docs/ipc-protocol.md of dotnet/diagnostics). Their names hold the pid and the moment of the start, as the kernel counts it.
/// </summary>
/// <param name="Directory">Where they are.</param>
/// <param name="Pid">Of the process.</param>
/// <param name="StartedAt">Field 22 of /proc/PID/stat: with the pid it names one process for ever.</param>
internal sealed record DiagnosticFiles(string Directory, int Pid, string StartedAt)
{
    private const string SocketPrefix = "dotnet-diagnostic-", SocketSuffix = "-socket";

    private string Socket => Path.Combine(Directory, $"{SocketPrefix}{Pid}-{StartedAt}{SocketSuffix}");

    private string[] Pipes => [Pipe("in"), Pipe("out")];

    private string Pipe(string end) => Path.Combine(Directory, $"clr-debug-pipe-{Pid}-{StartedAt}-{end}");

    /// <summary>To be asked while the process cannot have been reaped.</summary>
    /// <param name="pid">Its number.</param>
    /// <param name="temporaryDirectory">As the process has it in TMPDIR; null or empty: not set.</param>
    /// <param name="workingDirectory">What a relative one is relative to.</param>
    /// <returns>Null where the kernel does not tell.</returns>
    internal static DiagnosticFiles? Of(int pid, string? temporaryDirectory, string workingDirectory)
    {
        var directory = string.IsNullOrEmpty(temporaryDirectory) ? "/tmp" : Path.GetFullPath(temporaryDirectory, workingDirectory);
        return StartOf(pid) is { } startedAt ? new DiagnosticFiles(directory, pid, startedAt) : null;
    }

    /// <summary>To be called when the process has been reaped.</summary>
    /// <returns>How many were there.</returns>
    internal int Remove() => Pipes.Append(Socket).Count(RemoveOwn);

    /// <summary>
    /// Removes what processes that were killed have left: of our own user, of a process that is not there any more, and with a socket on which no process
    /// listens. (A container that shares the directory has processes that are not to be seen here, and whose sockets answer.) Such files are of use to no process.
    /// </summary>
    /// <returns>How many were there.</returns>
    internal static int Sweep(string directory)
    {
        try
        {
            return System.IO.Directory.EnumerateFileSystemEntries(directory, $"{SocketPrefix}*{SocketSuffix}").Select(Parse).OfType<DiagnosticFiles>()
                .Where(files => files.IsAbandoned).ToArray().Sum(files => files.Remove());
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A directory that cannot be read is no reason not to serve.
            return 0;
        }
    }

    private static DiagnosticFiles? Parse(string path)
    {
        var parts = Path.GetFileName(path)[SocketPrefix.Length..^SocketSuffix.Length].Split('-');
        return parts is [var pid, var startedAt] && startedAt.Length > 0 && startedAt.All(char.IsAsciiDigit)
            && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? new DiagnosticFiles(Path.GetDirectoryName(path)!, number, startedAt)
                : null;
    }

    // Refused only where no process listens. One whose queue is full does.
    private bool IsAbandoned
    {
        get
        {
            if (StartOf(Pid) == StartedAt || FileIdentity.Of(Socket) is not { IsSocket: true } || FileIdentity.OwnerOf(Socket) != LibC.geteuid()) return false;
            if (UnixAddress.Encode(Socket) is not { } address) return false;
            using var client = UnixClient.Connect(address, TimeSpan.FromMilliseconds(10), out var error);
            return client is null && error == Errno.ECONNREFUSED;
        }
    }

    private static bool RemoveOwn(string path) =>
        FileIdentity.Of(path) is { } found && (found.IsSocket || found.IsPipe) && FileIdentity.OwnerOf(path) == LibC.geteuid() && LibC.unlink(path) == 0;

    private static string? StartOf(int pid)
    {
        const int StartTime = 22, FirstAfterName = 3;
        try
        {
            // The name, in parentheses, may hold anything; behind it the third field begins.
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[StartTime - FirstAfterName];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
