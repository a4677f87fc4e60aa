using StarletNet.Hosting;

var builder = WebApplication.CreateSlimBuilder(args);
builder.UseStarletNet();
var app = builder.Build();
app.MapGet("/", () => $"native in worker {Environment.GetEnvironmentVariable("STARLETNET_WORKER_SLOT") ?? "none"}");
app.MapGet("/pid", () => $"{Environment.ProcessId}");
app.MapGet("/slow", async () =>
{
    await Task.Delay(500);
    return "slow";
});
app.MapGet("/environment", () => string.Join('\n', Environment.GetEnvironmentVariables().Keys.Cast<string>()));
app.Run();
