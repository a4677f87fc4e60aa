using System.Globalization;
using StarletNet.Shared.Contract;

namespace StarletNet.Shared.Notify;

/// <summary>
/// systemd's <c>WatchdogSec=</c>: a service that gives no sign of life for so long is taken for dead. Given from the loop that does the work, and
/// from nowhere else: when that hangs, the watchdog is to bark.
/// </summary>
internal static class Watchdog
{
    /// <summary>By sd_notify(3).</summary>
    internal const string Sign = "WATCHDOG=1";

    /// <summary>Half of WATCHDOG_USEC, as sd_watchdog_enabled(3) advises; null when nobody waits for us, or for somebody else.</summary>
    internal static TimeSpan? Period(Func<string, string?> environment, int pid)
    {
        if (environment(EnvironmentNames.WatchdogPid) is { Length: > 0 } meant && meant != pid.ToString(CultureInfo.InvariantCulture)) return null;
        return long.TryParse(environment(EnvironmentNames.WatchdogMicroseconds), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds / 2.0)
            : null;
    }
}

/// <summary>The key of the timer after which the next sign is due.</summary>
internal sealed record WatchdogDue;
