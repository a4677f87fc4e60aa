using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using StarletNet.Hosting.AccessLog;
using StarletNet.Hosting.Transport;
using StarletNet.Hosting.Worker;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Server;

/// <summary>
/// A place for one running request of a connection, used again for the next: following a request allocates nothing, since
/// Kestrel keeps the two callback lists as well.
/// </summary>
internal sealed class RunningRequest(ConnectionRequests connection)
{
    private static readonly Func<object, Task> OnStarting = static request => ((RunningRequest)request).Starting();
    private static readonly Func<object, Task> OnCompleted = static request => ((RunningRequest)request).Completed();

    private const string HarakiriHeader = "X-StarletNet-Harakiri", HarakiriCommit = "commit";

    private IFeatureCollection? _features;
    private IHttpResponseFeature? _response;
    private IHttpRequestFeature? _request;
    private IHttpMinResponseDataRateFeature? _rate;

    // What others may ask for, from whatever thread. Never of Kestrel itself: its request makes the text of its method when it is first asked, and one
    // who asks between two requests leaves an empty one to the next, which then has no method.
    private string? _method, _path;
    private readonly HarakiriItems _items = new();
    private readonly AccessRecord? _record = connection.NewRecord();
    private bool _sharesConnection;
    private bool _isTunnel;
    private long _began;
    private Overdue _overdue;

    /// <remarks>
    /// Registered for every request, drain or not, because those that are running when a drain begins must announce the close
    /// too. Callbacks run last in, first out, so this one sees the response as the application leaves it.
    /// </remarks>
    internal void Begin(IFeatureCollection features)
    {
        if (!ReferenceEquals(features, _features))
        {
            _response = features.Get<IHttpResponseFeature>();
            _request = features.Get<IHttpRequestFeature>();
            _features = features;
            _sharesConnection = IsHttp2;
            // Requests find what their connection has, and HTTP/1 has one at a time: once will do.
            if (!_sharesConnection) connection.Offer(_items);
            _rate = connection.Limits.AnswerStall != 0 ? features.Get<IHttpMinResponseDataRateFeature>() : null;
        }

        // Our own clock holds HTTP/1 to the limit, write by write. HTTP/2 does not offer this.
        if (_rate is not null) _rate.MinDataRate = null;

        // By type, not by Set<T>: a generic call through an interface looks its method up each time.
        features[typeof(IItemsFeature)] = _items;
        if (_sharesConnection) features[typeof(IHarakiriFeature)] = _items;
        (_method, _path) = (_request!.Method, _request.Path);
        _record?.Begin(features, connection.Begun - 1);
        _response!.OnStarting(OnStarting, this);
        _response.OnCompleted(OnCompleted, this);
    }

    /// <summary><see cref="Environment.TickCount64"/>. Setting it makes a new request of this.</summary>
    internal long Began
    {
        get => _began;
        set => (_began, _overdue, _isTunnel) = (value, Overdue.No, false);
    }

    /// <summary>Method and path, for an operator's eyes.</summary>
    internal string Name => $"{_method} {_path}";

    /// <summary>A WebSocket over HTTP/2 (RFC 8441): from its answer on no request any more, like an upgraded connection of HTTP/1.</summary>
    internal bool IsTunnel => _isTunnel;

    internal bool Has(IFeatureCollection features) => ReferenceEquals(features, _features);

    internal bool CanHaveBody => _features?.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };

    internal bool IsHttp2 => _features?.Get<IHttpRequestFeature>()?.Protocol is "HTTP/2";

    /// <summary>See <see cref="BlockingMemory.RouteOf"/>. May be asked while the request ends, and is then anybody's.</summary>
    internal int Route => _method is { } method && _path is { } path ? BlockingMemory.RouteOf(method, path) : 0;

    /// <summary>The same, asked on the request's own way to the application.</summary>
    internal static int RouteOf(IFeatureCollection features) =>
        features[typeof(IHttpRequestFeature)] is IHttpRequestFeature { Method: { } method, Path: { } path } ? BlockingMemory.RouteOf(method, path) : 0;

    /// <summary>For an operator's eyes, read while the request runs: it may be over before the words are.</summary>
    internal string Describe(long now) => $"{Name} ({(now - _began) / 1000.0:0.0} s)";

    private enum Overdue { No, Cut, Stuck }

    /// <summary>
    /// Takes the client away from a request that has been running for too long: its RequestAborted fires, its reads and writes fail.
    /// One that goes on all the same costs the worker, which alone can end it by ending itself.
    /// </summary>
    /// <returns>When to look again.</returns>
    internal long CutIfOverdue(long now, ConnectionLimits limits, Traffic traffic)
    {
        if (_overdue == Overdue.Stuck || _isTunnel) return Deadlines.None;
        var due = _began + limits.Request + (_overdue == Overdue.Cut ? limits.RequestGrace : 0);
        if (now < due) return due;
        if (_overdue == Overdue.No)
        {
            _overdue = Overdue.Cut;
            traffic.RequestCut(Describe(now));
            WriteCut();
            _features?.Get<IHttpRequestLifetimeFeature>()?.Abort();
            return due + limits.RequestGrace;
        }
        _overdue = Overdue.Stuck;
        traffic.RequestStuck(Describe(now));
        return Deadlines.None;
    }

    /// <summary>Takes the client away; for a stream of HTTP/2 this leaves the connection alone.</summary>
    internal void Abort()
    {
        WriteCut();
        _features?.Get<IHttpRequestLifetimeFeature>()?.Abort();
    }

    /// <summary>For the access log, before the client is taken away.</summary>
    internal void WriteCut()
    {
        if (_features is { } features && _response is { } response) _record?.Cut(features, response, connection.Peer);
    }

    private Task Starting()
    {
        if (connection.Limits.HarakiriHeader) TakeHarakiriHeader(_response!.Headers);
        if (connection.Limits.ServerSoftware is { Length: > 0 } software && _response!.Headers.Server.Count == 0) _response.Headers.Server = software;
        if (_response!.StatusCode == StatusCodes.Status101SwitchingProtocols) connection.Upgraded();
        else connection.ResponseStarting(_features!, isLast: _items.IsCommitted);
        if (_sharesConnection) _isTunnel = _features!.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true };
        // The usual word of a client that uses a connection for one request.
        if (_request!.Headers.Connection is [{ } word] && word.Equals("close", StringComparison.OrdinalIgnoreCase)) connection.LastOfClient(_features!);
        return Task.CompletedTask;
    }

    // An order to us, and nobody else's business.
    private void TakeHarakiriHeader(IHeaderDictionary headers)
    {
        if (headers.Remove(HarakiriHeader, out var value) && string.Equals(value, HarakiriCommit, StringComparison.OrdinalIgnoreCase)) _items.Commit();
    }

    private Task Completed()
    {
        if (connection.AnsweredPaths is { } paths && _response!.StatusCode == StatusCodes.Status200OK && _method == HttpMethods.Get) paths.Count(_request!.RawTarget);
        End(_response!.StatusCode);
        return Task.CompletedTask;
    }

    internal void End(int status)
    {
        // Before the place is free for the next one; and whatever a response of the application's own kind makes of being asked.
        try
        {
            _record?.Completed(_features!, status, connection.Peer);
        }
        finally
        {
            if (_items.IsCommitted) WorkerProcess.Current?.AskForRetirement(ControlMessage.ForHarakiri);
            // An idle connection keeps nothing of the application's.
            _items.Reset();
            (_method, _path) = (null, null);
            connection.End(this, status);
        }
    }
}
