namespace StarletNet.Shared.Interop;

/// <summary>A system call failed in a place where no operator's input can be the reason; carries the call and errno.</summary>
internal sealed class SystemCallException(string call, Errno errno) : Exception($"{call}: {errno.Text}")
{
    internal string Call { get; } = call;

    internal Errno Errno { get; } = errno;

    /// <summary>From errno of the call just made.</summary>
    internal static SystemCallException Of(string call) => new(call, Errno.Last);
}
