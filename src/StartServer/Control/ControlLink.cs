using System.Text;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;

namespace StartServer.Control;

/// <summary>A client's end of the control socket: one request out, lines in.</summary>
internal sealed unsafe class ControlLink : IDisposable
{
    /// <summary>For a place in the queue of a start_server that is stopped, or stuck.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly FileDescriptor _socket;
    private readonly List<byte> _received = [];

    private ControlLink(FileDescriptor socket) => _socket = socket;

    /// <exception cref="OperatorException">Nobody is there, or we may not ask.</exception>
    internal static ControlLink Open(string path, ControlRequest request)
    {
        var address = UnixAddress.Encode(path.StartsWith('@') ? "./" + path : path)
            ?? throw new OperatorException($"failed to connect to {path}: longer than the {UnixAddress.MaxPathLength} bytes of a socket address", ExitCodes.Failure);
        return UnixClient.Connect(address, Patience, out var error) is { } socket ? Ask(socket, request) : throw CannotConnect(path, error);
    }

    /// <summary>To the start_server of that pid, by the name that goes by it. Any name may be anybody's: the kernel says whose it is.</summary>
    /// <returns>Null if it does not answer there: it is Server::Starter's, say, or in another network namespace.</returns>
    internal static ControlLink? OpenByPid(int pid, ControlRequest request)
    {
        if (UnixClient.Connect(UnixAddress.Encode(ControlDoor.NameOf(pid))!, Patience, out _) is not { } socket) return null;
        var peer = PeerCredentials.Of(socket.Number);
        if (peer.Pid == pid && peer.IsOfOurPidNamespace) return Ask(socket, request);
        socket.Dispose();
        return null;
    }

    private static ControlLink Ask(FileDescriptor socket, ControlRequest request)
    {
        var line = Encoding.UTF8.GetBytes(request + "\n");
        if (line.Length > ControlConnection.Longest)
        {
            socket.Dispose();
            throw new OperatorException($"the command line is longer than the {ControlConnection.Longest} bytes that a request may have", ExitCodes.Failure);
        }
        // Into an empty buffer. If the server is gone already, reading will tell.
        fixed (byte* start = line) LibC.send(socket.Number, start, line.Length, LibC.MSG_NOSIGNAL);
        return new ControlLink(socket);
    }

    private static OperatorException CannotConnect(string path, Errno error)
    {
        if (error == Errno.EAGAIN) return new($"start_server does not answer at {path} within {Patience.TotalSeconds} s", ExitCodes.TimedOut);
        return error == Errno.ENOENT || error == Errno.ECONNREFUSED
            ? new($"no start_server answers at {path}: {error}", ExitCodes.NoServer)
            : new($"failed to connect to {path}: {error}", ExitCodes.Failure);
    }

    /// <summary>The next line.</summary>
    /// <param name="deadline">How long it may take in all.</param>
    /// <param name="tick">Called every second of waiting.</param>
    /// <returns>Null when the server has closed the connection.</returns>
    /// <exception cref="TimeoutException">The time is over.</exception>
    internal string? ReadLine(Deadline deadline, Action? tick = null)
    {
        while (true)
        {
            var end = _received.IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = Encoding.UTF8.GetString([.. _received.GetRange(0, end)]);
                _received.RemoveRange(0, end + 1);
                return line;
            }
            if (!Wait(deadline, tick)) continue;
            if (!Receive()) return null;
        }
    }

    private bool Wait(Deadline deadline, Action? tick)
    {
        if (deadline.IsOver) throw new TimeoutException();
        var milliseconds = deadline.Milliseconds;
        if (tick is not null) milliseconds = milliseconds < 0 ? 1000 : Math.Min(milliseconds, 1000);
        var poll = new pollfd { fd = _socket.Number, events = LibC.POLLIN };
        var ready = LibC.poll(&poll, 1, milliseconds);
        if (ready == 0) tick?.Invoke();
        return ready > 0;
    }

    private bool Receive()
    {
        var buffer = stackalloc byte[4096];
        var count = LibC.recv(_socket.Number, buffer, 4096, LibC.MSG_DONTWAIT);
        if (count < 0) return Errno.Last == Errno.EAGAIN || Errno.Last == Errno.EINTR;
        _received.AddRange(new ReadOnlySpan<byte>(buffer, (int)count));
        return count > 0;
    }

    public void Dispose() => _socket.Dispose();
}
