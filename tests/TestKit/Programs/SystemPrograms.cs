using CliWrap;
using CliWrap.Buffered;

namespace StarletNet.TestKit;

/// <summary>Programs of the system, found in PATH.</summary>
public static class SystemPrograms
{
    /// <summary>Full path, or null when it is not installed.</summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(d => d.Length > 0)
            .Select(d => Path.Combine(d, name)).FirstOrDefault(File.Exists);

    /// <summary>Runs a tool to its end, for its output and exit code. What is tested itself is a <see cref="ProgramUnderTest"/>.</summary>
    public static Task<BufferedCommandResult> RunAsync(string name, params string[] arguments) => RunAsync(Deadlines.Event, name, arguments);

    /// <inheritdoc cref="RunAsync(string, string[])"/>
    /// <exception cref="OperationCanceledException">It did not end within <paramref name="limit"/> and was killed.</exception>
    public static async Task<BufferedCommandResult> RunAsync(TimeSpan limit, string name, params string[] arguments)
    {
        using var deadline = new CancellationTokenSource(limit);
        CommandTask<BufferedCommandResult> run;
        lock (Spawn.Gate) run = Cli.Wrap(name).WithArguments(arguments).WithValidation(CommandResultValidation.None).ExecuteBufferedAsync(deadline.Token);
        return await run;
    }
}
