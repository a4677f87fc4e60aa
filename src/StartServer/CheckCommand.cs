using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;
using StarletNet.Shared.Output;
using StartServer.CommandLine;
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
        CheckLog(options);
        foreach (var path in new[] { options.Control }.OfType<string>()) CheckSocket(path);
        foreach (var port in options.Ports) port.Resolve();
        foreach (var path in options.Paths) CheckSocket(path);
        foreach (var path in new[] { options.PidFile, options.StatusFile }.OfType<string>())
        {
            if (WhyNotWritable(path) is { } error) throw Failure($"failed to open file:{path}: {error}");
        }
        StandardOutput.Write("ok\n");
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
