using StarletNet.Shared.Files;
using StartServer.CommandLine;

namespace StartServer.Generations;

/// <summary>The program, its arguments and its directory as the command line names them: looked up anew each time, because links are switched.</summary>
/// <param name="options">The command line.</param>
/// <param name="environment">Has the program's own PATH.</param>
/// <param name="startedIn">By which link start_server's own directory was given; null for none.</param>
internal sealed class NamedProgram(StartServerOptions options, ProgramEnvironment environment, string? startedIn)
{
    /// <summary>Where it starts, whole and with its links, which the child follows; null: where we are.</summary>
    internal string? Directory { get; } = options.Directory is { } directory ? Path.Combine(startedIn ?? CurrentDirectory, directory) : startedIn;

    internal IReadOnlyList<string> Words => options.Program;

    /// <summary>Where all of it leads now.</summary>
    internal Origin Now => Origin.Find(Words, Directory, Searched);

    /// <summary>Why it cannot be started as it is; null if it seems that it can.</summary>
    internal string? WhyNot => Origin.WhyNot(Words, Directory, options.Directory ?? Directory, Searched);

    private string? Searched => environment.Variables().GetValueOrDefault("PATH");

    /// <summary>Empty where it has been removed; relative paths are left to the kernel then.</summary>
    private static string CurrentDirectory => RealPath.Of(".") ?? "";
}
