using System.Globalization;
using StarletNet.Master.Listening;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;

namespace StarletNet.Master.Options;

/// <summary>A value somebody set, and where, for the message when it is wrong.</summary>
internal readonly record struct Setting(string Origin, string Value);

/// <summary>Command line over environment over default, every value checked.</summary>
internal sealed class OptionsReader(ParsedCommandLine commandLine, Func<string, string?> environment, int processors)
{
    internal const int WorkerLimit = 1024;

    private static readonly string[] Unlimited = ["inf", "unlimited"];

    /// <exception cref="OperatorException">The first value that is wrong, with its origin; <see cref="ExitCodes.Usage"/>.</exception>
    internal MasterOptions Read()
    {
        var app = commandLine[OptionTable.App];
        var positional = commandLine.Rest;
        var defaults = new MasterOptions { MaxWorkers = Math.Max(2, processors) };
        return defaults with
        {
            Application = app ?? (positional.Count > 0 ? positional[0] : Find(OptionTable.App)?.Value),
            ApplicationArguments = [.. app is null ? positional.Skip(1) : positional],
            Listen = ReadListeners(),
            Backlog = Find(OptionTable.Backlog) is { } backlog ? Number(backlog, 1, int.MaxValue) : null,
            MaxWorkers = Find(OptionTable.MaxWorkers) is { } workers ? Workers(workers, defaults.MaxWorkers) : defaults.MaxWorkers,
            SpawnInterval = Time(OptionTable.SpawnInterval, defaults.SpawnInterval),
            ErrRespawnInterval = Time(OptionTable.ErrRespawnInterval, defaults.ErrRespawnInterval),
            BootFailureLimit = Find(OptionTable.BootFailureLimit) is { } limit ? Limit(limit) : defaults.BootFailureLimit,
            WorkerBootTimeout = BootTimeout(defaults.WorkerBootTimeout),
            GracefulTimeout = Find(OptionTable.GracefulTimeout) is { } graceful ? Graceful(graceful) : defaults.GracefulTimeout,
            DrainKeepAlive = Time(OptionTable.DrainKeepAlive, defaults.DrainKeepAlive),
            Loop = Find(OptionTable.Loop) is { } loop ? LoopMode(loop) : defaults.Loop,
            EnvironmentName = Find(OptionTable.Env) is { } name ? NotEmpty(name, "a name such as production") : null,
            PidFile = Find(OptionTable.Pid) is { } pid ? NotEmpty(pid, "a file name") : null,
        };
    }

    private List<ListenSpec> ReadListeners()
    {
        var specs = new List<ListenSpec>();
        foreach (var setting in FindAll(OptionTable.Listen)) specs.Add(Parse(setting, ListenSpec.Parse));
        var host = Find(OptionTable.Host);
        var port = Find(OptionTable.Port);
        if (host is not null || port is not null)
        {
            var number = port is { } given ? Number(given, 0, 65535) : ListenSpec.DefaultPort;
            specs.Add(ListenSpec.Tcp(host is { } name ? NotEmpty(name, "an address or a name") : null, number));
        }
        if (Find(OptionTable.Socket) is { } socket) specs.Add(Parse(socket, ListenSpec.Unix));
        var twice = specs.GroupBy(spec => spec.Address).FirstOrDefault(same => same.Count() > 1);
        if (twice is not null) throw Usage($"{twice.Key} is to be listened on twice; remove one of the two");
        return specs;
    }

    private static ListenSpec Parse(Setting setting, Func<string, ListenSpec> parse)
    {
        try
        {
            return parse(setting.Value);
        }
        catch (FormatException error)
        {
            throw Usage($"{setting.Origin}: {error.Message}");
        }
    }

    private static int Workers(Setting setting, int auto)
    {
        if (setting.Value == "auto") return auto;
        if (setting.Value == "0") throw Usage($"{setting.Origin}: 0 workers (serving without a master) is not possible; the least is 1");
        return Number(setting, 1, WorkerLimit, "auto or ");
    }

    private static int Limit(Setting setting) =>
        Unlimited.Contains(setting.Value) ? 0 : Number(setting, 0, int.MaxValue);

    private static TimeSpan Graceful(Setting setting) =>
        Unlimited.Contains(setting.Value) ? TimeSpan.Zero : Time(setting);

    private TimeSpan BootTimeout(TimeSpan @default)
    {
        if (Find(OptionTable.WorkerBootTimeout) is not { } setting) return @default;
        var time = Time(setting);
        return time > TimeSpan.Zero ? time : throw Usage($"{setting.Origin}: a worker cannot be ready in no time; give more than 0");
    }

    private static string LoopMode(Setting setting) => setting.Value == "pool"
        ? setting.Value
        : throw Usage($"{setting.Origin}: '{setting.Value}' is not a loop; there is pool");

    private TimeSpan Time(string name, TimeSpan @default) => Find(name) is { } setting ? Time(setting) : @default;

    private static TimeSpan Time(Setting setting) => Duration.TryParse(setting.Value, out var time)
        ? time
        : throw Usage($"{setting.Origin}: '{setting.Value}' is not a time; write seconds (0.5) or a number with ms, s, m or h");

    private static int Number(Setting setting, int least, int most, string alternative = "") =>
        int.TryParse(setting.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw Usage($"{setting.Origin}: '{setting.Value}' is not {alternative}a whole number {Range(least, most)}");

    private static string Range(int least, int most) => most == int.MaxValue ? $"of at least {least}" : $"from {least} to {most}";

    private static string NotEmpty(Setting setting, string what) =>
        setting.Value.Length > 0 ? setting.Value : throw Usage($"{setting.Origin}: is empty; give {what}");

    private Setting? Find(string name)
    {
        if (commandLine[name] is { } given) return new Setting($"option --{name}", given);
        // An empty variable is how many tools write "not set".
        return environment(OptionTable.Twin(name)) is { Length: > 0 } set ? new Setting(OptionTable.Twin(name), set) : null;
    }

    private IEnumerable<Setting> FindAll(string name)
    {
        if (commandLine.All(name) is { Count: > 0 } given) return given.Select(value => new Setting($"option --{name}", value));
        return (environment(OptionTable.Twin(name)) ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(value => new Setting(OptionTable.Twin(name), value));
    }

    private static OperatorException Usage(string message) => new(message, ExitCodes.Usage);
}
