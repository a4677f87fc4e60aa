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
    private readonly IReadOnlyList<NamedDescriptor> _listeners;

    internal GenerationLauncher(StartServerOptions options, ListenerSet listeners, ProgramEnvironment environment)
    {
        _options = options;
        _environment = environment;
        _listeners = listeners.Descriptors;
    }

    internal ChildSpec Describe(int number, string notifyAddress, FileDescriptor? stderr) => new()
    {
        Program = _options.Program[0],
        Arguments = [.. _options.Program.Skip(1)],
        WorkingDirectory = _options.Directory,
        // The same number in every generation, which is why no generation can mistake another's.
        Descriptors =
        [
            .. _listeners.Select(listener => new HandedDescriptor(listener.Fd, listener.Fd)),
            .. stderr is null ? Array.Empty<HandedDescriptor>() : [new HandedDescriptor(stderr.Number, 2)],
        ],
        Environment = new Dictionary<string, string>(_environment.Variables())
        {
            // Always set, also to nothing: an outer start_server's must not be taken for ours.
            [EnvironmentNames.ServerStarterPort] = ServerStarterPort.Format(_listeners),
            [EnvironmentNames.ServerStarterGeneration] = number.ToString(CultureInfo.InvariantCulture),
            [EnvironmentNames.NotifySocket] = notifyAddress,
        },
    };
}
