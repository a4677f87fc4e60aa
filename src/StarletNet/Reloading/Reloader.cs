using System.Diagnostics;
using StarletNet.Master.Output;
using StarletNet.Shared.Events;

namespace StarletNet.Master.Reloading;

/// <summary><c>--reload</c>: turns changes of files into restarts, as if somebody had sent HUP.</summary>
/// <param name="queue">Watches the watch, and keeps the time.</param>
/// <param name="log">Says what has changed.</param>
/// <param name="trees">Where to look; asked again at each restart, since a link may lead elsewhere by then.</param>
internal sealed class Reloader(EventQueue queue, MasterLog log, Func<IReadOnlyList<WatchedTree>> trees) : IDisposable
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private DirectoryWatch? _watch;
    private Debounce _debounce;

    /// <summary>From now on; what has changed before is somebody else's to know.</summary>
    internal void Begin()
    {
        if (_watch is not null) queue.Unwatch(this);
        _watch?.Dispose();
        _debounce = default;
        var watched = trees();
        _watch = DirectoryWatch.Open(watched);
        queue.Watch(_watch.Descriptor, this);
        if (_watch.Failure is { } failure) log.CannotWatchFiles(failure);
    }

    /// <summary>The watch is readable.</summary>
    internal void Hear()
    {
        if (_watch?.Read() is not { } path) return;
        if (_debounce.First is null) log.FilesChanged(path);
        (_debounce, var delay) = _debounce.Changed(Stopwatch.GetElapsedTime(_start));
        queue.SetTimer(new ReloadDue(), delay);
    }

    public void Dispose() => _watch?.Dispose();
}

/// <summary>The key of the timer after which what has changed is put to use.</summary>
internal sealed record ReloadDue;
