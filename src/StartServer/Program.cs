using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Events;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Output;
using StarletNet.Shared.Processes;
using StartServer.CommandLine;
using StartServer.Control;
using StartServer.Files;
using StartServer.Generations;
using StartServer.Listeners;
using StartServer.Output;
using StartServer.Supervision;
using StartServer.Upgrade;

namespace StartServer;

internal static class Program
{
    private static int Main(string[] args)
    {
        Launcher.BecomeProgramIfLauncher(args);
        // Before it takes its pipe, which an exec would close: see SignalMask.
        if (Daemonizer.IsDaemon || TakeOver.IsDue) EventQueue.Block(Supervisor.Signals);
        using var caller = Daemonizer.TakeRole(args);
        var exitCode = Run(args, caller);
        caller?.End(exitCode);
        return exitCode;
    }

    private static int Run(string[] args, CallersPipe? caller)
    {
        Succession? taken = null;
        try
        {
            if (args is [TakeOver.TrialRole, .. var tried]) return TakeOver.Try(tried);
            FileDescriptor.OpenStandardOnes();
            taken = TakeOver.FromPredecessor();
            taken?.Read();
            var command = StartServerOptions.Parse(args, Environment.GetEnvironmentVariable);
            if (command is StartServerOptions options)
                return options.Daemonize && caller is null && taken is null ? Daemonizer.Call(args, options.Ports) : Serve(options, args, caller, taken);
            return Run(command);
        }
        // The condition is what counts: it runs before anything that was taken over is disposed of, and returns where there is no way back.
        catch (Exception error) when (taken is not null && taken.GoBack(error))
        {
            throw;
        }
        catch (OperatorException error)
        {
            return Fail(error.Message, error.ExitCode);
        }
        catch (SnapshotException error)
        {
            return Fail($"the state of the program before cannot be taken over: {error.Message}", ExitCodes.Failure);
        }
        catch (Exception error) when (error is SystemCallException or IOException or TypeInitializationException)
        {
            // Out of descriptors, memory or processes: nothing that was asked for wrongly.
            return Fail($"start_server: {error.GetBaseException().Message}", ExitCodes.Failure);
        }
        catch
        {
            // A mistake of ours, which the runtime reports.
            taken?.Forsake();
            throw;
        }

        int Fail(string message, int exitCode)
        {
            StandardError.WriteLine(message);
            taken?.Forsake();
            caller?.Repeat(message);
            return exitCode;
        }
    }

    private static int Run(Command command)
    {
        switch (command)
        {
            case ShowHelp help: StandardOutput.Write(help.All ? ManualPage.Text : ManualPage.Short); break;
            case ShowCompletion completion: StandardOutput.Write(new ShellCompletion("start_server", OptionTable.Options).For(completion.Shell)); break;
            case ShowMan: StandardOutput.Write(ManualPage.Roff); break;
            case ShowVersion: StandardOutput.Write(ManualPage.Version); break;
            case ControlOptions options: return ControlCommand.Run(options);
            case RestartByFiles options: RestartByFilesCommand.Run(options); break;
            case StopByPidFile options: StopByPidFileCommand.Run(options); break;
            case CheckOnly check: CheckCommand.Run(check.Options); break;
        }
        return ExitCodes.Success;
    }

    /// <summary>The order is the contract's: log file, sockets, pid file, log redirected, first generation.</summary>
    /// <param name="options">The command line.</param>
    /// <param name="words">The same, as Main was given it.</param>
    /// <param name="caller">Who waits for a daemon.</param>
    /// <param name="succession">What a program before us, in this very process, has left; then all of that is there already.</param>
    private static int Serve(StartServerOptions options, string[] words, CallersPipe? caller, Succession? succession)
    {
        EventQueue.Block(Supervisor.Signals);
        var taken = succession?.Snapshot;
        // Whether the command line is another than that of the program before us.
        var change = taken?.Change is { Phase: ChangePhase.Begins or ChangePhase.Returns } changed ? changed : null;
        // First, before anything is opened or started that could get one of their descriptors.
        var inherited = taken is null ? InheritedListeners.Take(Environment.GetEnvironmentVariable, LibC.getpid()) : [];
        if (taken is null) PromisedDescriptors.Reserve(options.Ports);
        // Before anything is opened that is ours: a path that was given by mistake leads to what must not be touched.
        if (taken is null && options.PidFile is { } pidFilePath) PidFile.RefuseForeign(pidFilePath, ExitCodes.Failure);
        if (taken is null && options.StatusFile is { } statusFilePath) StatusFile.RefuseForeign(statusFilePath, mayBeInUse: true);
        if (taken is null && options.ListenFds) HandedListeners.RefuseOverlap(options.Ports, inherited.Count, options.Paths.Count);
        var fresh = change is null ? null : ListenerSet.Change(taken!.Listeners, options);
        if (succession is not null) succession.Bound = fresh;
        // Before anything is bound or created: from here on a signal ends us through the supervisor, and nothing is left behind.
        using var queue = new EventQueue();
        queue.Handle(Supervisor.Signals);
        // A log pipe whose reader is gone, or a log that has reached its size limit, costs the log, not the service.
        Signal.Pipe.Ignore();
        Signal.Xfsz.Ignore();
        var pid = LibC.getpid();
        using var environment = new ProgramEnvironment(Environment.GetEnvironmentVariables(), options.Twins, options.EnvDirectory);
        var policy = new CurrentPolicy(options.Policy, environment);

        using var log = taken is null ? OpenLog(options, queue, environment, detached: caller is not null) : AdoptLog(options, queue, environment, taken.LogPipe);
        if (taken is null) StandardError.WriteLine(Messages.Starting(pid));
        // Ended last: who waits there for our end finds nothing of ours left.
        using var control = taken is null ? ControlServer.Open(queue, options.Control, pid) : ControlServer.Adopt(queue, taken.Control);
        using var listeners = fresh ?? (taken is null ? ListenerSet.Bind(inherited, options.Ports, options.Paths, options.Backlog) : ListenerSet.Adopt(taken.Listeners));
        // Both while stderr is still the caller's, who can put wrong paths right. After binding, so that a second instance that
        // fails to bind has not touched the first one's files.
        using var pidFile = options.PidFile is not { } pidPath ? null
            : taken?.PidFile is { } locked ? PidFile.Adopt(pidPath, pid, new FileDescriptor(locked))
            : PidFile.Create(pidPath, pid, ExitCodes.Failure);
        if (pidFile?.Remark is { } remark) StandardError.WriteLine(remark);
        var status = options.StatusFile is not { } statusPath ? null
            : taken is null ? new StatusFile(statusPath) : StatusFile.Adopt(statusPath, taken.StatusFile);
        if (taken is null) log?.Redirect();
        // A generation that is to outlive us must not write into a pipe that ends with us.
        using var output = GenerationOutput.Choose(mayRelay: options.Control is not null && options.OrphansStop);
        if (taken is not null) output.GoOnWith(taken.Output);
        control.BeginWith(listeners.All, output);
        if (caller is not null)
        {
            Daemonizer.LeaveStandardInput(options.Ports);
            caller.BeginWith(queue, output);
        }

        var manager = new ServiceManager(queue, Environment.GetEnvironmentVariable);
        var startedIn = taken is null ? LogicalDirectory.Find(Environment.GetEnvironmentVariable) : taken.StartedIn;
        var supervisor = new Supervisor(queue, options, listeners, environment, policy, log, status, manager, startedIn)
        {
            Output = output,
        };
        var upgrader = new Upgrader(queue, words, () => supervisor.Moment, wanted => new Snapshot
        {
            Version = ManualPage.Number,
            Supervision = supervisor.Keep(),
            Listeners = listeners.Keep(),
            Backlog = options.Backlog,
            Held = HeldOptions.Of(options),
            Change = wanted,
            StartedIn = startedIn,
            PidFile = pidFile?.Descriptor.Number,
            StatusFile = status?.Identity,
            LogPipe = (log as LogPipe)?.Keep(),
            Output = output.Keep(),
            Control = control.Keep(),
        })
        { Output = output, Control = control };
        control.UpgradeAsked = upgrader.Ask;
        supervisor.Upgrader = upgrader;
        supervisor.Listener = Audience.Of(caller, control, upgrader);
        if (succession is not null)
        {
            supervisor.GoOnFrom(taken!.Supervision);
            succession.Complete();
            upgrader.GoOnFrom(succession);
            listeners.Settle(taken.Backlog == options.Backlog ? null : options.Backlog);
            if (change is not null) supervisor.Begin(change);
            // Who hears it finds nobody listening any more where only the new command line did.
            if (change is { Phase: ChangePhase.Returns }) control.EndChange(NewsJson.CommandLineRestored());
        }
        var exitCode = supervisor.Run();
        // Before the pid file goes: who waits for its lock (--stop) finds nothing of ours left, and the log complete.
        output.Dispose();
        log?.Finish(policy.Value.StopTimeout);
        status?.Remove();
        listeners.Dispose();
        // A daemon that was stopped before its first generation served has not done what its caller waits for.
        return caller is { IsOver: false } && exitCode == ExitCodes.Success ? ExitCodes.Failure : exitCode;
    }

    private static ILog? OpenLog(StartServerOptions options, EventQueue queue, ProgramEnvironment environment, bool detached) =>
        options.LogCommand is { } command ? LogPipe.Open(command, queue, environment.Variables(), detached)
        : options.LogFile is { } file ? LogFile.Open(file)
        : null;

    private static ILog? AdoptLog(StartServerOptions options, EventQueue queue, ProgramEnvironment environment, KeptLogPipe? pipe) =>
        options.LogCommand is { } command && pipe is not null ? LogPipe.Adopt(command, queue, environment.Variables(), pipe)
        : options.LogFile is { } file ? LogFile.Adopt(file)
        : null;
}
