namespace StarletNet.TestKit;

/// <summary>How a program ended: an exit code, or the signal that killed it.</summary>
public sealed record ProgramExit(int? Code, int? Signal)
{
    internal static ProgramExit FromWaitStatus(int status) =>
        (status & 0x7f) == 0 ? new ProgramExit((status >> 8) & 0xff, null) : new ProgramExit(null, status & 0x7f);

    public override string ToString() => Code is { } code ? $"exit code {code}" : $"killed by signal {Signal}";
}
