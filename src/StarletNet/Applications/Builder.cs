using System.Diagnostics;
using System.Text;
using StarletNet.Master.Output;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;

namespace StarletNet.Master.Applications;

/// <summary>
/// Builds <see cref="SourceCode"/> with <c>dotnet build</c>, which a child of the queue runs (<see cref="BuildRole"/>): the running workers
/// serve meanwhile, and go on when it fails. What it prints is shown when it fails.
/// </summary>
internal sealed class Builder(EventQueue queue, SourceCode code, IReadOnlyDictionary<string, string> environment, MasterLog log)
{
    // As much of it as anybody will read.
    private const int ShownBytes = 64 * 1024;

    private readonly string _dotnetEnvironment = environment.GetValueOrDefault("DOTNET_NOLOGO", "1");
    private Running? _running;
    private bool _again;

    /// <summary>The assembly that the last good build has made; null: there was none yet.</summary>
    internal string? Target { get; private set; }

    private sealed record Running(ChildProcess Process, string Directory, FileDescriptor Output, long Since)
    {
        internal string Answer => Path.Combine(Directory, "answer");
    }

    /// <summary>Starts a build; one that runs already is followed by another, because it may have read a file before it changed.</summary>
    /// <exception cref="OperatorException">There is nothing to build it with.</exception>
    internal void Begin()
    {
        if (_running is not null)
        {
            _again = true;
            return;
        }
        var directory = Directory.CreateTempSubdirectory("starletnet-build-").FullName;
        try
        {
            var output = new FileDescriptor(LibC.memfd_create("build", LibC.MFD_CLOEXEC));
            if (output.IsInvalid) throw SystemCallException.Of("memfd_create");
            var (program, arguments) = code.BuildCommand(name => environment.GetValueOrDefault(name), Path.Combine(directory, "answer"));
            log.Building(code.Path);
            var process = queue.Start(new ChildSpec
            {
                Program = "/proc/self/exe",
                Title = "starletnet",
                Arguments = BuildRole.Arguments(program, arguments),
                Environment = Variables(),
                Descriptors = [new HandedDescriptor(output.Number, 1), new HandedDescriptor(output.Number, 2)],
                Scope = ProcessScope.OwnGroup,
            });
            _running = new Running(process, directory, output, Stopwatch.GetTimestamp());
        }
        catch
        {
            Directory.Delete(directory, recursive: true);
            throw;
        }
    }

    private Dictionary<string, string> Variables()
    {
        var variables = new Dictionary<string, string>(environment) { ["DOTNET_NOLOGO"] = _dotnetEnvironment };
        foreach (var name in EnvironmentNames.NeverForApplications) variables.Remove(name);
        return variables;
    }

    /// <returns>Null: it was no build of ours, or another one follows.</returns>
    internal BuildOutcome? HearExit(int pid, ChildExit exit)
    {
        if (_running is not { } ended || ended.Process.Pid != pid) return null;
        _running = null;
        using (ended.Output)
        {
            var target = exit.IsSuccess && File.Exists(ended.Answer) ? File.ReadAllText(ended.Answer).Trim() : "";
            Directory.Delete(ended.Directory, recursive: true);
            if (_again)
            {
                _again = false;
                Begin();
                return null;
            }
            var seconds = Stopwatch.GetElapsedTime(ended.Since).TotalSeconds;
            if (target.Length > 0)
            {
                log.Built(code.Path, seconds);
                Target = target;
                return new BuildOutcome(null);
            }
            var failure = ended.Process.TakeLaunchFailure();
            var output = Read(ended.Output);
            if (!exit.IsSignal && exit.Code == BuildRole.CannotExecute) return new BuildOutcome(output);
            if (output.Length > 0) StandardStreams.WriteError(output);
            return new BuildOutcome(failure is not null ? $"cannot execute starletnet for the build: {failure.Errno}"
                : exit.IsSuccess ? $"the build of {code.Path} does not say what it has built; does it build for several frameworks? Then publish it for one, and serve that"
                : $"the build of {code.Path} failed ({exit})");
        }
    }

    /// <summary>Nobody waits for it any more.</summary>
    internal void Abort()
    {
        _again = false;
        if (_running is not { } running) return;
        _running = null;
        // The whole group: what it has started as well.
        Signal.Kill.SendTo(-running.Process.Pid);
        running.Output.Dispose();
        Directory.Delete(running.Directory, recursive: true);
    }

    /// <summary>Before there is anything to serve: builds, and waits for it.</summary>
    /// <returns>False: somebody wants us to stop.</returns>
    /// <exception cref="OperatorException">It failed.</exception>
    internal bool BuildFirst()
    {
        BuildOutcome? outcome = null;
        for (Begin(); outcome is null;)
        {
            var stops = false;
            foreach (var happened in queue.Take())
            {
                if (happened is ChildExited exited) outcome ??= HearExit(exited.Pid, exited.Exit);
                stops |= IsStop(happened);
            }
            if (!stops) continue;
            Abort();
            return false;
        }
        return outcome.Failure is { } failure ? throw new OperatorException(failure, ExitCodes.Failure) : true;
    }

    /// <summary>Before there is a pool: a signal, or the caller of --daemonize has gone away.</summary>
    internal static bool IsStop(Event happened) => happened is Readable { Tag: WaitingCaller } || (happened is SignalReceived { Signal: var signal }
        && (signal == Signal.Term || signal == Signal.ContainerStop || signal == Signal.Int || signal == Signal.Quit || signal == Signal.Usr1));

    private static unsafe string Read(FileDescriptor output)
    {
        var buffer = new byte[ShownBytes];
        ssize_t length;
        fixed (byte* start = buffer) length = LibC.pread(output.Number, start, buffer.Length, 0);
        return Encoding.UTF8.GetString(buffer, 0, Math.Max(0, (int)length)).TrimEnd();
    }
}

/// <summary>How a build went.</summary>
/// <param name="Failure">Null: well.</param>
internal sealed record BuildOutcome(string? Failure);
