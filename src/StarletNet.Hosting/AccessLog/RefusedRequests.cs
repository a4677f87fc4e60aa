using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using StarletNet.Hosting.Server;
using StarletNet.Hosting.Worker;

namespace StarletNet.Hosting.AccessLog;

/// <summary>
/// Requests that Kestrel answers by itself because it cannot read them, or because they exceed a limit: no application ever sees them, but
/// Kestrel says so to whoever listens.
/// </summary>
internal sealed class RefusedRequests(ScoreboardPlace scoreboard, AccessLogWriter? log) : IObserver<KeyValuePair<string, object?>>
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    /// <summary>Nothing but this one event is asked for: others, of hosting itself, would cost each request something.</summary>
    /// <param name="kestrel">Where Kestrel says so.</param>
    /// <param name="scoreboard">Where they are counted as errors.</param>
    /// <param name="log">Where they are written down; null: nowhere.</param>
    internal static IDisposable Watch(DiagnosticListener kestrel, ScoreboardPlace scoreboard, AccessLogWriter? log) =>
        kestrel.Subscribe(new RefusedRequests(scoreboard, log), static (name, _, _) => name == BadRequest);

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key != BadRequest || value.Value is not IFeatureCollection features) return;
        if (features[typeof(ConnectionRequests)] is not ConnectionRequests { IsOwn: false } connection) return;
        // One that the application has begun with is counted and written down when it ends.
        if (connection.IsAnswering(features)) return;
        var status = features.Get<IBadRequestExceptionFeature>()?.Error is BadHttpRequestException refusal ? refusal.StatusCode : StatusCodes.Status400BadRequest;
        scoreboard.CountError(status);
        log?.Write(new AccessEntry(features, status, 0, DateTimeOffset.UtcNow, TimeSpan.Zero, connection.Begun, connection.Peer));
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }
}
