using System.Net.Http.Json;
using System.Text.Json;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>A real browser without a window, driven by chromedriver (https://www.w3.org/TR/webdriver2/).</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromMinutes(2) };
    private readonly ProgramUnderTest _driver;
    private readonly Uri _address;
    private string _session = "";

    private Chromium(ProgramUnderTest driver, Uri address) => (_driver, _address) = (driver, address);

    /// <summary>Skips the test where there is none.</summary>
    internal static async Task<Chromium> StartAsync(ScratchDirectory scratch)
    {
        var (browser, program) = (Needs.Program("chromium", "chromium"), Needs.Program("chromedriver", "chromium-driver"));
        var port = FreePort.Next();
        // Its settings, and all that it leaves behind, are to be in the test's own directory.
        var driver = ProgramUnderTest.Start(program, [$"--port={port}"], new ProgramOptions
        {
            Environment = new Dictionary<string, string> { ["HOME"] = scratch.Path, ["TMPDIR"] = scratch.Path, ["XDG_CONFIG_HOME"] = scratch.Path, ["XDG_CACHE_HOME"] = scratch.Path },
        });
        var chromium = new Chromium(driver, new Uri($"http://127.0.0.1:{port}"));
        await driver.LineAsync("started successfully");
        // No sandbox: it needs rights that a container or root has not.
        string[] arguments =
        [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--no-proxy-server", $"--user-data-dir={scratch.File("chromium")}",
        ];
        var session = await chromium.AskAsync(HttpMethod.Post, "/session", new Dictionary<string, object>
        {
            ["capabilities"] = new Dictionary<string, object>
            {
                ["alwaysMatch"] = new Dictionary<string, object> { ["goog:chromeOptions"] = new Dictionary<string, object> { ["binary"] = browser, ["args"] = arguments } },
            },
        });
        chromium._session = $"/session/{session.GetProperty("sessionId").GetString()}";
        return chromium;
    }

    /// <summary>Opens another tab there, and returns to the one before.</summary>
    /// <returns>What the script says there.</returns>
    internal async Task<string> InNewTabAsync(Uri page, string script)
    {
        var before = (await AskAsync(HttpMethod.Get, $"{_session}/window")).GetString();
        var opened = await AskAsync(HttpMethod.Post, $"{_session}/window/new", new { type = "tab" });
        await AskAsync(HttpMethod.Post, $"{_session}/window", new { handle = opened.GetProperty("handle").GetString() });
        await OpenAsync(page);
        var said = await RunAsync(script);
        await AskAsync(HttpMethod.Delete, $"{_session}/window");
        await AskAsync(HttpMethod.Post, $"{_session}/window", new { handle = before });
        return said;
    }

    /// <summary>Waits until the page is loaded.</summary>
    internal Task OpenAsync(Uri page) => AskAsync(HttpMethod.Post, $"{_session}/url", new { url = page.AbsoluteUri });

    /// <returns>What the script returns, as text.</returns>
    internal async Task<string> RunAsync(string script) => (await AskAsync(HttpMethod.Post, $"{_session}/execute/sync", new { script, args = Array.Empty<string>() })).ToString();

    internal string Describe() => _driver.Describe();

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_session.Length > 0) await AskAsync(HttpMethod.Delete, _session);
        }
        catch (Exception error) when (error is HttpRequestException or TestKitException or TaskCanceledException)
        {
            // The test has failed already, or has all it wanted; what is left is killed below.
        }
        _driver.Dispose();
        _client.Dispose();
    }

    private async Task<JsonElement> AskAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(_address, path));
        // With its length: chromedriver does not read chunks.
        if (body is not null) request.Content = new StringContent(JsonSerializer.Serialize(body), System.Text.Encoding.UTF8, "application/json");
        using var response = await _client.SendAsync(request);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        return response.IsSuccessStatusCode ? answer.GetProperty("value").Clone() : throw new TestKitException($"{method} {path}: {answer}\n{Describe()}");
    }
}
