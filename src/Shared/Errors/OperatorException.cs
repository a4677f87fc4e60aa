namespace StarletNet.Shared.Errors;

/// <summary>
/// Something the operator can put right. The message is one line, without the program's name: what failed, on what, the
/// system's reason, what to try. It is printed to stderr as it stands and the program ends with <see cref="ExitCode"/>.
/// </summary>
internal sealed class OperatorException(string message, int exitCode) : Exception(message)
{
    internal int ExitCode { get; } = exitCode;

    /// <summary>The same would fail in the same way again, without anybody's doing: files are missing, a runtime is not installed.</summary>
    internal bool IsLasting { get; init; }
}
