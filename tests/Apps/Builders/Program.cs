using System.Net;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

// The ways of building a web host; the first argument says which. Each answers with its own name.
var kind = args.Length > 0 ? args[0] : "builder";
switch (kind)
{
    case "builder":
        Run(WebApplication.CreateBuilder());
        break;
    case "slim":
        Run(WebApplication.CreateSlimBuilder());
        break;
    case "empty":
        var empty = WebApplication.CreateEmptyBuilder(new());
        empty.WebHost.UseKestrelCore();
        Run(empty);
        break;
    case "generic":
        Host.CreateDefaultBuilder().ConfigureWebHostDefaults(web => web.Configure(Answer)).Build().Run();
        break;
    case "generic-raw":
        new HostBuilder().ConfigureWebHost(web => web.UseKestrel().Configure(Answer)).Build().Run();
        break;
    case "legacy":
        WebHost.CreateDefaultBuilder().Configure(Answer).Build().Run();
        break;
    case "legacy-raw":
        new WebHostBuilder().UseKestrel().Configure(Answer).Build().Run();
        break;
    case "own-endpoints":
        var own = WebApplication.CreateBuilder();
        own.Configuration["Kestrel:Endpoints:Mine:Url"] = "http://127.0.0.1:" + args[1];
        own.WebHost.UseUrls("http://127.0.0.1:" + args[2]);
        own.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, int.Parse(args[3])));
        Run(own);
        break;
    case "own-defaults":
        var defaults = WebApplication.CreateBuilder();
        defaults.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection =>
        {
            connection.Items["defaults"] = "applied";
            return next(connection);
        })));
        Run(defaults);
        break;
    case "two-servers":
        Run(WebApplication.CreateBuilder(), runs: false);
        var admin = WebApplication.CreateBuilder();
        admin.WebHost.UseUrls("http://127.0.0.1:0");
        Run(admin);
        break;
    case "worker-service":
        var outer = Host.CreateApplicationBuilder();
        outer.Services.AddHostedService<WebInside>();
        outer.Build().Run();
        break;
    default:
        throw new ArgumentException($"unknown kind of host: {kind}");
}

void Run(WebApplicationBuilder builder, bool runs = true)
{
    var app = builder.Build();
    Answer(app);
    if (runs) app.Run();
    else app.Start();
}

void Answer(IApplicationBuilder app)
{
    var addresses = app.ApplicationServices.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
    app.Run(context => context.Response.WriteAsync(
        $"{kind} on {Environment.Version.Major} {context.Request.Protocol} {context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionItemsFeature>()?.Items.TryGetValue("defaults", out var value)} at {string.Join(' ', addresses.Addresses)}\n"));
}

// A worker service that runs a web application as one of its parts.
internal sealed class WebInside : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var app = WebApplication.CreateBuilder().Build();
        app.MapGet("/", () => "worker-service");
        await app.RunAsync(stoppingToken);
    }
}
