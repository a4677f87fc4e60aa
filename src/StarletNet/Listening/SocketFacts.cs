using StarletNet.Shared.Interop;

namespace StarletNet.Master.Listening;

/// <summary>What the kernel says about a descriptor somebody else opened.</summary>
internal static unsafe class SocketFacts
{
    /// <summary>SO_TYPE; null if it is no socket.</summary>
    internal static int? Type(int fd) => Option(fd, LibC.SO_TYPE);

    internal static bool IsListening(int fd) => Option(fd, LibC.SO_ACCEPTCONN) == 1;

    private static int? Option(int fd, int option)
    {
        int value;
        uint length = sizeof(int);
        return LibC.getsockopt(fd, LibC.SOL_SOCKET, option, &value, &length) == 0 ? value : null;
    }
}
