using System.Text;
using StarletNet.Master.Observing;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;

namespace StarletNet.Master.Status;

/// <summary>A client's end of the status socket: one question, one line.</summary>
internal static unsafe class StatusLink
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <param name="name">A path, or an abstract name after <c>@</c>.</param>
    /// <param name="pid">Who must be at the other end; null: whoever may use that name.</param>
    /// <exception cref="OperatorException">Nobody answers.</exception>
    internal static string Ask(string name, int? pid)
    {
        var address = UnixAddress.Encode(name)
            ?? throw new OperatorException($"{name} is longer than the {UnixAddress.MaxPathLength} bytes of a socket address", ExitCodes.Usage);
        using var socket = UnixClient.Connect(address, Patience, out var error) ?? throw CannotConnect(name, pid, error);
        // The kernel's word for who listens. Anybody may take an abstract name, and an answer of a stranger's is none.
        var peer = PeerCredentials.Of(socket.Number);
        if (pid is not null ? peer.Pid != pid : name[0] == '@' && !peer.IsOurs)
            throw new OperatorException($"{name} belongs to process {peer.Pid} of user {peer.Uid}, which is not the one asked for", ExitCodes.Failure);
        var question = Encoding.ASCII.GetBytes(StatusAnswers.Question + "\n");
        fixed (byte* start = question) LibC.send(socket.Number, start, question.Length, LibC.MSG_NOSIGNAL);
        return Receive(socket.Number, name);
    }

    private static string Receive(int socket, string name)
    {
        var received = new List<byte>();
        var buffer = stackalloc byte[4096];
        while (true)
        {
            var poll = new pollfd { fd = socket, events = LibC.POLLIN };
            if (LibC.poll(&poll, 1, (int)Patience.TotalMilliseconds) == 0) throw NoAnswer(name);
            var count = LibC.recv(socket, buffer, 4096, LibC.MSG_DONTWAIT);
            if (count < 0 && (Errno.Last == Errno.EAGAIN || Errno.Last == Errno.EINTR)) continue;
            if (count <= 0) break;
            received.AddRange(new ReadOnlySpan<byte>(buffer, (int)count));
        }
        return received is [.., (byte)'\n']
            ? Encoding.UTF8.GetString([.. received]).TrimEnd('\n')
            : throw new OperatorException($"starletnet closed {name} before it had answered", ExitCodes.NoServer);
    }

    private static OperatorException NoAnswer(string name) => new($"{name} does not answer within {Patience.TotalSeconds} s", ExitCodes.TimedOut);

    private static OperatorException CannotConnect(string name, int? pid, Errno error)
    {
        if (error == Errno.EAGAIN) return NoAnswer(name);
        if (error != Errno.ENOENT && error != Errno.ECONNREFUSED) return new($"cannot ask at {name}: {error}", ExitCodes.Failure);
        return pid is not null
            ? new($"no starletnet with pid {pid} is there", ExitCodes.NoServer)
            : new($"no starletnet answers at {name}: {error}", ExitCodes.NoServer);
    }
}
