using System.Globalization;
using StartServer.Supervision;

namespace StartServer.CommandLine;

/// <summary>
/// The environment twins of options. Strongest first: a file of the envdir, the option, the variable start_server was started
/// with, the default. An option is written into its twin, so the program sees the same as we do.
/// </summary>
internal static class PolicyVariables
{
    internal const string EnvDirectory = "ENVDIR", KillOldDelay = "KILL_OLD_DELAY", EnableAutoRestart = "ENABLE_AUTO_RESTART",
        AutoRestartInterval = "AUTO_RESTART_INTERVAL";

    private static readonly TimeSpan DefaultAutoRestartInterval = TimeSpan.FromSeconds(360);

    /// <summary>Server::Starter looks once a second whether it is time: an interval of 0 is one of 1 there too.</summary>
    private static readonly TimeSpan ShortestAutoRestartInterval = TimeSpan.FromSeconds(1);

    /// <summary>Where generations are replaced without anybody looking, the new one gets a while to show that it works.</summary>
    private static readonly TimeSpan KillOldDelayWithAutoRestart = TimeSpan.FromSeconds(5);

    /// <summary>The policy with what the variables say.</summary>
    /// <param name="policy">Where a variable is malformed, its value stays.</param>
    /// <param name="variable">Looks one up.</param>
    /// <param name="refuse">Told of each malformed one: name, value, what is wrong with it.</param>
    internal static SupervisionPolicy Apply(SupervisionPolicy policy, Func<string, string?> variable, Action<string, string, string> refuse)
    {
        var autoRestart = variable(EnableAutoRestart) is { Length: > 0 } and not "0";
        var interval = Seconds(AutoRestartInterval, DefaultAutoRestartInterval, policy.AutoRestartInterval);
        return policy with
        {
            AutoRestart = autoRestart,
            AutoRestartInterval = interval < ShortestAutoRestartInterval ? ShortestAutoRestartInterval : interval,
            KillOldDelay = Seconds(KillOldDelay, autoRestart ? KillOldDelayWithAutoRestart : TimeSpan.Zero, policy.KillOldDelay),
        };

        TimeSpan Seconds(string name, TimeSpan byDefault, TimeSpan before)
        {
            if (variable(name) is not { } text) return byDefault;
            // Set but empty is 0, as in Server::Starter.
            if (text.Length == 0) return TimeSpan.Zero;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return TimeSpan.FromSeconds(seconds);
            refuse(name, text, "it must be a whole number of seconds");
            return before;
        }
    }
}
