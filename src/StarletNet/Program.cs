using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using StarletNet.Master.Applications;
using StarletNet.Master.Explaining;
using StarletNet.Master.Options;
using StarletNet.Master.Options.Sections;
using StarletNet.Master.Output;
using StarletNet.Master.Stacks;
using StarletNet.Master.Status;
using StarletNet.Master.Workers;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Notify;
using StarletNet.Shared.Output;
using StarletNet.Shared.Processes;

[assembly: SupportedOSPlatform("linux")]

namespace StarletNet.Master;

internal static class Program
{
    /// <summary><see cref="Environment.TickCount64"/>, near enough.</summary>
    internal static long StartedAt { get; private set; }

    private static int Main(string[] args)
    {
        StartedAt = Environment.TickCount64;
        Launcher.BecomeProgramIfLauncher(args);
        if (BuildRole.TakeIfAsked(args) is { } exitOfBuild) return exitOfBuild;
        // An application of that name is started as ./status.
        if (args is [StatusCommand.Name, .. var asked]) return StatusCommand.Run(asked);
        if (args is [StacksCommand.Name, .. var looked]) return StacksCommand.Run(looked);
        EventQueue.Block(Master.Signals);
        using var caller = Daemonizer.TakeRole(args);
        FileDescriptor.OpenStandardOnes();
        // The very first act that can be seen: a supervisor that hears anything knows that it will be told when we are ready.
        var notify = new NotifySender(Environment.GetEnvironmentVariable(EnvironmentNames.NotifySocket));
        notify.Status("starting");
        var exitCode = Run(args, notify, caller);
        // A daemon that was stopped before it served has not done what its caller waits for.
        caller?.End(exitCode == ExitCodes.Success ? ExitCodes.Failure : exitCode);
        return exitCode;
    }

    private static int Run(string[] args, NotifySender notify, WaitingCaller? caller)
    {
        try
        {
            return Start(args, notify, caller);
        }
        catch (OperatorException error)
        {
            new SuperdaemonReport(notify).Failed(error.Message, error.IsLasting);
            return Fail(error.Message, error.ExitCode);
        }
        catch (Exception error) when (error is SystemCallException or IOException or UnauthorizedAccessException)
        {
            // Out of descriptors, memory or processes, a disk that fails: nothing that was asked for wrongly.
            new SuperdaemonReport(notify).Failed(error.Message, isHopeless: false);
            return Fail(error.Message, ExitCodes.Failure);
        }

        int Fail(string message, int exitCode)
        {
            StandardStreams.WriteError($"starletnet: {message}");
            caller?.Say(message);
            return exitCode;
        }
    }

    private static int Start(string[] args, NotifySender notify, WaitingCaller? caller)
    {
        var commandLine = new CommandLineParser(OptionTable.All, Dialect.Plack).Parse(args);
        if (commandLine[ConfigurationOptions.Help] is { } help and not "0")
            return Print(help == ConfigurationOptions.Everything || commandLine.Rest is [ConfigurationOptions.Everything] ? ManualPage.Text : ManualPage.Short);
        if (commandLine.IsOn(ConfigurationOptions.Man)) return Print(ManualPage.Roff);
        if (commandLine.IsOn(ConfigurationOptions.Version)) return Print(Version());
        if (commandLine[ConfigurationOptions.Completion] is { } shell) return Print(Completion.Of(CheckedShell(shell)));
        if (commandLine.Rest.Count > 0 && commandLine["app"] is null && commandLine["project"] is null) FirstWord.RefuseCommand(commandLine.Rest[0], WorkingDirectory.Find(Environment.GetEnvironmentVariable));
        var configuration = Reader().ReadAll();
        var isTrial = commandLine.IsOn(ConfigurationOptions.Try);
        using var log = MasterLog.Of(isTrial ? Trial.Of(configuration.Options) : configuration.Options, caller);
        if (commandLine.IsOn(ConfigurationOptions.CheckConfig))
        {
            UnknownVariables.Tell(Variables, log);
            return Print(CheckConfig.Of(configuration, Environment.GetEnvironmentVariable, Heap(configuration.Options, ApplicationOrNull(configuration.Options))));
        }
        if (commandLine.IsOn(ConfigurationOptions.Explain)) return Print(Explain(configuration.Options));
        if (isTrial) return Trial.Run(configuration.Options, log, directory => configuration = Reader().ReadAgain(configuration, directory));
        if (configuration.Options.Daemonize && caller is null) return Daemonizer.Call(args);
        UnknownVariables.Tell(Variables, log);
        if (MisplacedOptions.Find(args, commandLine) is { } misplaced) log.OptionsForApplication(misplaced);
        return new Master(configuration.Options, notify, log, caller)
        {
            ReadAgain = directory => configuration = Reader().ReadAgain(configuration, directory),
        }.Run();

        OptionsReader Reader() => new(commandLine, Environment.GetEnvironmentVariable, Environment.ProcessorCount);
    }

    private static string Explain(MasterOptions options)
    {
        var directory = WorkingDirectory.Find(Environment.GetEnvironmentVariable);
        if (SourceCode.Find(options.Project, options.Application, directory) is { } code)
            throw new OperatorException($"option --explain: {code.Path} is code, and it is the built application that is looked at; run dotnet publish and name its output", ExitCodes.Usage);
        var finder = new ApplicationFinder(directory, Environment.GetEnvironmentVariable);
        var application = finder.Find(options.Application);
        return new Explanation(application, Heap(options, application),
            WorkerEnvironment.NameFor(options, Environment.GetEnvironmentVariable)).Write();
    }

    private static HeapShare Heap(MasterOptions options, Application? application) =>
        HeapShare.Of(ContainerMemory.Find(), options.Workers, Variables, application?.HeapLimit);

    private static string[] Variables => [.. Environment.GetEnvironmentVariables().Keys.Cast<string>()];

    // A configuration can be right before there is anything to serve.
    private static Application? ApplicationOrNull(MasterOptions options)
    {
        try
        {
            var directory = WorkingDirectory.Find(Environment.GetEnvironmentVariable);
            return options.Builds ? null : new ApplicationFinder(directory, Environment.GetEnvironmentVariable).Find(options.Application);
        }
        catch (OperatorException)
        {
            return null;
        }
    }

    private static string CheckedShell(string shell)
    {
        var known = OptionTable.Find(ConfigurationOptions.Completion).Words;
        return known.Contains(shell)
            ? shell
            : throw new OperatorException($"option --completion: '{shell}' is not a shell; there are {string.Join(", ", known)}", ExitCodes.Usage);
    }

    private static int Print(string text)
    {
        StandardOutput.Write(text);
        return ExitCodes.Success;
    }

    private static string Version()
    {
        var version = typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        return $"starletnet {version} ({RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier})\n";
    }
}
