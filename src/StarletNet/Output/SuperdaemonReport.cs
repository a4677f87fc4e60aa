using StarletNet.Shared.Contract;
using StarletNet.Shared.Notify;

namespace StarletNet.Master.Output;

/// <summary>What start_server is told beyond READY=1: which release this is, and why it is not ready yet. Other service managers pass it over.</summary>
internal sealed class SuperdaemonReport(NotifySender notify)
{
    private string? _reason;

    /// <summary>A word of a worker can be of any length, and a datagram must hold all of it.</summary>
    private const int LongestReason = 1000;

    internal void Release(string path, string status) => notify.Send($"STATUS={status}\n{NotifyNames.Release}={OneLine(path)}");

    /// <summary>The last reason is the one that counts; nobody is kept waiting for it.</summary>
    internal void Reason(string reason)
    {
        var line = OneLine(reason);
        if (line == _reason) return;
        _reason = line;
        notify.TrySend($"STATUS=not ready: {line}\n{NotifyNames.Reason}={line}");
    }

    internal void Ready(string path, string status) => notify.Send($"READY=1\nSTATUS={status}\n{NotifyNames.Release}={OneLine(path)}\n{NotifyNames.Reason}=");

    /// <summary>The start has failed, and we are about to end.</summary>
    /// <param name="isHopeless">The same start would fail again.</param>
    internal void Failed(string reason, bool isHopeless) =>
        notify.Send($"STATUS={OneLine(reason)}\n{NotifyNames.Reason}={OneLine(reason)}{(isHopeless ? $"\n{NotifyNames.Retry}=0" : "")}");

    private static string OneLine(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= LongestReason ? line : line[..LongestReason] + "…";
    }
}
