using System.Text;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Files;

/// <summary>
/// open(2) by root for a service that is about to become another user, to whom the directory, or one above it, may belong: had that user put
/// a link there, root would write to whatever it leads to. So a link, at any place of the path or of what another link leads to, is followed only
/// if it is root's own, as /var/run is. The path is walked by descriptor: what is changed behind us has no effect.
/// </summary>
/// <remarks>openat2(2) with RESOLVE_NO_SYMLINKS is too strict, and needs Linux 5.6.</remarks>
internal static class GuardedOpen
{
    private const int Mode = 0x1b6; // 0666 less the umask

    /// <summary>As many as the kernel follows in one path (path_resolution(7)).</summary>
    private const int MostLinks = 40;

    /// <param name="path">Of the file.</param>
    /// <param name="flags">As of open(2).</param>
    /// <param name="guarded">False: links are followed as ever.</param>
    /// <param name="error">Why it cannot be opened: ELOOP for a link that is not followed.</param>
    /// <returns>The descriptor, or below 0.</returns>
    internal static int Open(string path, int flags, bool guarded, out Errno error)
    {
        if (guarded && path.AsSpan().TrimStart('/').Length > 0)
        {
            using var walk = new Walk(flags);
            return walk.Open(path, out error);
        }
        var number = LibC.open(path, flags, Mode);
        error = Errno.Last;
        return number;
    }

    /// <summary>The reason, for people.</summary>
    internal static string Why(Errno error) => error == Errno.ELOOP ? $"{error}; with --user and --group only root's own links are followed" : error.Text;

    private sealed class Walk(int flags) : IDisposable
    {
        private readonly Stack<string> _names = new();
        private FileDescriptor? _here;
        private int _links;

        internal int Open(string path, out Errno error)
        {
            error = Errno.None;
            Push(path);
            while (_names.TryPop(out var name))
            {
                var last = _names.Count == 0;
                var next = Step(name, (last ? flags : Directory) | LibC.O_NOFOLLOW, out error);
                // The second is said of a link, too, where there is to be a directory.
                if (next < 0 && (error == Errno.ELOOP || error == Errno.ENOTDIR)) next = Follow(name, last, ref error);
                if (next == Pushed) continue;
                if (last || next < 0) return next;
                Enter(next);
            }
            error = Errno.EISDIR;
            return -1;
        }

        public void Dispose() => _here?.Dispose();

        private const int Pushed = int.MaxValue;

        private static int Directory => LibC.O_PATH | LibC.O_DIRECTORY | LibC.O_CLOEXEC;

        private int Here => _here?.Number ?? LibC.AT_FDCWD;

        private int Step(string name, int how, out Errno error)
        {
            var number = LibC.openat(Here, name, how, Mode);
            error = Errno.Last;
            return number;
        }

        private void Enter(int directory)
        {
            _here?.Dispose();
            _here = new FileDescriptor(directory);
        }

        // What comes first is on top. A slash at the end wants a directory, as "." does.
        private void Push(string path)
        {
            if (path.EndsWith('/')) _names.Push(".");
            foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse()) _names.Push(name);
            if (path[0] == '/') Enter(LibC.open("/", Directory, 0));
        }

        /// <returns>A descriptor, -1, or <see cref="Pushed"/>: the way goes on where the link leads.</returns>
        private int Follow(string name, bool last, ref Errno error)
        {
            var number = LibC.openat(Here, name, LibC.O_PATH | LibC.O_NOFOLLOW | LibC.O_CLOEXEC, 0);
            if (number < 0) return number;
            using var link = new FileDescriptor(number);
            if (FileIdentity.Of(number) is not { IsLink: true }) return -1;
            // /proc/self/fd/2: the kernel's own links lead where no path does, and nobody else can make one there.
            if (FileIdentity.IsOnProc(number)) return Step(name, last ? flags : Directory, out error);
            error = Errno.ELOOP;
            if (FileIdentity.OwnerOf(number) != LibC.geteuid() || ++_links > MostLinks || TargetOf(number) is not { Length: > 0 } target) return -1;
            Push(target);
            return Pushed;
        }

        private static unsafe string? TargetOf(int link)
        {
            const int Longest = 4096; // PATH_MAX
            var target = stackalloc byte[Longest];
            var length = LibC.readlinkat(link, "", target, Longest);
            return length < 0 ? null : Encoding.UTF8.GetString(target, (int)length);
        }
    }
}
