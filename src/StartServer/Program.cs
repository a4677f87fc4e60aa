using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Events;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.CommandLine;
using StartServer.Control;
using StartServer.Files;
using StartServer.Generations;
using StartServer.Listeners;
using StartServer.Output;
using StartServer.Supervision;

namespace StartServer;

internal static class Program
{
    private static int Main(string[] args)
    {
        Launcher.BecomeProgramIfLauncher(args);
        // Before it takes its pipe, which an exec would close: see SignalMask.
        if (Daemonizer.IsDaemon) EventQueue.Block(Supervisor.Signals);
        using var caller = Daemonizer.TakeRole(args);
        var exitCode = Run(args, caller);
        caller?.End(exitCode);
        return exitCode;
    }

    private static int Run(string[] args, CallersPipe? caller)
    {
        try
        {
            FileDescriptor.OpenStandardOnes();
            var command = StartServerOptions.Parse(args, Environment.GetEnvironmentVariable);
            return command is StartServerOptions { Daemonize: true } options && caller is null ? Daemonizer.Call(args, options.Ports) : Run(command, caller);
        }
        catch (OperatorException error)
        {
            return Fail(error.Message, error.ExitCode);
        }
        catch (Exception error) when (error is SystemCallException or IOException or TypeInitializationException)
        {
            // Out of descriptors, memory or processes: nothing that was asked for wrongly.
            return Fail($"start_server: {error.GetBaseException().Message}", ExitCodes.Failure);
        }

        int Fail(string message, int exitCode)
        {
            StandardError.WriteLine(message);
            caller?.Repeat(message);
            return exitCode;
        }
    }

    private static int Run(Command command, CallersPipe? caller)
    {
        switch (command)
        {
            case ShowHelp: StandardError.Write(1, ManualPage.Text); break;
            case ShowMan: StandardError.Write(1, ManualPage.Roff); break;
            case ShowVersion: StandardError.Write(1, ManualPage.Version); break;
            case ControlOptions options: return ControlCommand.Run(options);
            case RestartByFiles options: RestartByFilesCommand.Run(options); break;
            case StopByPidFile options: StopByPidFileCommand.Run(options); break;
            case CheckOnly check: CheckCommand.Run(check.Options); break;
            case StartServerOptions options: return Serve(options, caller);
        }
        return ExitCodes.Success;
    }

    /// <summary>The order is the contract's: log file, sockets, pid file, log redirected, first generation.</summary>
    private static int Serve(StartServerOptions options, CallersPipe? caller)
    {
        EventQueue.Block(Supervisor.Signals);
        // First, before anything is opened or started that could get one of their descriptors.
        var inherited = InheritedListeners.Take(Environment.GetEnvironmentVariable, LibC.getpid());
        PromisedDescriptors.Reserve(options.Ports);
        if (options.ListenFds) HandedListeners.RefuseOverlap(options.Ports, inherited.Count, options.Paths.Count);
        // Before anything is bound or created: from here on a signal ends us through the supervisor, and nothing is left behind.
        using var queue = new EventQueue();
        queue.Handle(Supervisor.Signals);
        // A log pipe whose reader is gone, or a log that has reached its size limit, costs the log, not the service.
        Signal.Pipe.Ignore();
        Signal.Xfsz.Ignore();
        var pid = LibC.getpid();
        using var environment = new ProgramEnvironment(Environment.GetEnvironmentVariables(), options.Twins, options.EnvDirectory);
        var policy = new CurrentPolicy(options.Policy, environment);

        using var log = OpenLog(options, queue, environment, detached: caller is not null);
        StandardError.WriteLine(Messages.Starting(pid));
        // Ended last: who waits there for our end finds nothing of ours left.
        using var control = options.Control is { } controlPath ? new ControlServer(queue, controlPath) : null;
        using var listeners = ListenerSet.Bind(inherited, options.Ports, options.Paths, options.Backlog);
        // Both while stderr is still the caller's, who can put wrong paths right. After binding, so that a second instance that
        // fails to bind has not touched the first one's files.
        using var pidFile = options.PidFile is { } pidPath ? PidFile.Create(pidPath, pid, ExitCodes.Failure) : null;
        var status = options.StatusFile is { } statusPath ? new StatusFile(statusPath) : null;
        log?.Redirect();
        using var output = GenerationOutput.Choose(mayRelay: control is not null);
        control?.BeginWith(listeners.Descriptors, output);
        if (caller is not null)
        {
            Daemonizer.LeaveStandardInput(options.Ports);
            caller.BeginWith(queue, output);
        }

        var manager = new ServiceManager(queue, Environment.GetEnvironmentVariable);
        var exitCode = new Supervisor(queue, options, listeners, environment, policy, log, status, manager)
        {
            Listener = Audience.Of(caller, control),
            Output = output,
        }.Run();
        // Before the pid file goes: who waits for its lock (--stop) finds nothing of ours left, and the log complete.
        output.Dispose();
        log?.Finish();
        status?.Remove();
        listeners.Dispose();
        // A daemon that was stopped before its first generation served has not done what its caller waits for.
        return caller is { IsOver: false } && exitCode == ExitCodes.Success ? ExitCodes.Failure : exitCode;
    }

    private static ILog? OpenLog(StartServerOptions options, EventQueue queue, ProgramEnvironment environment, bool detached) =>
        options.LogCommand is { } command ? LogPipe.Open(command, queue, environment.Variables(), detached)
        : options.LogFile is { } file ? LogFile.Open(file)
        : null;
}
