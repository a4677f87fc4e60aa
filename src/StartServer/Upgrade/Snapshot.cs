using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;
using StartServer.Control;
using StartServer.Generations;
using StartServer.Listeners;
using StartServer.Output;
using StartServer.Supervision;

namespace StartServer.Upgrade;

/// <summary>
/// What the program that takes our place has to know in order to go on where we stopped; everything else it finds as we did: on the
/// command line, in the environment, in files. Each record has one place here. What is added to a record must be added here too
/// (SnapshotTests notices), and <see cref="Format"/> raised.
/// </summary>
internal sealed record Snapshot
{
    /// <summary>Raised whenever a program that knows only the one before it would go wrong with it.</summary>
    private const int Format = 3;

    private const string Title = "start_server snapshot ";

    /// <summary>Of the program that wrote it, for people.</summary>
    internal required string Version { get; init; }

    internal required SupervisionSnapshot Supervision { get; init; }

    internal required IReadOnlyList<KeptListener> Listeners { get; init; }

    /// <summary>How long their queues may be.</summary>
    internal required int Backlog { get; init; }

    /// <summary>See <see cref="HeldOptions"/>.</summary>
    internal required IReadOnlyList<string> Held { get; init; }

    /// <summary>Null if the command line is what it was, and no change of it is under way.</summary>
    internal required CommandLineChange? Change { get; init; }

    /// <summary>By which link start_server's directory was given at its start; null for none. The link may lead elsewhere by now.</summary>
    internal required string? StartedIn { get; init; }

    /// <summary>The descriptor that has the lock; null without <c>--pid-file</c>.</summary>
    internal required int? PidFile { get; init; }

    /// <summary>What the status file was when it was written last; null if it never was.</summary>
    internal required FileIdentity? StatusFile { get; init; }

    /// <summary>Null unless the log is a command.</summary>
    internal required KeptLogPipe? LogPipe { get; init; }

    internal required IReadOnlyList<KeptOutput> Output { get; init; }

    internal required KeptControl Control { get; init; }

    /// <param name="descriptors">Those that must stay open in the exec.</param>
    internal string Write(out IReadOnlyList<int> descriptors)
    {
        var fields = new FieldWriter();
        Exchange(fields, this);
        descriptors = fields.Descriptors;
        return $"{Title}{Format}\n{fields.Lines}";
    }

    /// <param name="text">What <see cref="Write"/> made, perhaps that of another version.</param>
    /// <param name="descriptors">Those that were kept open in the exec.</param>
    /// <exception cref="SnapshotException">This version cannot go on from there; nothing has been touched.</exception>
    internal static Snapshot Read(string text, out IReadOnlyList<int> descriptors)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0 || lines[0] != $"{Title}{Format}")
            throw new SnapshotException($"the running start_server leaves a '{lines.FirstOrDefault()}', and this one takes over only from a '{Title}{Format}'");
        var fields = new FieldReader(lines[1..]);
        var snapshot = Exchange(fields, null);
        fields.RefuseRest();
        descriptors = fields.Descriptors;
        return snapshot;
    }

    private static Snapshot Exchange(Fields f, Snapshot? given) => new()
    {
        Version = f.Text("version", given?.Version),
        Supervision = f.Record("supervision", given?.Supervision, SupervisionRecords.Supervision),
        Listeners = f.List("listener", given?.Listeners, ListenerOf),
        Backlog = f.Number("backlog", given?.Backlog),
        Held = f.Texts("held", given?.Held),
        Change = f.Optional("change", given?.Change, ChangeOf),
        StartedIn = f.Optional("started-in", given?.StartedIn),
        PidFile = f.OptionalDescriptor("pid-file", given?.PidFile),
        StatusFile = f.Optional("status-file", given?.StatusFile),
        LogPipe = f.Optional("log-pipe", given?.LogPipe, LogPipeOf),
        Output = f.List("output", given?.Output, OutputOf),
        Control = f.Record("control", given?.Control, ControlOf),
    };

    private static KeptListener ListenerOf(Fields f, KeptListener? given) => new(
        new Listener(f.Text("name", given?.Listener.Name), f.Descriptor("fd", given?.Listener.Fd))
        {
            Promised = f.Flag("promised", given?.Listener.Promised),
            AnyPort = f.Flag("any-port", given?.Listener.AnyPort),
            SystemdName = f.Optional("systemd-name", given?.Listener.SystemdName),
        },
        f.Optional("file", given?.File, SocketFile),
        f.Flag("removed", given?.Removed));

    private static CommandLineChange ChangeOf(Fields f, CommandLineChange? given) => new(
        (ChangePhase)f.Number("phase", (int?)given?.Phase),
        f.Long("request", given?.Request),
        f.Number("attempts", given?.Attempts),
        [.. f.Texts("former", given is null ? null : [.. given.Former.Select(word => CommandWords.Encode([word]))]).Select(word => CommandWords.Decode(word)[0])]);

    private static SocketName SocketFile(Fields f, SocketName? given) => new(f.Text("path", given?.Path), f.Optional("identity", given?.Identity));

    private static KeptLogPipe LogPipeOf(Fields f, KeptLogPipe? given) => new()
    {
        Read = f.Descriptor("read-fd", given?.Read),
        Write = f.Descriptor("write-fd", given?.Write),
        Stdout = f.Descriptor("stdout-fd", given?.Stdout),
        Stderr = f.Descriptor("stderr-fd", given?.Stderr),
        Logger = f.Optional("logger", given?.Logger),
        Age = f.Time("age", given?.Age),
        Failures = f.Number("failures", given?.Failures),
        Dropped = f.Long("dropped", given?.Dropped),
        RestartIn = f.Time("restart-in", given?.RestartIn),
        Waiting = f.Texts("waiting", given?.Waiting),
    };

    private static KeptOutput OutputOf(Fields f, KeptOutput? given) => new(
        f.Number("generation", given?.Generation),
        f.OptionalDescriptor("pipe", given?.Pipe),
        f.Flag("forgotten", given?.Forgotten),
        f.Texts("line", given?.Lines),
        f.Optional("file", given?.File),
        f.Long("size", given?.Size));

    private static KeptControl ControlOf(Fields f, KeptControl? given) => new(
        f.List<KeptDoor>("door", given?.Doors, (door, one) => new(door.Descriptor("fd", one?.Socket), door.Optional("file", one?.File, SocketFile))),
        f.Long("last-request", given?.LastRequest),
        f.List("client", given?.Clients, Client));

    private static KeptClient Client(Fields f, KeptClient? given) => new(
        f.Descriptor("fd", given?.Socket),
        f.Optional("request", given?.Request),
        f.Long("number", given?.Number),
        f.Text("received", given?.Received));
}

/// <summary>The supervisor's part.</summary>
/// <param name="Now">Its clock, from which all times in the state count.</param>
/// <param name="Generations">All that are alive, as processes.</param>
/// <param name="Timers">All that are set.</param>
internal sealed record SupervisionSnapshot(
    TimeSpan Now, SupervisorState State, IReadOnlyList<KeptGeneration> Generations, IReadOnlyList<RunningTimer> Timers);

internal sealed record KeptGeneration(
    int Number, int Pid, TimeSpan Age, int NotifySocket, string NotifyAddress, ServedRelease Release, string? Reason, bool IsUnchanged);

internal sealed record RunningTimer(TimerEvent Event, TimeSpan Remaining);
