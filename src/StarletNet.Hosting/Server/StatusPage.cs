using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using StarletNet.Hosting.Worker;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Server;

/// <summary>
/// <c>--status-path</c>: the scoreboard of all workers in the text format of Prometheus, for clients of this machine. For everybody else the
/// path is the application's, as if this were not there.
/// </summary>
internal sealed class StatusPage(PathString path, ScoreboardPlace scoreboard) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => application =>
    {
        application.Use(inner => context => IsAsked(context) ? Answer(context) : inner(context));
        next(application);
    };

    private bool IsAsked(HttpContext context) =>
        context.Request.Path.Equals(path, StringComparison.Ordinal) && HttpMethods.IsGet(context.Request.Method)
        // The peer of the connection: no header has been believed yet. A Unix socket has no address at all.
        && (context.Connection.RemoteIpAddress is not { } client || IPAddress.IsLoopback(client) || IsLoopback(client))
        // A proxy on this machine asks for another client.
        && !context.Request.Headers.Any(header => IsOfProxy(header.Key));

    private static bool IsOfProxy(string name) => name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase) || name.Equals("Via", StringComparison.OrdinalIgnoreCase)
        || name.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase) || name.Equals("X-Client-IP", StringComparison.OrdinalIgnoreCase);

    private static bool IsLoopback(IPAddress client) => client.IsIPv4MappedToIPv6 && IPAddress.IsLoopback(client.MapToIPv4());

    private async Task Answer(HttpContext context)
    {
        var page = Page();
        if (scoreboard.ServiceStops) context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = MetricsText.ContentType;
        context.Response.ContentLength = page.Length;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(page, context.RequestAborted).ConfigureAwait(false);
    }

    private byte[] Page()
    {
        var all = scoreboard.All;
        var workers = new List<MeasuredWorker>();
        for (var place = 0; place < all.PlacesInUse; place++)
        {
            var figures = all.Read(place);
            if (figures.Pid != 0) workers.Add(new MeasuredWorker(figures.Slot, figures.Pid, StateOf(figures), figures));
        }
        var text = new MetricsText(Environment.TickCount64);
        // The last place is the master's, with the sums of workers that are gone.
        text.AddWorkers(workers, all.Read(all.Places - 1));
        return text.Bytes;
    }

    private static Shared.Contract.WorkerState StateOf(WorkerFigures figures) => figures.Phase switch
    {
        WorkerPhase.Draining => Shared.Contract.WorkerState.Draining,
        WorkerPhase.Ready => figures.InFlight > 0 ? Shared.Contract.WorkerState.Busy : Shared.Contract.WorkerState.Idle,
        _ => Shared.Contract.WorkerState.Starting,
    };
}
