using System.Globalization;
using StarletNet.Master.Applications;
using StarletNet.Master.Listening;
using StarletNet.Master.Options;
using StarletNet.Master.Pool;
using StarletNet.Master.Watching;
using StarletNet.Shared.Contract;

namespace StarletNet.Master.Workers;

/// <summary>
/// The whole environment of a worker: ours, without what was meant for us alone, with the injection and what only this worker
/// is told.
/// </summary>
internal sealed class WorkerEnvironment(
    IReadOnlyDictionary<string, string> inherited, MasterOptions options, IReadOnlyList<Listener> listeners, string hostingAssembly)
{
    private const string StartupHooks = "DOTNET_STARTUP_HOOKS", ServerGc = "DOTNET_gcServer";
    private const string AspNetCoreEnvironment = "ASPNETCORE_ENVIRONMENT", DotnetEnvironment = "DOTNET_ENVIRONMENT", PlackEnvironment = "PLACK_ENV";

    /// <summary>Asked for each worker: an operator may change the limit of a container that runs.</summary>
    internal Func<ContainerMemory?> Memory { get; init; } = () => ContainerMemory.Find();

    /// <summary>Asked for each worker: what the workers before it have answered most.</summary>
    internal Func<IReadOnlyList<string>> AnsweredPaths { get; init; } = () => [];

    internal bool ShowsTitles => !options.Observing.NoTitles;

    internal IReadOnlyDictionary<string, string> Of(Worker worker, int workers, int controlFd, (int Fd, int Place)? scoreboard, int requests, int? certificates = null, IEnumerable<int>? held = null, int? accessLog = null, string? identity = null, string? ownHeapLimit = null)
    {
        var variables = new Dictionary<string, string>(inherited);
        foreach (var name in EnvironmentNames.NeverForApplications) variables.Remove(name);
        if (options.ContentRoot is not null)
        {
            // In .NET a variable beats the directory that a process starts in.
            variables.Remove(ContentRoot.AspNetCoreVariable);
            variables.Remove(ContentRoot.DotnetVariable);
        }
        NameEnvironment(variables);
        Inject(variables, workers, ownHeapLimit);

        variables[EnvironmentNames.Listen] = WorkerListener.Format(listeners.Select(listener => new WorkerListener(listener.FdOf(worker.Slot), listener.Http, listener.Tls, listener.Siblings.Count > 0)));
        variables[EnvironmentNames.ControlFd] = Text(controlFd);
        if (scoreboard is { } figures) variables[EnvironmentNames.Scoreboard] = $"{figures.Fd}:{figures.Place}";
        variables[EnvironmentNames.Loop] = options.Loop;
        variables[EnvironmentNames.Loops] = Text(options.Loops);
        variables[EnvironmentNames.MaxThreads] = Text(options.MaxThreads);
        variables[EnvironmentNames.GracefulTimeout] = Milliseconds(options.GracefulTimeout);
        variables[EnvironmentNames.DrainKeepAlive] = Milliseconds(options.DrainKeepAlive);
        if (options.Http.ForWorker(options.Path, options.Observing.StatusPath, options.Observing.HealthPath, options.FromPreset.Contains).Format() is { Length: > 0 } http) variables[EnvironmentNames.Http] = http;
        if (certificates is { } fd) variables[EnvironmentNames.Tls] = Text(fd);
        if (string.Join(',', held ?? []) is { Length: > 0 } kept) variables[EnvironmentNames.Held] = kept;
        if (accessLog is { } log)
        {
            variables[EnvironmentNames.AccessLog] = Text(log);
            variables[EnvironmentNames.AccessLogFormat] = options.Observing.AccessLogFormat;
            if (options.Observing.AccessLogBuffer > 0) variables[EnvironmentNames.AccessLogBuffer] = $"{options.Observing.AccessLogBuffer}:{Milliseconds(options.Observing.AccessLogFlush)}";
        }
        if (options.WorkerQuit == MasterOptions.QuitDump) variables[EnvironmentNames.Quit] = EnvironmentNames.QuitDump;
        if (options.Observing.LogLevel == ObservingChoices.Debug) variables[EnvironmentNames.Debug] = "1";
        if (options.ReadyPath is { } readyPath) variables[EnvironmentNames.ReadyPath] = readyPath;
        if (options.WarmUp.IsAuto) variables[EnvironmentNames.WarmUpCount] = "1";
        if (WarmUpPaths.Format(options.WarmUp.Paths.Union(options.WarmUp.IsAuto ? AnsweredPaths() : [])) is { Length: > 0 } paths)
        {
            variables[EnvironmentNames.WarmUp] = paths;
            variables[EnvironmentNames.WarmUpTime] = Milliseconds(options.WarmUpTime);
        }
        if (identity is not null) variables[EnvironmentNames.Identity] = identity;
        variables[EnvironmentNames.MaxRequests] = Text(requests);
        variables[EnvironmentNames.Heartbeat] = Milliseconds(Heartbeat(options.WorkerTimeout));
        variables[EnvironmentNames.WorkerSlot] = Text(worker.Slot);
        variables[EnvironmentNames.Workers] = Text(workers);
        variables[EnvironmentNames.Generation] = Text(worker.Generation);
        return variables;
    }

    /// <summary>What the injection changes is listed, with the user's own values, so that the worker can put it back.</summary>
    private void Inject(Dictionary<string, string> variables, int workers, string? ownHeapLimit)
    {
        var changed = new List<string>();
        var hooks = variables.GetValueOrDefault(StartupHooks);
        Change(StartupHooks, hooks is { Length: > 0 } ? $"{hostingAssembly}:{hooks}" : hostingAssembly);
        // Server GC makes a heap and a thread per CPU in each process; several processes would multiply that.
        if (workers > 1 && !variables.ContainsKey(ServerGc)) Change(ServerGc, "0");
        if (HeapShare.Of(Memory(), workers, inherited.Keys, ownHeapLimit).Value is { } limit) Change(HeapShare.Variable, limit);
        variables[EnvironmentNames.Restore] = string.Join(',', changed);

        void Change(string name, string value)
        {
            if (variables.TryGetValue(name, out var before)) variables[EnvironmentNames.SavedPrefix + name] = before;
            variables[name] = value;
            changed.Add(name);
        }
    }

    /// <summary>
    /// <c>--env</c> beats what is inherited; without it an inherited ASP.NET Core name stays, then PLACK_ENV counts, then it is the preset's, or
    /// Production. What was given, or comes with the preset, is PLACK_ENV too, as plackup has it.
    /// </summary>
    private void NameEnvironment(Dictionary<string, string> variables)
    {
        if (options.EnvironmentName is { } given)
        {
            variables[PlackEnvironment] = given;
            Set(given);
        }
        else if (!IsSet(AspNetCoreEnvironment) && !IsSet(DotnetEnvironment))
        {
            if (!IsSet(PlackEnvironment) && options.Preset is not null) variables[PlackEnvironment] = options.UsualEnvironment;
            Set(IsSet(PlackEnvironment) ? variables[PlackEnvironment] : options.UsualEnvironment);
        }

        bool IsSet(string name) => variables.GetValueOrDefault(name) is { Length: > 0 };

        void Set(string name) => variables[AspNetCoreEnvironment] = variables[DotnetEnvironment] = DotnetName(name);
    }

    /// <summary>What the application finds as the name of its environment.</summary>
    internal static string NameFor(MasterOptions options, Func<string, string?> inherited)
    {
        if (options.EnvironmentName is { } given) return DotnetName(given);
        return Inherited(AspNetCoreEnvironment) ?? Inherited(DotnetEnvironment) ?? DotnetName(Inherited(PlackEnvironment) ?? options.UsualEnvironment);

        string? Inherited(string name) => inherited(name) is { Length: > 0 } value ? value : null;
    }

    private static string DotnetName(string name) => name switch
    {
        "deployment" or "production" => "Production",
        "development" => "Development",
        "staging" => "Staging",
        _ => name,
    };

    // Each second, for the figures' sake, or as often as the watch needs it.
    private static TimeSpan Heartbeat(TimeSpan workerTimeout)
    {
        var second = TimeSpan.FromSeconds(1);
        var needed = workerTimeout / (2 * HeartbeatWatch.LooksToTimeout);
        return needed > TimeSpan.Zero && needed < second ? needed : second;
    }

    private static string Milliseconds(TimeSpan time) => ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
