using System.Text;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.Output;
using StartServer.Supervision;
using StartServer.Upgrade;

namespace StartServer.Control;

/// <summary>A client of the control socket. Sends one line, and is then told in lines of JSON until what it asked for is over.</summary>
internal sealed unsafe class ControlConnection : ControlPart
{
    /// <summary>No request is longer, but for one that brings a command line.</summary>
    private const int Short = 1024;

    /// <summary>Nor is that one longer than this.</summary>
    internal const int Longest = 64 * 1024;

    private readonly ControlServer _server;
    private readonly FileDescriptor _socket;
    private byte[] _received = new byte[Short];
    private int _length;
    private ControlRequest? _request;
    private long _number;

    internal ControlConnection(ControlServer server, FileDescriptor socket, PeerCredentials peer)
    {
        _server = server;
        _socket = socket;
        Peer = peer;
    }

    /// <summary>One that the program before us has let in.</summary>
    internal ControlConnection(ControlServer server, FileDescriptor socket, PeerCredentials peer, KeptClient kept)
        : this(server, socket, peer)
    {
        _request = kept.Request is { } line ? ControlRequest.Parse(line) : null;
        _number = kept.Number;
        var received = Convert.FromHexString(kept.Received);
        if (received.Length >= Short) _received = new byte[Longest];
        received.CopyTo(_received, 0);
        _length = received.Length;
    }

    internal KeptClient Keep() => new(
        _socket.Number, _request?.ToString(), _number, _request is null ? Convert.ToHexString(_received, 0, _length) : "");

    internal PeerCredentials Peer { get; }

    /// <summary>The number of the deploy whose end it waits for; 0 for none.</summary>
    internal long WaitsFor => _request is RestartRequest or ReconfigureRequest ? _number : 0;

    internal bool HasAsked => _request is not null;

    internal bool Follows => _request is FollowRequest;

    /// <summary>It has not asked, and nothing that it has sent waits to be read.</summary>
    internal bool IsIdle
    {
        get
        {
            if (HasAsked || _socket.IsClosed) return false;
            byte one;
            return LibC.recv(_socket.Number, &one, 1, LibC.MSG_PEEK | LibC.MSG_DONTWAIT) <= 0;
        }
    }

    /// <summary>Reads what is there; a whole line is a request.</summary>
    internal override SupervisorEvent? Take(Func<Roster> roster)
    {
        // Refused or dropped earlier in this batch.
        if (_socket.IsClosed) return null;
        var count = Receive(_length);
        if (count < 0 && (Errno.Last == Errno.EAGAIN || Errno.Last == Errno.EINTR)) return null;
        if (count <= 0)
        {
            // It has gone. What it asked for goes on: a deploy is not undone because a terminal was closed.
            Close();
            return null;
        }
        if (_request is not null)
        {
            Refuse("a connection is for one request");
            return null;
        }
        _length += (int)count;
        var end = Array.IndexOf(_received, (byte)'\n', 0, _length);
        if (end >= 0) return Begin(Encoding.UTF8.GetString(_received, 0, end).TrimEnd('\r'), roster);
        if (_length == _received.Length) MakeRoom();
        return null;
    }

    private void MakeRoom()
    {
        if (_length == Short && _received.AsSpan().StartsWith(Encoding.ASCII.GetBytes(ControlRequest.LongOne))) Array.Resize(ref _received, Longest);
        else Refuse(_length == Short ? "a request is one short line" : "the command line is too long");
    }

    private ssize_t Receive(int at)
    {
        fixed (byte* start = _received) return LibC.recv(_socket.Number, start + at, _received.Length - at, LibC.MSG_DONTWAIT);
    }

    private SupervisorEvent? Begin(string line, Func<Roster> roster)
    {
        _request = ControlRequest.Parse(line);
        _server.Asked(this);
        switch (_request)
        {
            case RestartRequest restart:
                Log();
                _number = _server.NextRequest();
                return new DeployRequested(_number, restart.Attempts) { Waiting = _server.Waiting(except: this) };
            case AbortRequest:
                Log();
                _number = _server.NextRequest();
                return new AbortRequested(_number);
            case StopRequest:
                Log();
                return new StopRequested(Signal.Term);
            case ListRequest:
                Send(NewsJson.Line(_server.List(roster())));
                Close();
                return null;
            case UpgradeRequest:
                _server.UpgradeAsked!(new NewProgram(), Messages.Asked(_request.ToString(), Peer.Pid, Peer.Uid));
                return null;
            case ReconfigureRequest other:
                _number = _server.NextRequest();
                _server.UpgradeAsked!(new NewCommandLine(other.Words, _number, other.Attempts), Messages.Asked("reconfigure", Peer.Pid, Peer.Uid));
                return null;
            case FollowRequest:
                if (!_server.MayFollow) Refuse($"{ControlServer.MostClients} clients follow already; try again later");
                return null;
            default:
                Refuse("there is no such request; there are: restart [attempts=N], abort, stop, list, follow, upgrade, reconfigure attempts=N WORD...");
                return null;
        }
    }

    private void Log() => StandardError.WriteLine(Messages.Asked(_request!.ToString()!, Peer.Pid, Peer.Uid));

    /// <summary>Passes on what it follows: of the ends of deploys only its own, which is the last it hears.</summary>
    internal void Hear(News news, byte[] line)
    {
        if (_request is null or ListRequest or UpgradeRequest) return;
        if (news is AbortEnded || _request is AbortRequest)
        {
            if (_request is not AbortRequest || (news as AbortEnded)?.Request != _number) return;
            Send(line);
            Close();
            return;
        }
        if (_request is RestartRequest or ReconfigureRequest && news is DeployEnded ended)
        {
            if (ended.Request != _number) return;
            Send(line);
            // Who has brought a command line that has failed waits until the former one is back.
            if (_request is RestartRequest || ended.Outcome is DeployOutcome.Done or DeployOutcome.Busy) Close();
            return;
        }
        Send(line);
    }

    /// <summary>For who has brought a command line, the deploy follows.</summary>
    internal void HearUpgraded(byte[] line)
    {
        if (_request is UpgradeRequest or ReconfigureRequest) Send(line);
        if (_request is UpgradeRequest) Close();
    }

    /// <param name="line">What is said.</param>
    /// <param name="request">The command line that it is about; 0 for none.</param>
    internal void HearRefusal(byte[] line, long request)
    {
        if (_request is not UpgradeRequest && !(_request is ReconfigureRequest && _number == request)) return;
        Send(line);
        Close();
    }

    /// <summary>The last word on a command line whose deploy has failed.</summary>
    internal void EndChange(byte[] line)
    {
        if (_request is not ReconfigureRequest) return;
        Send(line);
        Close();
    }

    internal override void TimeIsUp() => Refuse("no request came in time");

    internal override void GiveUp() => Close();

    internal void Refuse(string reason)
    {
        Send(NewsJson.Error(reason));
        // What was sent and never read would make the kernel report a reset instead of an orderly end; and nothing may come in between.
        if (!_socket.IsClosed && LibC.shutdown(_socket.Number, LibC.SHUT_RD) == 0) Receive(0);
        Close();
    }

    internal void SayGoodbye()
    {
        Send(NewsJson.Stopped());
        Close();
    }

    /// <summary>All of it or nothing: a client for which the kernel holds no more has stopped reading, and is dropped.</summary>
    private void Send(byte[] line)
    {
        if (_socket.IsClosed) return;
        ssize_t count;
        fixed (byte* start = line) count = LibC.send(_socket.Number, start, line.Length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL);
        if (count != line.Length) Close();
    }

    private void Close()
    {
        if (_socket.IsClosed) return;
        _server.LetGo(this);
        _socket.Dispose();
    }
}
