using StarletNet.Master.Applications;
using StarletNet.Master.Listening;
using StarletNet.Master.Options;
using StarletNet.Master.Output;
using StarletNet.Master.Pool;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;

namespace StarletNet.Master.Workers;

/// <summary>
/// <c>--max-workers 0</c>: this very process becomes the application, with the injection and the listeners of a worker. For debuggers,
/// and for supervisors that want to deal with the application itself.
/// </summary>
internal static unsafe class InPlace
{
    /// <summary>Returns only by an exception.</summary>
    /// <param name="options">All of them.</param>
    /// <param name="listeners">What it serves.</param>
    /// <param name="accessLog">Null: none.</param>
    /// <param name="variables">Our own environment.</param>
    /// <param name="hostingAssembly">What is injected.</param>
    /// <param name="application">What it becomes.</param>
    /// <param name="pidFile">Stays locked for as long as it lives; null: none.</param>
    /// <param name="sockets">Socket files of ours.</param>
    /// <exception cref="OperatorException">It cannot be executed.</exception>
    internal static int Become(
        MasterOptions options, IReadOnlyList<Listener> listeners, AccessLog? accessLog, IReadOnlyDictionary<string, string> variables,
        string hostingAssembly, Application application, PidFile? pidFile, IEnumerable<string> sockets)
    {
        // A channel with nobody at its other end, which stays open in the process itself: a worker drains when that is closed.
        var (ours, theirs) = FileDescriptor.MessagePair();
        int[] held = [ours.Number, .. pidFile is null ? Array.Empty<int>() : [pidFile.Descriptor.Number], .. application.Copy is { } copy ? [copy.Lock.Number] : Array.Empty<int>()];
        int[] handed = [.. listeners.Select(listener => listener.Fd), theirs.Number, .. application.Certificates is { } certificates ? [certificates.Number] : Array.Empty<int>(), .. accessLog is null ? [] : new[] { accessLog.Descriptor }, .. held];

        // Counting requests, and signs of life, are for a master.
        var ofWorkers = new WorkerEnvironment(variables, options with { WorkerTimeout = TimeSpan.Zero }, listeners, hostingAssembly);
        var environment = new Dictionary<string, string>(ofWorkers.Of(
            new Worker(0, 0, 1, TimeSpan.Zero), 1, theirs.Number, null, 0, application.Certificates?.Number, held, accessLog?.Descriptor, application.Identity));
        // Nobody else will be there to do it.
        OwnFile[] files = [.. sockets.Concat(pidFile is null ? [] : [pidFile.Path]).Select(OwnFile.At).OfType<OwnFile>()];
        if (files.Length > 0) environment[EnvironmentNames.Files] = OwnFile.Format(files);
        if (variables.TryGetValue(EnvironmentNames.NotifySocket, out var notify)) environment[EnvironmentNames.Notify] = notify;

        if (application.Directory is { } start && LibC.chdir(start) < 0)
            throw new OperatorException($"cannot change to the directory {start}: {Errno.Last}", ExitCodes.Failure);
        foreach (var fd in handed.Distinct()) FileDescriptor.KeepInExec(fd);
        foreach (var name in variables.Keys.Where(name => !environment.ContainsKey(name))) _ = LibC.unsetenv(name);
        foreach (var (name, value) in environment) _ = LibC.setenv(name, value, 1);
        for (var number = 1; number <= Signal.Max; number++) new Signal(number).StopIgnoring();
        SignalMask.UnblockInThisThread([Signal.Chld, .. Master.Signals]);
        using var path = new NativeStrings([application.Program]);
        using var argv = new NativeStrings([ofWorkers.ShowsTitles ? "starletnet worker 0 gen=1" : application.Program, .. application.LeadingArguments, .. options.ApplicationArguments]);
        LibC.execv(path.Pointer[0], argv.Pointer);
        throw new OperatorException($"cannot execute {application.Program}: {Errno.Last}", ExitCodes.Failure);
    }
}
