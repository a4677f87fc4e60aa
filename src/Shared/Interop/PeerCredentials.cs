namespace StarletNet.Shared.Interop;

/// <summary>Who is at the other end of a Unix socket, by the kernel's word (SO_PEERCRED).</summary>
/// <param name="Pid">0 for one whom our pid namespace does not know.</param>
internal readonly record struct PeerCredentials(int Pid, uint Uid)
{
    /// <summary>They could send us signals, too.</summary>
    internal bool IsOurs => Uid == 0 || Uid == LibC.geteuid();

    /// <summary>False for processes of containers inside ours as well, although we see those.</summary>
    internal bool IsOfOurPidNamespace => Pid > 0 && FileIdentity.OfTarget($"/proc/{Pid}/ns/pid") is { } theirs && theirs == FileIdentity.OfTarget("/proc/self/ns/pid");

    internal static unsafe PeerCredentials Of(int socket)
    {
        // struct ucred: pid, uid, gid.
        var credentials = stackalloc uint[3];
        socklen_t length = 3 * sizeof(uint);
        return LibC.getsockopt(socket, LibC.SOL_SOCKET, LibC.SO_PEERCRED, credentials, &length) == 0
            ? new PeerCredentials((int)credentials[0], credentials[1])
            : new PeerCredentials(0, uint.MaxValue);
    }
}
