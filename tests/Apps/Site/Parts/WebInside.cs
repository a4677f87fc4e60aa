namespace Site.Parts;

internal sealed class WebInside(IConfiguration configuration) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var app = WebApplication.CreateBuilder().Build();
        app.MapGet("/", () => "web inside a worker service");
        await app.StartAsync(stoppingToken);

        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{configuration["AdminPort"]}");
        var admin = builder.Build();
        admin.MapGet("/", () => "admin");
        await admin.StartAsync(stoppingToken);
        await Task.WhenAll(app.WaitForShutdownAsync(stoppingToken), admin.WaitForShutdownAsync(stoppingToken));
    }
}
