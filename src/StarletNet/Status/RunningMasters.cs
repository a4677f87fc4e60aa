using System.Globalization;
using System.Text.Json;
using StarletNet.Master.Observing;
using StarletNet.Shared.Errors;

namespace StarletNet.Master.Status;

/// <summary>Masters that can be asked without anybody saying which: by the kernel's list of sockets.</summary>
internal static class RunningMasters
{
    private const string List = "/proc/net/unix";

    /// <summary>The only one there is.</summary>
    /// <exception cref="OperatorException">None, or several.</exception>
    internal static int Only() => Of(File.ReadAllLines(List)) switch
    {
        [] => throw new OperatorException("no starletnet is there; if it is in a container, ask there, and one with --status-socket is asked by that", ExitCodes.NoServer),
        [var pid] => pid,
        var several => throw new OperatorException($"there are several: give one of the pids\n{string.Join('\n', several.Select(Line))}", ExitCodes.Usage),
    };

    /// <summary>Pid, application and addresses, as the master itself says; of one that may not be asked, or does not answer, why.</summary>
    private static string Line(int pid)
    {
        try
        {
            using var status = JsonDocument.Parse(StatusLink.Ask(StatusSocket.NameOf(pid), pid));
            return status.RootElement.TryGetProperty("error", out var error) ? $"  {pid}  {error.GetString()}" : Line(pid, status.RootElement);
        }
        catch (Exception error) when (error is OperatorException or JsonException)
        {
            return $"  {pid}  {error.Message}";
        }
    }

    internal static string Line(int pid, JsonElement status) =>
        $"  {pid}  {status.GetProperty("application").GetString()} on {string.Join(", ", status.GetProperty("listeners").EnumerateArray().Select(listener => listener.GetString()))}";

    /// <param name="lines">Columns: number, references, protocol, flags, type, state, inode, name.</param>
    internal static int[] Of(IEnumerable<string> lines) =>
    [
        .. lines.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            // The flag of a socket that listens; each connection to it is listed with the same name.
            .Where(columns => columns.Length == 8 && columns[3] == "00010000" && columns[7].StartsWith(StatusSocket.Prefix, StringComparison.Ordinal))
            .Select(columns => int.TryParse(columns[7].AsSpan(StatusSocket.Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 0).Distinct().Order(),
    ];
}
