using System.Globalization;
using StarletNet.Shared.Errors;
using StartServer.CommandLine;

namespace StartServer.Upgrade;

/// <summary>
/// What start_server itself holds for its whole life, and what running generations hold of it: its files, its log, the bond of generations
/// to it. A new command line may change everything else.
/// </summary>
internal static class HeldOptions
{
    internal static IReadOnlyList<string> Of(StartServerOptions options) =>
    [
        Line(OptionTable.PidFile, FullPath(options.PidFile)),
        Line(OptionTable.StatusFile, FullPath(options.StatusFile)),
        Line(OptionTable.Control, FullPath(options.Control)),
        Line(OptionTable.LogFile, options.LogCommand?.Text ?? FullPath(options.LogFile)),
        Line(OptionTable.Orphans, options.OrphansStop ? "stop" : "keep"),
    ];

    /// <exception cref="OperatorException">One is another than it was.</exception>
    internal static void RefuseChange(IReadOnlyList<string> before, StartServerOptions options)
    {
        var now = Of(options);
        if (now.Zip(before).FirstOrDefault(pair => pair.First != pair.Second) is not ({ } wanted, { } held)) return;
        throw new OperatorException(string.Create(CultureInfo.InvariantCulture,
            $"--{wanted.Split('=')[0]} cannot be changed while start_server runs: it is '{Value(held)}', and was to be '{Value(wanted)}'"), ExitCodes.StartServerUsage);
    }

    private static string Line(string option, string? value) => $"{option}={value}";

    private static string Value(string line) => line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..];

    private static string? FullPath(string? path) => path is null ? null : Path.GetFullPath(path);
}
