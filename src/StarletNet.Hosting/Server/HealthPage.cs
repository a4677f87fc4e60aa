using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using StarletNet.Hosting.Worker;

namespace StarletNet.Hosting.Server;

/// <summary>
/// <c>--health-path</c>: 200 while the service is there, 503 from the moment it is told to stop. Load balancers ask from other machines, so
/// it answers any client, and tells nothing but the status. It comes before all middleware of the application, such as a redirect to https
/// or a filter of host names.
/// </summary>
internal sealed class HealthPage(PathString path, ScoreboardPlace scoreboard) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => application =>
    {
        application.Use(inner => context => IsAsked(context.Request) ? Answer(context) : inner(context));
        next(application);
    };

    private bool IsAsked(HttpRequest request) =>
        request.Path.Equals(path, StringComparison.Ordinal) && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method));

    private Task Answer(HttpContext context)
    {
        var stops = scoreboard.ServiceStops;
        context.Response.StatusCode = stops ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        context.Response.ContentType = "text/plain";
        context.Response.Headers.CacheControl = "no-store";
        var words = stops ? "stopping\n" : "ok\n";
        context.Response.ContentLength = words.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(words, context.RequestAborted);
    }
}
