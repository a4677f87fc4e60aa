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

    internal GenerationLauncher(StartServerOptions options, ListenerSet listeners, ProgramEnvironment environment)
    {
        _options = options;
        _environment = environment;
        _listeners = new HandedListeners(listeners.All, options.ListenFds);
    }

    internal ChildSpec Describe(int number, string notifyAddress, FileDescriptor? stderr)
    {
        var environment = _environment.Variables();
        foreach (var (name, value) in _listeners.Variables) environment[name] = value;
        environment[EnvironmentNames.ServerStarterGeneration] = number.ToString(CultureInfo.InvariantCulture);
        environment[EnvironmentNames.NotifySocket] = notifyAddress;
        if (!_options.OrphansStop) environment[EnvironmentNames.StartServerOrphans] = EnvironmentNames.OrphansKeep;
        return new ChildSpec
        {
            Program = _options.Program[0],
            Arguments = [.. _options.Program.Skip(1)],
            WorkingDirectory = _options.Directory,
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
}
