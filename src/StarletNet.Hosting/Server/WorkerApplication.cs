using System.Diagnostics;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using StarletNet.Hosting.Transport;

namespace StarletNet.Hosting.Server;

/// <summary>
/// Sees every request on its way from Kestrel to the application. The context type and the feature collection pass through
/// unchanged: Kestrel and hosting keep a context per connection in them and reuse it. A request for a route that has lately
/// blocked goes on elsewhere before the application sees it.
/// </summary>
internal sealed class WorkerApplication<TContext>(IHttpApplication<TContext> application, EpollTransport transport) : IHttpApplication<TContext>
    where TContext : notnull
{
    public TContext CreateContext(IFeatureCollection contextFeatures)
    {
        var connection = contextFeatures[typeof(ConnectionRequests)] as ConnectionRequests;
        if (connection is not null)
        {
            RequestFraming.Check(contextFeatures);
            if (connection.Limits.RefusesExpectations) RequestFraming.CheckExpectation(contextFeatures);
            connection.Begin(contextFeatures);
        }
        Coming.Route = transport.IsInline && !(transport.Memory.IsEmpty && LoopThread.IsInline) ? RunningRequest.RouteOf(contextFeatures) : 0;
        try
        {
            return application.CreateContext(contextFeatures);
        }
        catch
        {
            // An IHttpContextFactory of the application's. Kestrel tells nobody of the end of a request without a context.
            connection?.EndWithoutContext(contextFeatures);
            throw;
        }
    }

    public Task ProcessRequestAsync(TContext context)
    {
        // The usual case: on the loop, and nothing is known against anybody; or --loop pool.
        var route = Coming.Route;
        if (route != 0) return ProcessWhereItBelongs(context, route);
        var processing = application.ProcessRequestAsync(context);
        // What goes on elsewhere may take its time.
        if (!processing.IsCompleted) OutputHold.Release();
        return processing;
    }

    public void DisposeContext(TContext context, Exception? exception) => application.DisposeContext(context, exception);

    private Task ProcessWhereItBelongs(TContext context, int route) => transport.Memory.PlaceOf(route) switch
    {
        Place.Spare => ProcessIn(transport.Elsewhere.Spare, context, route),
        Place.Pool => ProcessIn(transport.Elsewhere.Pool, context, route),
        _ when LoopThread.IsInline => ProcessOnLoop(context, route),
        _ => ProcessHere(context, route),
    };

    private Task ProcessOnLoop(TContext context, int route)
    {
        var processing = application.ProcessRequestAsync(context);
        transport.Memory.HasBehaved(route);
        return processing;
    }

    /// <summary>Away from a loop already, as a connection's first request is and those of HTTP/2 are: nobody else watches whether it blocks.</summary>
    private Task ProcessHere(TContext context, int route)
    {
        if (!transport.Memory.Suspects(route)) return ProcessUnsuspected(context, route);
        var run = ObservedRun.Begin();
        var processing = Process(context, route, out var isJudged);
        if (!isJudged) transport.Memory.Observe(route, run.Deserved());
        return processing;
    }

    // Without a system call.
    private Task ProcessUnsuspected(TContext context, int route)
    {
        var began = Stopwatch.GetTimestamp();
        var processing = Process(context, route, out var isJudged);
        if (!isJudged && Stopwatch.GetElapsedTime(began).TotalMicroseconds >= Habit.LongMicroseconds) transport.Memory.Suspect(route);
        return processing;
    }

    private async Task ProcessIn(System.IO.Pipelines.PipeScheduler scheduler, TContext context, int route)
    {
        await new Elsewhere(scheduler);
        // More may be known since, when there was a queue.
        if (LoopThread.Current is null && transport.Memory.PlaceOf(route) == Place.Spare) await new Elsewhere(transport.Elsewhere.Spare);
        var run = ObservedRun.Begin();
        var processing = Process(context, route, out var isJudged);
        if (!isJudged) transport.Memory.Observe(route, run.Deserved());
        await processing.ConfigureAwait(false);
    }

    /// <param name="isJudged">Whether the run has been found to wait while it lasted, and this is remembered.</param>
    private Task Process(TContext context, int route, out bool isJudged)
    {
        isJudged = false;
        var thread = transport.Elsewhere.Runs.Enter(null, route);
        try
        {
            var processing = application.ProcessRequestAsync(context);
            if (!processing.IsCompleted) OutputHold.Release();
            return processing;
        }
        finally
        {
            if (thread is not null) isJudged = thread.Leave();
        }
    }
}

/// <summary>Of the request that the calling thread is about to give to the application. Apart, because a generic class looks for its statics each time.</summary>
internal static class Coming
{
    /// <summary>From CreateContext to the ProcessRequestAsync that Kestrel calls next, on the same thread; 0: of no interest.</summary>
    [ThreadStatic]
    internal static int Route;
}
