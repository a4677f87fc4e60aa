using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace StarletNet.Hosting.Server;

/// <summary>
/// Mounts the whole application below a prefix, as Plack's URLMap does: outside of it there is nothing, and inside the prefix moves
/// from the path to the path base, so that the application's own links keep it.
/// </summary>
internal sealed class PathPrefix(PathString prefix) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => application =>
    {
        application.Use(inner => context =>
        {
            if (!context.Request.Path.StartsWithSegments(prefix, StringComparison.Ordinal, out var matched, out var rest))
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            }
            context.Request.PathBase = context.Request.PathBase.Add(matched);
            context.Request.Path = rest;
            return inner(context);
        });
        next(application);
    };
}
