using StarletNet.Master.Stacks;
using StarletNet.Master.Status;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;

namespace StarletNet.Master.Options;

/// <summary>
/// A first word that is no application but what is written to other programs as a command: <c>help</c>, <c>stop</c>, or a misspelt <c>status</c>. It is
/// answered before anything is looked for under that name. A file or directory of that name is an application as ever.
/// </summary>
internal static class FirstWord
{
    private const string Stop = "starletnet has no such command: send TERM to the master (starletnet status shows its pid), or, under start_server, use start_server --stop",
        Reload = "starletnet has no such command: send HUP to the master (starletnet status shows its pid), or, under start_server, deploy with start_server --restart",
        Start = "the application comes first: starletnet [options] app.dll";

    private static readonly (string Word, string Answer)[] Commands =
    [
        (StatusCommand.Name, "write starletnet status [PID]"),
        (StacksCommand.Name, "write starletnet stacks PID"),
        ("help", "write starletnet --help"),
        ("version", "write starletnet --version"),
        ("stop", Stop), ("quit", Stop), ("restart", Reload), ("reload", Reload), ("reopen", "starletnet has no such command: send USR2 to the master (starletnet status shows its pid)"),
        ("start", Start), ("serve", Start), ("run", Start),
        ("check", "write starletnet --check-config, or starletnet --explain app.dll"),
        ("explain", "write starletnet --explain app.dll"),
    ];

    /// <param name="word">The first word that is no option.</param>
    /// <param name="directory">Where an application of that name would be.</param>
    /// <exception cref="OperatorException">It is, or may be meant as, a command.</exception>
    internal static void RefuseCommand(string word, string directory)
    {
        // A name with a point or a slash is meant as a file's.
        if (word.AsSpan().ContainsAny('.', '/') || Path.Exists(Path.Combine(directory, word))) return;
        if (Commands.FirstOrDefault(command => command.Word == word) is { Answer: { } answer }) throw Refused(word, answer);
        if (Commands.FirstOrDefault(command => IsSlip(word, command.Word)) is { Word: { } meant, Answer: { } said }) throw Refused(word, $"if {meant} is meant, {said}");
    }

    // One edit; of a short word only two letters that have changed places: "shop" is an application that is missing, not "stop".
    private static bool IsSlip(string written, string command) =>
        Spelling.Distance(written, command) == 1 && (written.Length > 4 || written.Order().SequenceEqual(command.Order()));

    private static OperatorException Refused(string word, string answer) => new($"there is no application '{word}'; {answer}", ExitCodes.Usage);
}
