using System.Globalization;
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
    /// <summary>
    /// How long from now until we must be ready, less what it takes to say why we are not: look at the stacks of a worker that hangs, and end.
    /// </summary>
    /// <param name="environment">Reads a variable.</param>
    /// <param name="age">So long we have been running: a build, or a copy, may have taken its time.</param>
    /// <returns>Null: there is no limit.</returns>
    internal static TimeSpan? ReadyWithin(Func<string, string?> environment, TimeSpan age)
    {
        if (!int.TryParse(environment(EnvironmentNames.StartServerReadyTimeout), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds == 0) return null;
        var all = TimeSpan.FromSeconds(seconds);
        var reserve = all / 5 < LongestReserve ? all / 5 : LongestReserve;
        return all - reserve - age is { Ticks: > 0 } left ? left : TimeSpan.FromSeconds(0.1);
    }

    private static readonly TimeSpan LongestReserve = TimeSpan.FromSeconds(5);

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
