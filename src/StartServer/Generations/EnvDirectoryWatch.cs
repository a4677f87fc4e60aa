using StarletNet.Shared.Interop;

namespace StartServer.Generations;

/// <summary>
/// Wakes us when something in the envdir changes (inotify(7)), so that a policy given there takes effect at once and not at the
/// next signal. Only a wake-up: what has changed is found out by reading. Where the kernel offers none (a network file system,
/// no watches left), the envdir is still read whenever anything else happens.
/// </summary>
internal sealed unsafe class EnvDirectoryWatch : IDisposable
{
    private static readonly uint Changes = LibC.IN_CLOSE_WRITE | LibC.IN_CREATE | LibC.IN_DELETE | LibC.IN_MOVED_FROM | LibC.IN_MOVED_TO | LibC.IN_ATTRIB
        | LibC.IN_DELETE_SELF | LibC.IN_MOVE_SELF | LibC.IN_ONLYDIR;

    private readonly string _directory;
    private int _watched = -1;

    private EnvDirectoryWatch(string directory, FileDescriptor descriptor)
    {
        _directory = directory;
        Descriptor = descriptor;
    }

    internal FileDescriptor Descriptor { get; }

    /// <returns>Null where the kernel offers none.</returns>
    internal static EnvDirectoryWatch? Open(string directory)
    {
        var number = LibC.inotify_init1(LibC.IN_CLOEXEC | LibC.IN_NONBLOCK);
        return number < 0 ? null : new EnvDirectoryWatch(directory, new FileDescriptor(number));
    }

    /// <summary>To be called before each reading: takes what was reported, and watches what the path leads to by now.</summary>
    internal void Renew()
    {
        var buffer = stackalloc byte[4096];
        while (LibC.read(Descriptor.Number, buffer, 4096) > 0) { }
        var watched = LibC.inotify_add_watch(Descriptor.Number, _directory, Changes);
        // A link that leads elsewhere by now: what happens where it led before is nothing to us.
        if (_watched >= 0 && watched != _watched) LibC.inotify_rm_watch(Descriptor.Number, _watched);
        _watched = watched;
    }

    public void Dispose() => Descriptor.Dispose();
}
