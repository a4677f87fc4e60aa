using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using StarletNet.Hosting.Transport;

namespace StarletNet.Hosting.Server;

/// <summary>
/// Holds one connection to the operator's time limits, to the hundredth of a second rather than to Kestrel's heartbeat. What
/// happens at a deadline is Kestrel's own answer to it: 408 for a request that has begun, a silent close for none.
/// </summary>
/// <remarks>
/// Told by the transport where a connection waits, which no connection under load does: its next request has come by then. An HTTP/2 connection
/// always reads, so what it waits for is not to be seen there: it is held to the time in which it has no request, and to Kestrel's limits otherwise.
/// </remarks>
internal sealed class ConnectionClock : IConnectionWatch
{
    /// <summary>For the end of a connection that has been told to go; then it is cut.</summary>
    private const long ToLeave = 1000;

    private readonly EpollConnection _connection;
    private readonly ConnectionRequests _requests;
    private readonly ConnectionLimits _limits;
    private readonly Deadlines _deadlines;
    private readonly long _began = Environment.TickCount64;

    // What the client is waited for and since when, in one word, because it is read by another thread.
    private long _waiting;
    private long _outputSince = Deadlines.None;
    private long _expired;
    private bool _served;
    private bool _mayHaveLeftBody;
    private volatile bool _readsFreely;
    private volatile bool _upgraded;
    private volatile bool _closed;
    private long _scheduled = Deadlines.None;

    internal ConnectionClock(EpollConnection connection, ConnectionRequests requests, ConnectionLimits limits, Deadlines deadlines)
    {
        _connection = connection;
        _requests = requests;
        _limits = limits;
        _deadlines = deadlines;
        Place = new LinkedListNode<ConnectionClock>(this);
    }

    /// <summary>In the wheel of <see cref="Deadlines"/>, which owns it and the time.</summary>
    internal LinkedListNode<ConnectionClock> Place { get; }

    internal long Scheduled
    {
        get => Volatile.Read(ref _scheduled);
        set => Volatile.Write(ref _scheduled, value);
    }

    private enum WaitFor { Nothing, Request, RestOfHead, RestOfBody }

    private static long Waiting(WaitFor what, long since) => (since << 2) | (long)what;

    private static (WaitFor What, long Since) Read(long waiting) => ((WaitFor)(waiting & 3), waiting >> 2);

    /// <summary>HTTP/2.</summary>
    internal void ReadsFreely() => _readsFreely = true;

    /// <summary>The connection is the application's own from now on.</summary>
    internal void Upgraded() => _upgraded = true;

    internal void RequestBegan()
    {
        _mayHaveLeftBody = false;
        if (_limits.Request != 0) Look(Environment.TickCount64 + _limits.Request);
    }

    /// <param name="canHaveBody">Kestrel may still read what the application has left of it.</param>
    internal void RequestEnded(bool canHaveBody)
    {
        _served = true;
        _mayHaveLeftBody = canHaveBody;
        if (_readsFreely)
        {
            LookAfterIdle();
            return;
        }
        Volatile.Write(ref _waiting, 0);
        _connection.Input.HasRead = false;
    }

    public void InputAwaited()
    {
        if (_upgraded) return;
        if (_readsFreely)
        {
            // Only at first: each end of a request looks further.
            if (!_served) LookAfterIdle();
            _served = true;
            return;
        }
        var now = Environment.TickCount64;
        // What has come since the last response and made no request yet is a part of the next one's head, unless it was of the last one's body;
        // where that cannot be told, Kestrel's own clock holds the head to its limit.
        var what = _requests.IsRunning ? WaitFor.RestOfBody : _connection.Input.HasRead && !_mayHaveLeftBody ? WaitFor.RestOfHead : WaitFor.Request;
        var limit = Limit(what);
        // All waits for one head count together, and on a fresh connection so does the wait for its first byte.
        var (before, since) = Read(_waiting);
        if (what != WaitFor.RestOfHead || before != what) since = _served || what == WaitFor.RestOfBody ? now : _began;
        Volatile.Write(ref _waiting, limit == 0 ? 0 : Waiting(what, since));
        if (limit != 0) LookAfter(since + limit);
    }

    public void OutputAwaited(bool awaited)
    {
        if (_limits.AnswerStall == 0 || _upgraded) return;
        var now = Environment.TickCount64;
        Volatile.Write(ref _outputSince, awaited ? now : Deadlines.None);
        if (awaited) LookAfter(now + _limits.AnswerStall);
    }

    public void Closed()
    {
        _closed = true;
        // A request may still be running, and is not forgotten.
        if (!_requests.IsRunning) _deadlines.Remove(this);
    }

    internal void OnDue(long now)
    {
        try
        {
            LookAtAll(now);
        }
#pragma warning disable CA1031 // Code of Kestrel's and of the application's runs in here; one connection may not cost the worker.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _requests.ClockFailed(exception);
            _connection.Abort();
        }
    }

    private void LookAtAll(long now)
    {
        var next = _closed || _upgraded ? Deadlines.None : Math.Min(LookAtInput(now), LookAtOutput(now));
        if (_limits.Request != 0 && !_upgraded) next = Math.Min(next, _requests.CutOverdue(now, _limits));
        if (next != Deadlines.None) Look(next);
    }

    private void LookAfterIdle()
    {
        if (_limits.Idle != 0 && _requests.IdleSince is { } since) LookAfter(since + _limits.Idle);
    }

    // We say what is waited for and then look where our place is; the wheel takes us out of it and then looks what we wait for. With a
    // full fence between the two, on either side, at least one of us sees the other, and no deadline is lost.
    private void LookAfter(long time)
    {
        Interlocked.MemoryBarrier();
        Look(time);
    }

    // No lock where the place is early enough already, which it is for all but a connection's first wait.
    private void Look(long time)
    {
        if (time < Scheduled) _deadlines.Move(this, time);
    }

    private long Limit(WaitFor what) => what switch
    {
        // Kestrel, too, counts a connection that has never sent anything as idle, if nothing else limits it.
        WaitFor.Request => _served || _limits.Head == 0 ? _limits.Idle : _limits.Head,
        WaitFor.RestOfHead => _limits.Head,
        WaitFor.RestOfBody => _limits.Stall,
        _ => 0,
    };

    private long LookAtInput(long now)
    {
        var waiting = Volatile.Read(ref _waiting);
        var (what, since) = Read(waiting);
        if (_readsFreely) return LookAtIdle(now);
        if (what == WaitFor.Nothing || !_connection.Input.IsAwaited) return Deadlines.None;
        if (SpeaksHttp2()) return LookAtIdle(now);
        var due = since + Limit(what);
        if (now < due) return due;
        if (_expired == waiting)
        {
            _connection.Abort(new ConnectionAbortedException("The client did not go on in time."));
            _requests.WriteCut();
            return Deadlines.None;
        }
        _expired = waiting;
        if (what == WaitFor.Request) _requests.AskToClose();
        else _connection.Input.Fail(new BadHttpRequestException("The client did not go on in time.", StatusCodes.Status408RequestTimeout));
        return now + ToLeave;
    }

    /// <summary>Of HTTP/2: Kestrel says goodbye (GOAWAY), and closes.</summary>
    private long LookAtIdle(long now)
    {
        if (_limits.Idle == 0 || !_requests.MaySendMore || _requests.IdleSince is not { } since) return Deadlines.None;
        var due = since + _limits.Idle;
        if (now < due) return due;
        _requests.AskToClose();
        return now + ToLeave;
    }

    // Over TLS this is known before the first request is.
    private bool SpeaksHttp2()
    {
        try
        {
            // In the middle of the handshake nothing is negotiated, and asking is an error.
            if (_connection.Features.Get<ISslStreamFeature>()?.SslStream is { IsAuthenticated: true } tls)
                _readsFreely |= tls.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2;
        }
        catch (InvalidOperationException)
        {
            // Closed this moment, and it does not matter any more.
        }
        return _readsFreely;
    }

    private long LookAtOutput(long now)
    {
        var since = Volatile.Read(ref _outputSince);
        if (since == Deadlines.None) return Deadlines.None;
        if (now < since + _limits.AnswerStall) return since + _limits.AnswerStall;
        _connection.Abort(new ConnectionAbortedException("The client did not take the answer in time."));
        _requests.WriteCut();
        return Deadlines.None;
    }
}
