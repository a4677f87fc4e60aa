using StarletNet.Master.Output;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Master;

/// <summary>
/// The start_server that started us. Should it die, nobody would ever stop us, and the next one could not have the port: so we
/// drain and go. Watched by pidfd, which knows the process and not its number.
/// </summary>
internal sealed record Superdaemon(int Pid, FileDescriptor Descriptor)
{
    /// <returns>Null when we are not under one, or cannot watch it.</returns>
    internal static Superdaemon? Find(Func<string, string?> environment, MasterLog log)
    {
        // Empty counts too: a start_server without ports.
        if (environment(EnvironmentNames.ServerStarterPort) is null) return null;
        // Its operator wants us to serve on without it.
        if (environment(EnvironmentNames.StartServerOrphans) == EnvironmentNames.OrphansKeep) return null;
        while (true)
        {
            var parent = LibC.getppid();
            var descriptor = LibC.pidfd_open(parent);
            if (descriptor < 0)
            {
                // It died this moment and we have a new parent; or the kernel has no pidfds.
                if (LibC.getppid() != parent) continue;
                log.CannotWatchSuperdaemon(Errno.Last.Text);
                return null;
            }
            // Still our parent, so the number was still its own when we opened it. One that died before we were here is not to
            // be noticed: whoever adopted us then is watched in its place.
            if (LibC.getppid() == parent) return new Superdaemon(parent, new FileDescriptor(descriptor));
            LibC.close(descriptor);
        }
    }
}
