using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;
using StarletNet.Shared.Output;
using StartServer.CommandLine;
using StartServer.Files;
using StartServer.Generations;
using StartServer.Listeners;
using StartServer.Output;

namespace StartServer;

/// <summary>
/// <c>--check</c>: says what a start would refuse, with its words and exit code, as far as that can be known without binding or creating
/// anything. Whether an address or a file is in use right now is not asked: so a new command line can be checked while the service runs.
/// </summary>
internal static class CheckCommand
{
    /// <exception cref="OperatorException">What the start would say.</exception>
    internal static void Run(StartServerOptions options)
    {
        var inherited = InheritedListeners.Take(Environment.GetEnvironmentVariable, LibC.getpid());
        PromisedDescriptors.RefuseUsed(options.Ports);
        if (options.ListenFds) HandedListeners.RefuseOverlap(options.Ports, inherited.Count, options.Paths.Count);
        CheckProgram(options);
        CheckLog(options);
        foreach (var path in new[] { options.Control }.OfType<string>()) CheckSocket(path);
        foreach (var port in options.Ports) port.Resolve();
        foreach (var path in options.Paths) CheckSocket(path);
        if (options.PidFile is { } pidFile) PidFile.RefuseForeign(pidFile, ExitCodes.Failure);
        if (options.StatusFile is { } statusFile) StatusFile.RefuseForeign(statusFile, mayBeInUse: true);
        foreach (var path in new[] { options.PidFile, options.StatusFile }.OfType<string>())
        {
            if (WhyNotWritable(path) is { } error) throw Failure($"failed to open file:{path}: {error}");
        }
        StandardOutput.Write("ok\n");
    }

    private static void CheckProgram(StartServerOptions options)
    {
        // A start goes on without its variables, and says so; who checks wants them.
        if (options.EnvDirectory is { } variables && LibC.access(variables + "/", LibC.R_OK | LibC.X_OK) < 0)
            throw Failure($"failed to read the envdir {variables}: {Errno.Last}");
        using var environment = new ProgramEnvironment(Environment.GetEnvironmentVariables(), options.Twins, options.EnvDirectory);
        if (new NamedProgram(options, environment, LogicalDirectory.Find(Environment.GetEnvironmentVariable)).WhyNot is { } reason)
            throw new OperatorException(reason, ExitCodes.GaveUp);
    }

    private static void CheckLog(StartServerOptions options)
    {
        if (options.LogFile is { } file && WhyNotWritable(file) is { } error) throw Failure(Messages.LogFileFailed(file, error));
        if (options.LogCommand is { } command && !IsExecutable(command.Words[0])) throw Failure(Messages.LogCommandFailed(command, Errno.ENOENT.Text));
    }

    private static void CheckSocket(string path)
    {
        if (UnixSocketFile.LastingConflict(path) is { } conflict) throw ListenerSet.Failed(path, conflict);
        if (WhyNoFileIn(path) is { } error) throw ListenerSet.Failed(path, error.Text + BindAdvice.For(error, path));
    }

    private static Errno? WhyNotWritable(string path)
    {
        if (FileIdentity.OfTarget(path) is null) return WhyNoFileIn(path);
        if (Directory.Exists(path)) return Errno.EISDIR;
        return LibC.access(path, LibC.W_OK) == 0 ? null : Errno.Last;
    }

    private static Errno? WhyNoFileIn(string path) =>
        LibC.access(Path.GetDirectoryName(path) is { Length: > 0 } directory ? directory + "/" : "./", LibC.W_OK | LibC.X_OK) == 0 ? null : Errno.Last;

    private static bool IsExecutable(string program) => program.Contains('/')
        ? LibC.access(program, LibC.X_OK) == 0
        : (Environment.GetEnvironmentVariable("PATH") ?? "/bin:/usr/bin").Split(':').Any(directory => LibC.access(Path.Combine(directory, program), LibC.X_OK) == 0);

    private static OperatorException Failure(string message) => new(message, ExitCodes.Failure);
}
