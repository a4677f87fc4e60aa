using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using StarletNet.Hosting.AccessLog;
using StarletNet.Hosting.Transport;

namespace StarletNet.Hosting.Server;

/// <summary>
/// What runs on one connection, and how it is asked to close. Kestrel's requests find it among the connection's features.
/// </summary>
internal sealed partial class ConnectionRequests(EpollConnection connection, Traffic traffic) : IRouteSource
{
    // HTTP/1 runs one request at a time, HTTP/2 many; locked, because HTTP/2's begin and end on any thread, and uncontended
    // everywhere else.
    private readonly List<RunningRequest> _running = new(1);
    private readonly Stack<RunningRequest> _free = new(1);
    private long _idleSince = Environment.TickCount64;
    private bool _seen;
    private int _told;
    private volatile bool _http2;
    private volatile bool _upgraded;
    private long _begun;
    private ConnectionClock? _clock;

    // The one that runs; null if there is none, or several may. Read by the transport, which must not wait for a lock of ours.
    private volatile RunningRequest? _only;

    /// <summary>Null while a request runs. A connection that has sent a part of a request, or nothing yet, is idle.</summary>
    internal long? IdleSince
    {
        get
        {
            lock (_free) return _running.Count == 0 ? _idleSince : null;
        }
    }

    /// <summary>
    /// HTTP/2, and the client has begun a request: it is told which of its requests were taken and repeats the others elsewhere. Never
    /// before: Kestrel answers the wish to close on a connection that has sent nothing by cutting it, and on one of which it has read no more than the preface by saying goodbye before its
    /// settings, which clients take for a broken server (RFC 9113, 3.4). With TLS the first byte says even less.
    /// </summary>
    internal bool MovesWithoutLoss => _http2 && Volatile.Read(ref _begun) > 0;

    /// <summary>Whether a request may come that nobody has told the client not to send.</summary>
    internal bool MaySendMore => IdleSince is not null && Volatile.Read(ref _told) == 0;

    /// <summary>Whether an HTTP/1 connection answers a request now; asked by those who serve it.</summary>
    internal bool IsRunning => _running.Count > 0;

    internal ConnectionLimits Limits => traffic.Limits;

    /// <summary>Null: this connection's paths are not counted.</summary>
    internal AnsweredPaths? AnsweredPaths => IsOwn ? null : traffic.AnsweredPaths;

    /// <summary>Has the connection held to the operator's time limits.</summary>
    internal void Watch(Deadlines deadlines) =>
        connection.Input.Watch = _clock = new ConnectionClock(connection, this, traffic.Limits, deadlines);

    /// <summary>Whether the worker itself is the client (<c>--warmup</c>). Its requests are not counted, and not in the access log.</summary>
    internal bool IsOwn => connection.IsOwn;

    /// <summary>For a request's place; null: there is no access log.</summary>
    internal AccessRecord? NewRecord() => traffic.AccessLog is { } log && !IsOwn ? new AccessRecord(log) : null;

    /// <summary>For the one request that there is at a time.</summary>
    internal void Offer(IHarakiriFeature harakiri) => connection.Features.Set(harakiri);

    /// <summary>Requests so far, with one that has just begun.</summary>
    internal long Begun => _begun;

    internal EndPoint? Peer => connection.RemoteEndPoint;

    /// <summary>Whether the request with these features has reached the application and is not over.</summary>
    internal bool IsAnswering(IFeatureCollection features)
    {
        lock (_free) return _running.Exists(request => request.Has(features));
    }

    internal EpollTransport Transport => traffic.Transport;

    public int CurrentRoute => _only?.Route ?? 0;

    public bool AnswersOne => _only is not null && !_upgraded;

    internal void Begin(IFeatureCollection features)
    {
        RunningRequest? request;
        lock (_free)
        {
            if (!_free.TryPop(out request)) request = new RunningRequest(this);
            // Before others can see it: what it was used for last may have begun long ago.
            request.Began = Environment.TickCount64;
            _running.Add(request);
            _begun++;
        }

        request.Begin(features);
        if (!IsOwn) traffic.Scoreboard.RequestBegan(request.Began);
        _clock?.RequestBegan();
        if (!_seen)
        {
            _seen = true;
            if (request.IsHttp2) SpeaksHttp2();
        }
        if (!_http2) _only = request;
    }

    internal void End(RunningRequest request, int status)
    {
        _only = null;
        lock (_free)
        {
            // Whoever ends it first: its place is free once.
            if (!_running.Remove(request)) return;
            _free.Push(request);
            _idleSince = Environment.TickCount64;
        }
        if (!IsOwn)
        {
            traffic.Scoreboard.RequestEnded();
            if (status >= 400) traffic.Scoreboard.CountError(status);
        }
        _clock?.RequestEnded(request.CanHaveBody);
    }

    /// <summary>For a request that has begun and that the application will never see.</summary>
    internal void EndWithoutContext(IFeatureCollection features)
    {
        RunningRequest? request;
        lock (_free) request = _running.Find(request => request.Has(features));
        request?.End(StatusCodes.Status500InternalServerError);
    }

    /// <summary>
    /// An upgraded connection is the application's own and ends when the application says so; asking Kestrel to close it would
    /// break the application's read.
    /// </summary>
    internal void Upgraded()
    {
        _upgraded = true;
        connection.HalfCloseIsClose = true;
        _clock?.Upgraded();
    }

    /// <summary>
    /// While draining, each next response announces the close; Kestrel writes <c>Connection: close</c>, or GOAWAY, itself. Not
    /// yet if the client has pipelined further requests behind this one: it sent them in good faith, and the last one's
    /// answer will do.
    /// </summary>
    /// <param name="request">Its features.</param>
    /// <param name="isLast">The connection is to close after this response in any case.</param>
    internal void ResponseStarting(IFeatureCollection request, bool isLast)
    {
        if (isLast) AskToClose();
        else if (traffic.Draining && (_http2 || !HasPipelined(request))) AskToClose();
        // The last one that this connection may send announces the close, whatever has come behind it.
        else if (traffic.Limits.MaxRequests != 0 && _begun >= traffic.Limits.MaxRequests) AskToClose();
    }

    /// <summary>
    /// The client has asked for the close itself, so nothing may come behind this request (RFC 9112, 9.6). Unless a body belongs to it, which may be on its way
    /// when the answer is not, or something has come all the same; and with TLS the client's own goodbye is still to come.
    /// </summary>
    internal void LastOfClient(IFeatureCollection request)
    {
        if (_http2 || request.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false }) return;
        connection.ClientSendsNoMore = request.Get<ITlsHandshakeFeature>() is null && !HasPipelined(request);
    }

    internal void SpeaksHttp2()
    {
        _http2 = true;
        connection.Multiplexed();
        _clock?.ReadsFreely();
    }

    internal void Abort() => connection.Abort();

    /// <summary>Writes down what is cut off and has not ended yet.</summary>
    internal void WriteCut()
    {
        lock (_free)
        {
            foreach (var request in _running) request.WriteCut();
        }
    }

    internal IEnumerable<string> Describe(long now)
    {
        lock (_free) return [.. _running.Select(r => r.Describe(now))];
    }

    /// <summary>What has been running for the longest time, and since when; not an upgraded connection, which is no request any more.</summary>
    internal (RunningRequest Request, long Began)? Longest()
    {
        lock (_free)
        {
            if (_running.Count == 0 || _upgraded) return null;
            RunningRequest? first = null;
            foreach (var request in _running)
                if (!request.IsTunnel && (first is null || request.Began < first.Began)) first = request;
            return first is null ? null : (first, first.Began);
        }
    }

    internal void ClockFailed(Exception exception) => traffic.ClockFailed(connection.ConnectionId, exception);

    /// <summary>Gives up requests that have been running for too long.</summary>
    /// <returns>When to look again.</returns>
    internal long CutOverdue(long now, ConnectionLimits limits)
    {
        var next = Deadlines.None;
        // Under the lock, so that none ends, and its place becomes another request's, between the look and the cut.
        lock (_free)
        {
            foreach (var request in _running) next = Math.Min(next, request.CutIfOverdue(now, limits, traffic));
        }
        return next;
    }

    /// <summary>
    /// Asks for the end of the connection after what it is doing. Kestrel closes an idle one at once, and lets a request finish
    /// of which a part has come.
    /// </summary>
    internal void AskToClose()
    {
        // Set by Kestrel a moment after it took the connection; whoever asks too early asks again.
        if (connection.Features.Get<IConnectionLifetimeNotificationFeature>() is not { } lifetime) return;
        if (Interlocked.Exchange(ref _told, 1) != 0) return;
        try
        {
            lifetime.RequestClose();
        }
#pragma warning disable CA1031 // Everybody who listens has been told by then, Kestrel too; what others do wrong may cost neither the drain nor this response.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            traffic.CloseCallbackFailed(connection.ConnectionId, exception);
        }
    }

    // Between the head of a request that has no body and the end of its response nobody else reads the connection, so that a
    // look is safe. Requests with a body are not pipelined by any sane client.
    private bool HasPipelined(IFeatureCollection request)
    {
        if (request.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false }) return false;
        try
        {
            var input = connection.Transport.Input;
            if (!input.TryRead(out var read)) return false;
            input.AdvanceTo(read.Buffer.Start);
            return !read.Buffer.IsEmpty;
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            // The client has gone, which the response is about to find out by itself.
            return false;
        }
    }
}
