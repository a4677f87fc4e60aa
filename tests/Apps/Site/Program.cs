using Site.Parts;

// What the templates of the SDK make, in one program: the first argument says which kind of host.
switch (args.FirstOrDefault())
{
    case "worker-service":
        // A worker service with a web application inside, and an admin port beside it.
        var outer = Host.CreateApplicationBuilder(args);
        outer.Services.AddHostedService<WebInside>();
        outer.Services.AddHostedService<SlowGoodbye>();
        outer.Build().Run();
        break;
    case "slim":
        var slim = WebApplication.CreateSlimBuilder(args).Build();
        slim.MapGet("/", () => "slim");
        slim.Run();
        break;
    case "empty":
        var builder = WebApplication.CreateEmptyBuilder(new() { Args = args });
        builder.WebHost.UseKestrelCore();
        var empty = builder.Build();
        empty.Run(context => context.Response.WriteAsync("empty"));
        empty.Run();
        break;
    default:
        WholeSite.Run(args);
        break;
}
