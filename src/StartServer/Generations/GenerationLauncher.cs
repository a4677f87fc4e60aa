using System.Globalization;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.CommandLine;
using StartServer.Listeners;

namespace StartServer.Generations;

/// <summary>What a generation starts with: the contract's variables and the listeners, in our process group, in <c>--dir</c>.</summary>
internal sealed class GenerationLauncher
{
    private readonly StartServerOptions _options;
    private readonly ProgramEnvironment _environment;
    private readonly HandedListeners _listeners;

    /// <param name="startedIn">By which link start_server's own directory was given; null for none.</param>
    internal GenerationLauncher(StartServerOptions options, ListenerSet listeners, ProgramEnvironment environment, string? startedIn)
    {
        Named = new NamedProgram(options, environment, startedIn);
        _options = options;
        _environment = environment;
        _listeners = new HandedListeners(listeners.All, options.ListenFds);
    }

    internal NamedProgram Named { get; }

    /// <summary>What the generation before has answered most, for the next one to warm up with; null: it has not said.</summary>
    internal string? AnsweredPaths { get; set; }

    /// <summary>How long a program has to say that it is ready; null: as long as it likes.</summary>
    internal TimeSpan? ReadyWithin { get; init; }

    /// <param name="number">The generation's.</param>
    /// <param name="notifyAddress">Where it may report.</param>
    /// <param name="stderr">Null: ours.</param>
    /// <param name="served">What it is started from; null: what the command line names now.</param>
    internal ChildSpec Describe(int number, string notifyAddress, FileDescriptor? stderr, ServedRelease? served = null)
    {
        var now = Named.Now;
        var words = served is null ? Named.Words : WordsOf(served, now);
        var directory = served is null || served.Origin.RealDirectory == now.RealDirectory ? Named.Directory : served.Origin.RealDirectory;
        var environment = _environment.Variables();
        foreach (var (name, value) in _listeners.Variables) environment[name] = value;
        environment[EnvironmentNames.ServerStarterGeneration] = number.ToString(CultureInfo.InvariantCulture);
        environment[EnvironmentNames.NotifySocket] = notifyAddress;
        // As a shell does that changes directory. starletnet knows by it through which link it is addressed.
        if (directory is not null) environment["PWD"] = directory;
        if (ReadyWithin is { } limit) environment[EnvironmentNames.StartServerReadyTimeout] = ((long)limit.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        if (directory != Named.Directory && Named.Directory is { } logical) environment[EnvironmentNames.LogicalDirectory] = logical;
        if (AnsweredPaths is { Length: > 0 } paths) environment[EnvironmentNames.HandedOverPaths] = paths;
        if (served?.Reported is { } release) environment[EnvironmentNames.Release] = release;
        if (!_options.OrphansStop) environment[EnvironmentNames.StartServerOrphans] = EnvironmentNames.OrphansKeep;
        return new ChildSpec
        {
            Program = words[0],
            Title = (served?.Origin.Words ?? Named.Words)[0],
            Arguments = [.. words.Skip(1)],
            WorkingDirectory = directory,
            // The same numbers in every generation, which is why no generation can mistake another's.
            Descriptors =
            [
                .. _listeners.Descriptors,
                .. stderr is null ? Array.Empty<HandedDescriptor>() : [new HandedDescriptor(stderr.Number, 2)],
            ],
            // Sound here: the supervisor's thread, which starts every generation, is the main thread.
            WhenParentDies = _options.OrphansStop ? _options.Policy.OnTerm.Signal : null,
            SetListenPid = _listeners.AsSystemd,
            Environment = environment,
        };
    }

    /// <summary>
    /// The words of what served, and for each path among them that leads elsewhere now the place that it led to then. Everything else stays
    /// as it was written, and argv[0] in any case: programs look at the names they are called by. A program that has named its release
    /// finds it by that, and keeps the addresses on its command line.
    /// </summary>
    private static IReadOnlyList<string> WordsOf(ServedRelease served, Origin now)
    {
        var then = served.Origin;
        var same = then.HasWordsOf(now);
        return [.. then.Words.Select((word, at) =>
            then.RealPaths[at].Length == 0 || (same && then.RealPaths[at] == now.RealPaths[at]) || (at > 0 && served.Reported is not null) ? word : then.RealPaths[at])];
    }
}
