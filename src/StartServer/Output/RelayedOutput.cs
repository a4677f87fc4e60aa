using System.Text;
using StarletNet.Shared.Interop;

namespace StartServer.Output;

/// <summary>
/// Generations get a pipe as stderr, and one thread passes on what comes out of it, remembering the last lines. It is a thread of its own
/// because our stderr may block (a terminal that was stopped with ^S, a logger that is behind): then generations wait, as they would
/// without us, and the supervisor does not.
/// </summary>
/// <remarks>
/// The thread reads only after it has written all that was read before, so that a slow reader of stderr slows the writers and does not
/// fill our memory. The supervisor reads in one case: who asks for the last lines of a generation that has just died must not have to
/// wait for the thread. Both read under one lock and never wait while they hold it.
/// </remarks>
internal sealed unsafe class RelayedOutput : GenerationOutput
{
    /// <summary>Beyond this the supervisor reads nothing that the thread has not been able to write.</summary>
    private const int MostUnwritten = 1024 * 1024;

    /// <summary>What an end may take whose last words nobody reads.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<int, Source> _sources = [];
    private readonly Queue<byte[]> _unwritten = new();
    private readonly FileDescriptor _wake;
    private Thread _thread;
    private bool _ending, _pausing, _paused;

    internal RelayedOutput()
    {
        var wake = LibC.eventfd(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK);
        if (wake < 0) throw SystemCallException.Of("eventfd");
        _wake = new FileDescriptor(wake);
        _thread = Start();
    }

    private Thread Start()
    {
        var thread = new Thread(Relay, maxStackSize: 256 * 1024) { IsBackground = true, Name = "stderr" };
        thread.Start();
        return thread;
    }

    internal override FileDescriptor? Begin(int generation)
    {
        var (read, write) = FileDescriptor.Pipe();
        FileDescriptor.SetNonBlocking(read.Number, true);
        lock (_gate) _sources[generation] = new Source(generation, read);
        Wake();
        return write;
    }

    internal override IReadOnlyList<string> LastLines(int generation)
    {
        lock (_gate)
        {
            if (!_sources.TryGetValue(generation, out var source)) return [];
            while (_unwritten.Sum(chunk => chunk.Length) < MostUnwritten && ReadFrom(source))
            {
            }
            Wake();
            return source.Tail.Lines;
        }
    }

    /// <summary>Its children may still write: that is passed on for as long as they do.</summary>
    internal override void Forget(int generation)
    {
        lock (_gate)
        {
            if (!_sources.TryGetValue(generation, out var source)) return;
            source.Forgotten = true;
            if (source.Pipe.IsClosed) _sources.Remove(generation);
        }
    }

    private void Relay()
    {
        while (true)
        {
            Source[] open;
            bool ending;
            lock (_gate)
            {
                if (_pausing && _unwritten.Count == 0)
                {
                    _paused = true;
                    return;
                }
                open = [.. _sources.Values.Where(source => !source.Pipe.IsClosed)];
                ending = _ending;
            }
            var readable = Wait(open, ending ? 0 : -1);
            if (ending && readable.Count == 0) return;
            foreach (var source in readable)
            {
                lock (_gate) ReadFrom(source);
                WriteAll();
            }
            // What the supervisor has read.
            WriteAll();
        }
    }

    private List<Source> Wait(Source[] open, int milliseconds)
    {
        var fds = new pollfd[open.Length + 1];
        fds[0] = new pollfd { fd = _wake.Number, events = LibC.POLLIN };
        for (var i = 0; i < open.Length; i++) fds[i + 1] = new pollfd { fd = open[i].Pipe.Number, events = LibC.POLLIN };
        fixed (pollfd* pointer = fds)
        {
            // Interrupted: nothing is marked, and the caller comes back.
            if (LibC.poll(pointer, (uint)fds.Length, milliseconds) < 0) return [];
        }
        if (fds[0].revents != 0)
        {
            ulong count;
            LibC.read(_wake.Number, (byte*)&count, sizeof(ulong));
        }
        return [.. open.Where((_, i) => fds[i + 1].revents != 0)];
    }

    /// <summary>Under the lock. False if there is nothing more for now.</summary>
    private bool ReadFrom(Source source)
    {
        const int size = 16 * 1024;
        if (source.Pipe.IsClosed) return false;
        var buffer = stackalloc byte[size];
        var length = LibC.read(source.Pipe.Number, buffer, size);
        if (length > 0)
        {
            var chunk = new ReadOnlySpan<byte>(buffer, (int)length);
            source.Tail.Add(chunk);
            _unwritten.Enqueue(chunk.ToArray());
            return true;
        }
        if (length < 0 && (Errno.Last == Errno.EAGAIN || Errno.Last == Errno.EINTR)) return false;
        source.Pipe.Dispose();
        if (source.Forgotten) _sources.Remove(source.Generation);
        return false;
    }

    private void WriteAll()
    {
        while (true)
        {
            byte[]? chunk;
            lock (_gate)
            {
                if (!_unwritten.TryDequeue(out chunk)) return;
            }
            StandardError.Write(2, chunk);
        }
    }

    private void Wake()
    {
        ulong one = 1;
        LibC.write(_wake.Number, (byte*)&one, sizeof(ulong));
    }

    internal override IReadOnlyList<KeptOutput> Keep()
    {
        lock (_gate)
        {
            return [.. _sources.Select(one => new KeptOutput(
                one.Key, one.Value.Pipe.IsClosed ? null : one.Value.Pipe.Number, one.Value.Forgotten, one.Value.Tail.Lines, null, 0))];
        }
    }

    internal override void GoOnWith(IReadOnlyList<KeptOutput> kept)
    {
        foreach (var one in kept)
        {
            var pipe = new FileDescriptor(one.Pipe ?? -1);
            if (one.Pipe is null) pipe.Dispose();
            var source = new Source(one.Generation, pipe) { Forgotten = one.Forgotten };
            foreach (var line in one.Lines) source.Tail.Add(Encoding.UTF8.GetBytes(line + "\n"));
            lock (_gate) _sources[one.Generation] = source;
        }
        Wake();
    }

    /// <summary>All that was read is written: what is still in the pipes waits there.</summary>
    internal override bool Pause()
    {
        lock (_gate) _pausing = true;
        Wake();
        if (_thread.Join(Patience)) return true;
        lock (_gate)
        {
            if (!_paused) _pausing = false;
            return _paused;
        }
    }

    internal override void Resume()
    {
        lock (_gate) _pausing = _paused = false;
        _thread = Start();
    }

    /// <summary>Passes on what is still in the pipes; not for ever, if nobody takes it.</summary>
    public override void Dispose()
    {
        lock (_gate) _ending = true;
        Wake();
        _thread.Join(Patience);
        // Nothing is closed: the thread may still sit in a write, and the process is about to end.
    }

    private sealed class Source(int generation, FileDescriptor pipe)
    {
        internal int Generation { get; } = generation;

        internal FileDescriptor Pipe { get; } = pipe;

        internal LineTail Tail { get; } = new(LastLinesKept);

        internal bool Forgotten { get; set; }
    }
}
