using Microsoft.AspNetCore.Http.Features;

// What scripts/bench asks of every server. The other peers (nginx, Perl, the bare epoll server) answer the same bytes.
var builder = WebApplication.CreateBuilder(args);
// Kestrel's own way to do without thread hops has no switch outside the application.
if (builder.Configuration["BENCH_INLINE_SCHEDULING"] == "1")
    builder.WebHost.UseSockets(options => options.UnsafePreferInlineScheduling = true);
var app = builder.Build();

var bytes = new byte[5 * 1024 * 1024];
Array.Fill(bytes, (byte)'x');

app.MapGet("/", () => "Hello, World!\n");
app.MapGet("/json", () => new Greeting("Hello, World!", 42, ["one", "two", "three"]));
app.MapGet("/async", async () =>
{
    await Task.Yield();
    return new Greeting("Hello, World!", 42, ["one", "two", "three"]);
});
app.MapGet("/bytes/{count:int}", (int count, HttpResponse response) =>
{
    response.ContentLength = count;
    return response.Body.WriteAsync(bytes.AsMemory(0, count)).AsTask();
});
app.MapPost("/upload", async (HttpRequest request) =>
{
    while (true)
    {
        var read = await request.BodyReader.ReadAsync();
        request.BodyReader.AdvanceTo(read.Buffer.End);
        if (read.IsCompleted) return "ok\n";
    }
});
// A handler that does what it should not.
app.MapGet("/block", () =>
{
    Thread.Sleep(100);
    return "ok\n";
});
// Bad habits: each keeps its thread waiting.
using var client = new HttpClient();
app.MapGet("/habits/sleep", () =>
{
    Thread.Sleep(5);
    return "ok\n";
});
app.MapGet("/habits/result", () => FiveMillisecondsAsync().Result);
app.MapGet("/habits/self", (HttpRequest request) => client.GetStringAsync(new Uri($"http://{request.Host}/")).Result);
app.MapPost("/habits/read", (HttpContext context) =>
{
    context.Features.GetRequiredFeature<IHttpBodyControlFeature>().AllowSynchronousIO = true;
    Span<byte> buffer = stackalloc byte[4096];
    while (context.Request.Body.Read(buffer) > 0)
    {
        // What it holds is of no interest.
    }
    return "ok\n";
});
app.Run();

static async Task<string> FiveMillisecondsAsync()
{
    await Task.Delay(5);
    return "ok\n";
}

internal sealed record Greeting(string Message, int Number, string[] Words);
