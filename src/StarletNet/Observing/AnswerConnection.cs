using System.Diagnostics;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;

namespace StarletNet.Master.Observing;

/// <summary>A client of an <see cref="AnswerServer"/>: asks once, and is sent away with the answer or when its time is up.</summary>
internal sealed unsafe class AnswerConnection : ServicePart
{
    /// <summary>No question is longer: a line, or the head of an HTTP request.</summary>
    private const int LongestQuestion = 4096;

    /// <summary>From its arrival until the last byte of the answer has left.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Between two tries to send what the kernel had no room for.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    private readonly EventQueue _queue;
    private readonly FileDescriptor _socket;
    private readonly IAnswers _answers;
    private readonly Action<AnswerConnection> _gone;
    private readonly long _began = Stopwatch.GetTimestamp();
    private byte[] _received = [];
    private int _length;
    private byte[]? _answer;
    private int _sent;

    internal AnswerConnection(EventQueue queue, FileDescriptor socket, IAnswers answers, Action<AnswerConnection> gone)
    {
        (_queue, _socket, _answers, _gone) = (queue, socket, answers, gone);
        queue.Watch(socket, this);
        queue.SetTimer(this, Patience);
    }

    /// <summary>It has not asked, and nothing that it has sent waits to be read.</summary>
    internal bool IsIdle
    {
        get
        {
            if (_answer is not null || _socket.IsClosed) return false;
            byte one;
            return LibC.recv(_socket.Number, &one, 1, LibC.MSG_PEEK | LibC.MSG_DONTWAIT) <= 0;
        }
    }

    internal override void Take()
    {
        // Sent away earlier in this batch.
        if (_socket.IsClosed || _answer is not null) return;
        if (_received.Length == 0) _received = new byte[LongestQuestion];
        var count = Receive(_length);
        if (count < 0 && (Errno.Last == Errno.EAGAIN || Errno.Last == Errno.EINTR)) return;
        if (count <= 0)
        {
            Close();
            return;
        }
        _length += (int)count;
        if (_answers.Answer(_received.AsSpan(0, _length)) is { } answer) Say(answer);
        else if (_length == LongestQuestion) Say(_answers.TooLong);
        else return;
        // What has made the answer is not needed again before somebody asks again.
        OwnCode.GiveBack();
    }

    internal override void TimeIsUp()
    {
        if (_socket.IsClosed) return;
        if (_answer is null || Stopwatch.GetElapsedTime(_began) > Patience) Close();
        else Send();
    }

    /// <summary>The last that it hears.</summary>
    internal void Say(byte[] answer)
    {
        _answer = answer;
        // Nothing more is heard; what it sends on top of its question must not wake anybody.
        _queue.Unwatch(this);
        Send();
    }

    private void Send()
    {
        ssize_t count;
        fixed (byte* start = _answer)
            count = LibC.send(_socket.Number, start + _sent, _answer!.Length - _sent, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL);
        if (count < 0 && Errno.Last != Errno.EAGAIN && Errno.Last != Errno.EINTR) _sent = _answer.Length;
        else if (count > 0) _sent += (int)count;
        if (_sent < _answer.Length)
        {
            _queue.SetTimer(this, Step);
            return;
        }
        // What was sent and never read would make the kernel report a reset instead of an orderly end; and nothing may come in between.
        _ = LibC.shutdown(_socket.Number, LibC.SHUT_RD);
        if (_received.Length == 0) _received = new byte[LongestQuestion];
        Receive(0);
        Close();
    }

    private ssize_t Receive(int at)
    {
        fixed (byte* start = _received) return LibC.recv(_socket.Number, start + at, LongestQuestion - at, LibC.MSG_DONTWAIT);
    }

    internal override void GiveUp() => Close();

    internal void Close()
    {
        if (_socket.IsClosed) return;
        _queue.Unwatch(this);
        _queue.CancelTimer(this);
        _socket.Dispose();
        _gone(this);
    }
}
