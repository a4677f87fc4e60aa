namespace StarletNet.TestKit;

/// <summary>Surroundings of a program under test.</summary>
public sealed record ProgramOptions
{
    /// <summary>
    /// Variables on top of a short list taken from the test's own environment (PATH, HOME …), so that no variable of the
    /// test runner reaches the program.
    /// </summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Default: the test's own.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Descriptors of the test process that the program finds open, as (ours, number in the program).</summary>
    public IReadOnlyList<(int Ours, int Theirs)> Descriptors { get; init; } = [];

    /// <summary>Printed with every failed wait.</summary>
    public string? StatusFile { get; init; }

    /// <summary>Give the program a pipe as standard input, to be ended by <see cref="ProgramUnderTest.EndInput"/>; else /dev/null.</summary>
    public bool PipeInput { get; init; }
}
