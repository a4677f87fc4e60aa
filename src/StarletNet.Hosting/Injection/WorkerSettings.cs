using System.Globalization;
using StarletNet.Hosting.AccessLog;
using StarletNet.Hosting.Server;
using StarletNet.Hosting.Transport;
using StarletNet.Hosting.Worker;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Notify;

namespace StarletNet.Hosting.Injection;

/// <summary>What the master says to a worker through its environment.</summary>
internal sealed record WorkerSettings(
    IReadOnlyList<WorkerListener> Listeners,
    int ControlFd,
    ScoreboardPlace Scoreboard,
    LoopMode Loop,
    int Loops,
    int MaxThreads,
    TimeSpan GracefulTimeout,
    TimeSpan DrainKeepAlive,
    HttpSettings Http,
    TlsFiles? Tls)
{
    /// <summary>After so many requests the worker asks to be replaced; 0: never.</summary>
    internal long MaxRequests { get; init; }

    internal WorkerLogs Logs { get; init; } = new(null);

    /// <summary>What the application must answer before the worker is ready; null: nothing.</summary>
    internal string? ReadyPath { get; init; }

    /// <summary>What the application is asked before the worker is ready, in the form of <c>--warmup</c>; empty: nothing.</summary>
    internal IReadOnlyList<string> WarmUpPaths { get; init; } = [];

    /// <summary>How long that may take.</summary>
    internal TimeSpan WarmUpTime { get; init; }

    /// <summary>Null: paths are not counted.</summary>
    internal AnsweredPaths? AnsweredPaths { get; init; }

    /// <summary>For a worker that has no master to do it; else silent.</summary>
    internal NotifySender Notify { get; init; } = new(null);

    /// <summary>Between two signs of life; zero: none are wanted.</summary>
    internal TimeSpan Heartbeat { get; init; }

    /// <summary>What happens is said on stderr.</summary>
    internal bool Debugs { get; init; }

    /// <summary>At QUIT the master is to look at our threads before we drain.</summary>
    internal bool DumpsAtQuit { get; init; }

    /// <summary>To be removed at the end, for a worker that has no master to do it.</summary>
    internal IReadOnlyList<OwnFile> Files { get; init; } = [];

    /// <summary>The path by which Data Protection knows the application; null: the directory that this process starts in.</summary>
    internal string? Identity { get; init; }

    /// <summary>
    /// Reads the settings, gives the changed variables their old values back and makes the descriptors close-on-exec. The
    /// first act in the process: from here on neither the application nor any child of it sees anything of ours.
    /// </summary>
    /// <exception cref="OperatorException">A variable is missing or malformed, or a descriptor is not open.</exception>
    internal static WorkerSettings Take()
    {
        var settings = new WorkerSettings(
            ReadListeners(),
            (int)ReadNumber(EnvironmentNames.ControlFd),
            ReadScoreboard(),
            ReadLoop(),
            (int)ReadNumber(EnvironmentNames.Loops, 1),
            (int)ReadNumber(EnvironmentNames.MaxThreads, 256),
            TimeSpan.FromMilliseconds(ReadNumber(EnvironmentNames.GracefulTimeout)),
            TimeSpan.FromMilliseconds(ReadNumber(EnvironmentNames.DrainKeepAlive)),
            ReadHttp(),
            ReadTls())
        {
            MaxRequests = ReadNumberOrZero(EnvironmentNames.MaxRequests),
            Logs = new WorkerLogs(ReadAccessLog()),
            ReadyPath = Read(EnvironmentNames.ReadyPath),
            WarmUpPaths = (Read(EnvironmentNames.WarmUp) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries),
            AnsweredPaths = Read(EnvironmentNames.WarmUpCount) is null ? null : new AnsweredPaths(),
            WarmUpTime = TimeSpan.FromMilliseconds(ReadNumberOrZero(EnvironmentNames.WarmUpTime)),
            Notify = new NotifySender(Read(EnvironmentNames.Notify)),
            Heartbeat = TimeSpan.FromMilliseconds(ReadNumberOrZero(EnvironmentNames.Heartbeat)),
            Identity = Read(EnvironmentNames.Identity),
            Debugs = Read(EnvironmentNames.Debug) is not null,
            DumpsAtQuit = Read(EnvironmentNames.Quit) == EnvironmentNames.QuitDump,
            Files = ReadFiles(),
        };
        // Open for as long as the process lives, and nobody else's: that is all there is to do for it.
        foreach (var fd in (Read(EnvironmentNames.Held) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
            Keep(int.TryParse(fd, NumberStyles.None, CultureInfo.InvariantCulture, out var held) ? held : throw Malformed(EnvironmentNames.Held, $"'{fd}' is not a number"));
        RestoreChanged();
        foreach (var name in EnvironmentNames.WorkerPrivate.Concat(EnvironmentNames.NeverForApplications)) Put(name, null);
        foreach (var fd in settings.Listeners.Select(l => l.Fd).Append(settings.ControlFd)) Keep(fd);
        return settings;
    }

    private static IReadOnlyList<WorkerListener> ReadListeners()
    {
        try
        {
            return WorkerListener.Parse(Read(EnvironmentNames.Listen) ?? "");
        }
        catch (FormatException error)
        {
            throw Malformed(EnvironmentNames.Listen, error.Message);
        }
    }

    // A master without a place for us leaves it out; the figures are kept all the same, where nobody reads them.
    private static ScoreboardPlace ReadScoreboard()
    {
        if (Read(EnvironmentNames.Scoreboard) is not { } value) return new ScoreboardPlace(Shared.Contract.Scoreboard.Create(1), 0);
        var parts = value.Split(':');
        if (parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var fd)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var place))
        {
            Keep(fd);
            return new ScoreboardPlace(Shared.Contract.Scoreboard.Open(fd, place), place);
        }
        throw Malformed(EnvironmentNames.Scoreboard, $"'{value}' is not a descriptor and a place");
    }

    private static HttpSettings ReadHttp()
    {
        try
        {
            return HttpSettings.Parse(Read(EnvironmentNames.Http) ?? "");
        }
        catch (FormatException error)
        {
            throw Malformed(EnvironmentNames.Http, error.Message);
        }
    }

    private static TlsFiles? ReadTls()
    {
        if (Read(EnvironmentNames.Tls) is null) return null;
        using var memory = new FileDescriptor((int)ReadNumber(EnvironmentNames.Tls));
        return TlsFiles.Read(memory.Number);
    }

    private static AccessLogWriter? ReadAccessLog()
    {
        if (Read(EnvironmentNames.AccessLog) is null) return null;
        var fd = (int)ReadNumber(EnvironmentNames.AccessLog);
        // Standard output stays what it is, for the application's children too.
        if (fd > 2) Keep(fd);
        try
        {
            return new AccessLogWriter(fd, Read(EnvironmentNames.AccessLogFormat) ?? AccessLogFormat.Combined, (int)ReadNumberOrZero(EnvironmentNames.WorkerSlot))
            {
                Buffer = ReadAccessLogBuffer(fd),
            };
        }
        catch (FormatException error)
        {
            throw Malformed(EnvironmentNames.AccessLogFormat, error.Message);
        }
    }

    private static LogBuffer? ReadAccessLogBuffer(int fd)
    {
        if (Read(EnvironmentNames.AccessLogBuffer) is not { } value) return null;
        var parts = value.Split(':');
        return parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
                ? new LogBuffer(fd, size, milliseconds)
                : throw Malformed(EnvironmentNames.AccessLogBuffer, $"'{value}' is not a size and a time");
    }

    private static IReadOnlyList<OwnFile> ReadFiles()
    {
        try
        {
            return OwnFile.Parse(Read(EnvironmentNames.Files) ?? "");
        }
        catch (FormatException error)
        {
            throw Malformed(EnvironmentNames.Files, error.Message);
        }
    }

    private static LoopMode ReadLoop() => Read(EnvironmentNames.Loop) switch
    {
        null or "inline" => LoopMode.Inline,
        "pool" => LoopMode.Pool,
        var other => throw Malformed(EnvironmentNames.Loop, $"'{other}' is neither 'pool' nor 'inline'"),
    };

    // Left out by masters that do not know it.
    private static long ReadNumber(string name, long @default) => Read(name) is null ? @default : ReadNumber(name);

    private static long ReadNumber(string name) =>
        long.TryParse(Read(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Malformed(name, $"'{Read(name)}' is not a number");

    private static long ReadNumberOrZero(string name) => Read(name) is null ? 0 : ReadNumber(name);

    private static OperatorException Malformed(string name, string why) =>
        new($"malformed {name}: {why}; start the application with the starletnet command", ExitCodes.Failure);

    private static void RestoreChanged()
    {
        foreach (var name in (Read(EnvironmentNames.Restore) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            Put(name, Read(EnvironmentNames.SavedPrefix + name));
            Put(EnvironmentNames.SavedPrefix + name, null);
        }
    }

    private static void Keep(int fd)
    {
        if (!FileDescriptor.IsOpen(fd))
            throw new OperatorException($"descriptor {fd} is not open; start the application with the starletnet command", ExitCodes.Failure);
        FileDescriptor.SetCloseOnExec(fd);
    }

    private static string? Read(string name) => Environment.GetEnvironmentVariable(name);

    // Twice, because .NET works on a copy: its own children get the copy, those of native libraries get libc's.
    private static void Put(string name, string? value)
    {
        Environment.SetEnvironmentVariable(name, value);
        if (value is null) _ = LibC.unsetenv(name);
        else _ = LibC.setenv(name, value, 1);
    }
}
