using System.Diagnostics;
using System.Globalization;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Events;
using StarletNet.Shared.Notify;

namespace StarletNet.Master.Observing;

/// <summary>
/// Tells start_server how many connections stay with this generation: the latest number, once a second at most, and without waiting for a
/// receiver that does not read. It is the key of its own timer.
/// </summary>
internal sealed class LingeringReport(EventQueue queue, NotifySender notify)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private long? _sentAt;
    private int _connections;
    private int _sent;

    internal void Report(int connections)
    {
        _connections = connections;
        var rest = _sentAt is { } at ? Pause - Stopwatch.GetElapsedTime(at) : TimeSpan.Zero;
        if (rest > TimeSpan.Zero) queue.SetTimer(this, rest);
        else GoOn();
    }

    /// <summary>The time has come to send what is new, if anything is.</summary>
    internal void GoOn()
    {
        if (_sentAt is not null && _connections == _sent) return;
        var number = _connections.ToString(CultureInfo.InvariantCulture);
        if (notify.TrySend($"{NotifyNames.Lingering}={number}\nSTATUS=replaced; long-lived connections that stay: {number}"))
            (_sentAt, _sent) = (Stopwatch.GetTimestamp(), _connections);
        else queue.SetTimer(this, Pause);
    }
}
