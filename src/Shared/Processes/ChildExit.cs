namespace StarletNet.Shared.Processes;

/// <summary>How a child ended: the wait status, what it used, and why its program never ran, if it did not.</summary>
/// <param name="RawStatus">As wait(2) reports it: exit code 1 is 256, death by TERM is 15. This is what Server::Starter logs.</param>
/// <param name="Usage">Processor time and peak memory of the child and those of its own children that it has waited for.</param>
/// <param name="LaunchFailure">Set when the child could not change directory or execute its program.</param>
internal readonly record struct ChildExit(int RawStatus, ChildUsage Usage = default, LaunchFailure? LaunchFailure = null)
{
    internal bool IsSignal => (RawStatus & 0x7f) != 0;

    /// <summary>Exit code; meaningless if <see cref="IsSignal"/>.</summary>
    internal int Code => (RawStatus >> 8) & 0xff;

    /// <summary>The signal that ended it; meaningless unless <see cref="IsSignal"/>.</summary>
    internal Signal Signal => new(RawStatus & 0x7f);

    internal bool IsSuccess => RawStatus == 0;

    /// <summary><c>exit code 1</c> or <c>signal KILL</c>.</summary>
    public override string ToString() => IsSignal ? $"signal {Signal}" : $"exit code {Code}";
}

/// <summary>From wait4(2)'s rusage.</summary>
internal readonly record struct ChildUsage(TimeSpan User, TimeSpan System, long MaximumResidentKiB);
