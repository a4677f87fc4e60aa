using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace StarletNet.Hosting.Server;

/// <summary>
/// Believes what a proxy says of its client (X-Forwarded-For, X-Forwarded-Proto) if it connects over a Unix socket or from this machine, before
/// anything of the application sees the request. Not X-Forwarded-Host, which proxies pass on as the client wrote it unless they are told otherwise; they
/// have a Host header for that. ASP.NET Core's own switch leaves it out as well.
/// </summary>
/// <remarks>
/// ASP.NET Core's own middleware, whose own default is to believe the loopback addresses and peers without an address. It is made and asked only
/// when a request has such a header. Not where the application has said by itself whom to believe: each run of the middleware takes one more
/// name from the header, so after ours the application's would take what the client itself has written there.
/// </remarks>
internal sealed class ForwardedFromNear : IStartupFilter
{
    private const string For = "X-Forwarded-For", Proto = "X-Forwarded-Proto";

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => application =>
    {
        if (SaysWhomToBelieve(application.ApplicationServices))
        {
            next(application);
            return;
        }
        application.Use(inner =>
        {
            var believing = new Lazy<RequestDelegate>(() => Believing(application, inner));
            return context =>
            {
                var headers = context.Request.Headers;
                return headers.ContainsKey(For) || headers.ContainsKey(Proto) ? believing.Value(context) : inner(context);
            };
        });
        next(application);
    };

    /// <summary>ASPNETCORE_FORWARDEDHEADERS_ENABLED, or options of its own beside those that every application is given.</summary>
    private static bool SaysWhomToBelieve(IServiceProvider services) =>
        string.Equals(services.GetService<IConfiguration>()?["ForwardedHeaders_Enabled"], "true", StringComparison.OrdinalIgnoreCase)
        || services.GetServices<IConfigureOptions<ForwardedHeadersOptions>>().Any(options => options.GetType().Namespace != typeof(WebHost).Namespace);

    private static RequestDelegate Believing(IApplicationBuilder application, RequestDelegate inner)
    {
        var branch = application.New();
        branch.UseForwardedHeaders(new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
        });
        branch.Run(inner);
        return branch.Build();
    }
}
