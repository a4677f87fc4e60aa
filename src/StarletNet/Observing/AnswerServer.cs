using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Observing;

/// <summary>
/// A socket on which the master answers questions about itself. It lives in the pool's own queue and on its thread, and so must never wait
/// for a client nor let clients use up anything: few at a time, one short question each, within a few seconds.
/// </summary>
internal sealed unsafe class AnswerServer : ServicePart, IDisposable
{
    /// <summary>At a time, of those that have not asked yet: the oldest has to go for one that comes, which may ask. Nobody needs more than a few.</summary>
    internal const int MostClients = 16;

    /// <summary>With those that are being answered.</summary>
    private const int MostInAll = 4 * MostClients;

    /// <summary>Without free descriptors nobody can be let in; asking again at once would be a busy loop.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly EventQueue _queue;
    private readonly FileDescriptor _socket;
    private readonly IAnswers _answers;
    private readonly List<AnswerConnection> _clients = [];
    private bool _isClosed;

    /// <param name="queue">The pool's.</param>
    /// <param name="socket">Listens; closed by whoever opened it, after this.</param>
    /// <param name="answers">What is said.</param>
    internal AnswerServer(EventQueue queue, FileDescriptor socket, IAnswers answers)
    {
        (_queue, _socket, _answers) = (queue, socket, answers);
        FileDescriptor.SetNonBlocking(socket.Number, true);
        queue.Watch(socket, this);
    }

    internal FileDescriptor Socket => _socket;

    /// <summary>
    /// Lets in who waits, but not all at once: anybody may knock at an abstract name, without end, and the loop has more to do. Whoever is left is
    /// reported again.
    /// </summary>
    internal override void Take()
    {
        // Closed earlier in this batch.
        for (var tries = 0; tries < MostClients && !_isClosed; tries++)
        {
            var number = LibC.accept4(_socket.Number, null, null, LibC.SOCK_CLOEXEC | LibC.SOCK_NONBLOCK);
            if (number >= 0)
            {
                LetIn(new FileDescriptor(number));
                continue;
            }
            if (Errno.Last == Errno.EINTR || Errno.Last == Errno.ECONNABORTED) continue;
            if (Errno.Last == Errno.EAGAIN) return;
            _queue.Unwatch(this);
            _queue.SetTimer(this, Pause);
            return;
        }
    }

    internal override void TimeIsUp() => _queue.Watch(_socket, this);

    private void LetIn(FileDescriptor socket)
    {
        var client = new AnswerConnection(_queue, socket, _answers, gone => _clients.Remove(gone));
        _clients.Add(client);
        if (_answers.Refuse(PeerCredentials.Of(socket.Number)) is { } refusal) client.Say(refusal);
        else if (_clients.Count > MostInAll) client.Say(_answers.Busy);
        else if (_clients.Where(one => one.IsIdle).ToArray() is { Length: > MostClients } idle) idle[0].Say(_answers.Busy);
    }

    public void Dispose()
    {
        _isClosed = true;
        foreach (var client in _clients.ToArray()) client.Close();
        _queue.Unwatch(this);
        _queue.CancelTimer(this);
    }
}
