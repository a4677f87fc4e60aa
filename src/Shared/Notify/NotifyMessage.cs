namespace StarletNet.Shared.Notify;

/// <summary>One sd_notify(3) datagram: assignments, one a line, and who sent them.</summary>
/// <param name="Pid">From the kernel, not from the sender; 0 if the sender is in another pid namespace.</param>
/// <param name="Uid">From the kernel.</param>
internal sealed record NotifyMessage(string Text, int Pid, uint Uid)
{
    /// <summary>The value of the last assignment to <paramref name="name"/>, or null.</summary>
    internal string? this[string name] =>
        Text.Split('\n').LastOrDefault(line => line.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    internal bool IsReady => this["READY"] == "1";
}
