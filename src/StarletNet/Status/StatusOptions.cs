using System.Globalization;
using StarletNet.Master.Options;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Status;

/// <summary>What was asked of <c>starletnet status</c>.</summary>
/// <param name="Pid">Of the master; null: not said.</param>
/// <param name="Socket">Of the master; null: the one of its pid.</param>
/// <param name="Watch">Between two looks; null: one look.</param>
internal sealed record StatusOptions(int? Pid, string? Socket, bool Json, TimeSpan? Watch)
{
    private const string PidName = "pid", StatusSocket = Options.Sections.ObservingOptions.StatusSocket, AsJson = "json", Watching = "watch", Interval = "interval";

    internal const string Help = "help";

    internal static readonly IReadOnlyList<Option> Table =
    [
        new(PidName, ValueForm.Text, "The master whose pid is in that file.") { Aliases = ["pid-file"], ValueName = "FILE" },
        new(StatusSocket, ValueForm.Text, "The master that was given the same option.") { ValueName = "SOCKET", EnvironmentTwin = MasterOption.Twin(StatusSocket) },
        new(AsJson, ValueForm.Switch, "Print one line of JSON instead of a table."),
        new(Watching, ValueForm.Switch, "Look again and again until interrupted: on a terminal in place, elsewhere one after the other.") { Aliases = ["w"] },
        new(Interval, ValueForm.Text, "Time between two looks.") { Aliases = ["i"], ValueName = "TIME", Default = "1" },
        new(Help, ValueForm.Switch, "Show this text.") { Aliases = ["h"] },
    ];

    /// <exception cref="OperatorException">It cannot be read; <see cref="ExitCodes.Usage"/>.</exception>
    internal static StatusOptions Read(ParsedCommandLine given, Func<string, string?> environment)
    {
        var pid = given.Rest switch
        {
            [] => null,
            [var word] when int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 => (int?)number,
            [var word, ..] => throw Bad($"'{word}' is not a pid; write starletnet status [PID] [options]"),
        };
        if (given[PidName] is { } file) pid = pid is null ? ReadPid(file) : throw Bad("there are two pids; give one, or --pid FILE");
        var named = given[StatusSocket];
        if (named is not null && pid is not null) throw Bad("there are a pid and a socket; give one of them");
        // What the environment says is weaker than any word on the command line.
        var inherited = pid is null && environment(MasterOption.Twin(StatusSocket)) is { Length: > 0 } and not ObservingChoices.None and var twin ? twin : null;
        return new StatusOptions(pid, named ?? inherited, given.IsOn(AsJson), ReadWatch(given));
    }

    private static TimeSpan? ReadWatch(ParsedCommandLine given)
    {
        if (given[Interval] is not { } text) return given.IsOn(Watching) ? TimeSpan.FromSeconds(1) : null;
        return Duration.TryParse(text, out var time) && time >= TimeSpan.FromMilliseconds(100)
            ? time
            : throw Bad($"option --interval: '{text}' is not a time of at least 0.1 s");
    }

    private static int ReadPid(string file)
    {
        // Not by .NET's file, which respects the lock that its owner holds for life. Whether anybody is there the socket will tell.
        var number = LibC.open(file, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        if (number < 0)
        {
            throw Errno.Last == Errno.ENOENT
                ? new OperatorException($"no starletnet is there: {file} does not exist", ExitCodes.NoServer)
                : new OperatorException($"cannot read {file}: {Errno.Last}", ExitCodes.Failure);
        }
        using var opened = new FileDescriptor(number);
        return Shared.Files.PidFile.ReadPid(number) ?? throw Bad($"option --pid: there is no pid in {file}");
    }

    private static OperatorException Bad(string message) => new(message, ExitCodes.Usage);
}
