using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

// A minimal API with one endpoint for each kind of client that the tests drive.
if (Environment.GetEnvironmentVariable("APP_CRASH_AT_START") == "1") throw new InvalidOperationException("boom at start");
if (Environment.GetEnvironmentVariable("APP_CRASH_AT_START") == "caught")
{
    // As in applications that log it themselves, somewhere.
    try
    {
        throw new InvalidOperationException("boom and caught");
    }
    catch (InvalidOperationException)
    {
        Environment.ExitCode = 3;
        return;
    }
}
if (int.TryParse(Environment.GetEnvironmentVariable("APP_START_DELAY_MS"), out var delay)) Thread.Sleep(delay);

var version = Environment.GetEnvironmentVariable("APP_VERSION")
    ?? Assembly.GetExecutingAssembly().GetName().Version!.ToString();

var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
// The application's own choice, where an operator may have another.
if (int.TryParse(Environment.GetEnvironmentVariable("APP_MAX_HEADERS"), out var headers))
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestHeaderCount = headers);
if (Environment.GetEnvironmentVariable("APP_SERVER_HEADER") == "0") builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
// Plain Kestrel over the sockets of a systemd unit, or of whoever hands them over in its manner.
if (Environment.GetEnvironmentVariable("APP_USE_SYSTEMD") == "1") builder.WebHost.ConfigureKestrel(kestrel => kestrel.UseSystemd());
if (Environment.GetEnvironmentVariable("APP_HANG_AT_START") == "1") builder.Services.AddHostedService<NeverStarts>();
if (Environment.GetEnvironmentVariable("APP_CRASH_AFTER_BIND") == "1") builder.Services.AddHostedService<FailsToStart>();
if (Environment.GetEnvironmentVariable("APP_PICKY_CONTEXTS") == "1") builder.Services.AddSingleton<IHttpContextFactory, PickyContexts>();

var app = builder.Build();
app.UseWebSockets();

app.MapGet("/", () => $"hello from version {version}\n");
app.MapGet("/pid", () => Environment.ProcessId.ToString());
app.MapGet("/root", (IWebHostEnvironment here, IConfiguration settings) => $"{here.ContentRootPath} {settings["Release"]}");
// Warming up: ready at the third time of asking.
var asked = 0;
app.MapGet("/ready", () => Interlocked.Increment(ref asked) < 3 ? Results.StatusCode(503) : Results.Ok());
app.MapGet("/secure", (HttpRequest request) => request.IsHttps ? Results.Ok() : Results.StatusCode(StatusCodes.Status307TemporaryRedirect));
app.MapGet("/slow", async (int? ms) =>
{
    await Task.Delay(ms ?? 1000);
    return "slow\n";
});
app.MapGet("/harakiri", (HttpContext context) =>
{
    if (context.Items["psgix.harakiri"] is true) context.Items["psgix.harakiri.commit"] = true;
    return "farewell\n";
});
// As an application does that has the package, which this one has not.
app.MapGet("/harakiri-feature", (HttpContext context) =>
{
    var type = Type.GetType("StarletNet.Hosting.IHarakiriFeature, StarletNet.Hosting");
    if (type is null || context.Features[type] is not { } feature) return "no feature\n";
    type.GetMethod("Commit")!.Invoke(feature, []);
    return $"committed {type.GetProperty("IsCommitted")!.GetValue(feature)}\n";
});
app.MapGet("/harakiri-header", (HttpContext context, string value) =>
{
    context.Response.Headers["X-StarletNet-Harakiri"] = value;
    return "farewell\n";
});
app.MapGet("/sync-slow/{word?}", (int? ms) =>
{
    Thread.Sleep(ms ?? 1000);
    return "sync-slow\n";
});
app.MapMethods("/large", [HttpMethods.Get, HttpMethods.Head], async (HttpContext context, long? bytes) =>
{
    var length = bytes ?? 5_000_000;
    context.Response.ContentType = "application/octet-stream";
    context.Response.ContentLength = length;
    var chunk = new byte[16 * 1024];
    for (long done = 0; done < length; done += chunk.Length)
    {
        for (var i = 0; i < chunk.Length; i++) chunk[i] = (byte)(((done + i) * 31 + 7) % 251);
        await context.Response.Body.WriteAsync(chunk.AsMemory(0, (int)Math.Min(chunk.Length, length - done)));
    }
});
app.MapPost("/upload", async (HttpRequest request) =>
{
    using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    var buffer = new byte[16 * 1024];
    long length = 0;
    int read;
    while ((read = await request.Body.ReadAsync(buffer)) > 0)
    {
        sha.AppendData(buffer, 0, read);
        length += read;
    }

    return $"{length} {Convert.ToHexStringLower(sha.GetHashAndReset())}\n";
});
app.MapPost("/echo", async (HttpContext context) =>
{
    context.Response.ContentLength = context.Request.ContentLength;
    await context.Request.Body.CopyToAsync(context.Response.Body);
});
// GET over HTTP/1.1, CONNECT over HTTP/2.
app.Map("/ws", async (HttpContext context, IHostApplicationLifetime lifetime) =>
{
    if (!context.WebSockets.IsWebSocketRequest)
    {
        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        return;
    }

    using var socket = await context.WebSockets.AcceptWebSocketAsync();
    await Echo(socket, lifetime.ApplicationStopping);
});
app.MapGet("/sse", async (HttpContext context, IHostApplicationLifetime lifetime) =>
{
    context.Response.ContentType = "text/event-stream";
    var stopping = lifetime.ApplicationStopping;
    for (var i = 0; !stopping.IsCancellationRequested; i++)
    {
        await context.Response.WriteAsync($"data: {i}\n\n");
        await context.Response.Body.FlushAsync();
        try
        {
            await Task.Delay(100, stopping);
        }
        catch (OperationCanceledException)
        {
            await context.Response.WriteAsync("data: bye\n\n");
        }
    }
});
// As an application does that logs to its console.
app.MapGet("/say", (string text) =>
{
    Console.WriteLine(text);
    return text;
});
app.MapGet("/exit", (int? code) => Environment.Exit(code ?? 0));
app.MapGet("/stop", (IHostApplicationLifetime lifetime) =>
{
    lifetime.StopApplication();
    return "stopping\n";
});
app.MapGet("/throw", string () => throw new InvalidOperationException("thrown"));
app.MapGet("/env", (string name) => Environment.GetEnvironmentVariable(name) ?? "(unset)");
app.MapGet("/libc-env", (string name) => Marshal.PtrToStringUTF8(getenv(name)) ?? "(unset)");
app.MapGet("/children-fds", async () =>
{
    var start = new ProcessStartInfo("sh", ["-c", "ls -l /proc/self/fd; env"]) { RedirectStandardOutput = true, RedirectStandardInput = true };
    using var child = Process.Start(start)!;
    var output = await child.StandardOutput.ReadToEndAsync();
    await child.WaitForExitAsync();
    return output;
});
app.MapGet("/connection", (HttpContext context) =>
    $"local {context.Connection.LocalIpAddress}:{context.Connection.LocalPort} remote {context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}\n");
app.MapGet("/close-callback", (HttpContext context) =>
{
    context.Features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>().ConnectionClosedRequested
        .Register(() => throw new InvalidOperationException("not to be told"));
    return "registered\n";
});
app.MapGet("/answer-rate", (HttpContext context) =>
    context.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate?.BytesPerSecond.ToString(CultureInfo.InvariantCulture) ?? "none");

app.Run();

[DllImport("libc")]
static extern nint getenv(string name);

// Says goodbye when the application stops, as a well-mannered WebSocket server does, and waits for the client's answer.
// Its farewell and its echoes take turns: nothing may be sent behind a close frame.
static async Task Echo(WebSocket socket, CancellationToken stopping)
{
    using var turn = new SemaphoreSlim(1);
    using var leaving = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    var goodbye = SayGoodbye(socket, turn, leaving.Token);
    var buffer = new byte[16 * 1024];
    while (true)
    {
        var message = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
        if (message.MessageType == WebSocketMessageType.Close) break;
        await turn.WaitAsync(CancellationToken.None);
        if (socket.State == WebSocketState.Open)
            await socket.SendAsync(buffer.AsMemory(0, message.Count), message.MessageType, message.EndOfMessage, CancellationToken.None);
        turn.Release();
    }

    // The client's close is answered with ours, unless it was the answer to ours.
    await leaving.CancelAsync();
    await goodbye;
}

static async Task SayGoodbye(WebSocket socket, SemaphoreSlim turn, CancellationToken leaving)
{
    await Task.Delay(Timeout.Infinite, leaving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    await turn.WaitAsync(CancellationToken.None);
    if (socket.State is WebSocketState.Open) await socket.CloseOutputAsync(WebSocketCloseStatus.EndpointUnavailable, "going away", CancellationToken.None);
    else if (socket.State is WebSocketState.CloseReceived) await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    turn.Release();
}

internal sealed class PickyContexts(IServiceProvider services) : IHttpContextFactory
{
    private readonly DefaultHttpContextFactory _usual = new(services);

    public HttpContext Create(IFeatureCollection featureCollection) =>
        featureCollection.GetRequiredFeature<IHttpRequestFeature>().Path == "/no-context" ? throw new InvalidOperationException("no context") : _usual.Create(featureCollection);

    public void Dispose(HttpContext httpContext) => _usual.Dispose(httpContext);
}

internal sealed class NeverStarts : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, CancellationToken.None);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

// A lifecycle service, because its Started step comes after the web server has bound its endpoints.
internal sealed class FailsToStart : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("boom after bind");

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
