using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>
/// The SDK's Blazor Server template in a real browser. What a user has on the page is in the worker's memory, and hangs on its WebSocket.
/// </summary>
public sealed class BlazorServerTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly int _port = FreePort.Next();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task A_counter_keeps_its_value_across_two_deploys_and_a_new_tab_gets_the_new_version()
    {
        await using var chromium = await Chromium.StartAsync(_scratch);
        var application = await PublishAsync();
        using var superdaemon = ProgramUnderTest.Start(Artifacts.StartServer,
            [$"--port=127.0.0.1:{_port}", $"--control={Control}", "--", Release(application, "v1")]);
        await superdaemon.LineAsync("serving .* with 1 workers");

        await chromium.OpenAsync(Page("/counter"));
        await chromium.RunAsync("window.sameDocument = true");
        // The page is there before it is connected; clicks count from then on.
        var count = 0;
        await Eventually.TrueAsync(() => (count = ClickAsync(chromium).GetAwaiter().GetResult()) > 0, "the counter counts", superdaemon.Describe);

        foreach (var version in new[] { "v2", "v3" })
        {
            Release(application, version);
            using var restart = ProgramUnderTest.Start(Artifacts.StartServer, ["--restart", $"--control={Control}"]);
            Assert.True(await restart.ExitAsync() == new ProgramExit(0, null), $"{restart.Describe()}\n{superdaemon.Describe()}");
            Assert.Contains("; 1 long-lived connection may stay", restart.OutputText);

            Assert.Equal(version, await chromium.InNewTabAsync(Page("/"), "return document.getElementById('version').textContent"));
            count++;
            await chromium.RunAsync(Click);
            await Eventually.TrueAsync(() => CountAsync(chromium).GetAwaiter().GetResult() == count, $"the counter goes on to {count} after {version}",
                () => $"{CountAsync(chromium).GetAwaiter().GetResult()}\n{superdaemon.Describe()}");
        }

        Assert.Equal("True", await chromium.RunAsync("return window.sameDocument === true"));
        // With the circuit open: ten minutes have not passed, and a stop does not wait for them.
        Assert.Equal(new ProgramExit(0, null), await superdaemon.StopAsync());
        await superdaemon.NothingLeftAsync();
    }

    private const string Click = "document.querySelector('button.btn-primary').click()";

    private string Control => _scratch.File("control");

    private Uri Page(string path) => new($"http://127.0.0.1:{_port}{path}");

    private static async Task<int> ClickAsync(Chromium chromium)
    {
        await chromium.RunAsync(Click);
        return await CountAsync(chromium);
    }

    private static async Task<int> CountAsync(Chromium chromium) =>
        int.Parse(await chromium.RunAsync("return document.querySelector('p[role=status]').textContent.replace(/[^0-9]/g, '')"), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The program that start_server runs, from now on with that version.</summary>
    private string Release(string application, string version) => _scratch.Write("program",
        $"#!/bin/sh\nexport APP_VERSION={version}\ncd '{application}'\nexec '{Artifacts.StarletNet}' --max-workers=1 --drain-websockets=10m --drain-keepalive=0.5 '{application}/Counted.dll'\n",
        executable: true);

    /// <summary>As the SDK generates it, but for a start page that says the version.</summary>
    private async Task<string> PublishAsync()
    {
        await DotnetAsync("new", "blazor", "-o", "Counted", "--no-restore");
        _scratch.Write("Counted/Components/Pages/Home.razor", "@page \"/\"\n<p id=\"version\">@Environment.GetEnvironmentVariable(\"APP_VERSION\")</p>\n");
        await DotnetAsync(["publish", "Counted", "-c", "Release", "-o", "published", "-p:CompressionEnabled=false", .. Artifacts.LeavingNothingBehind]);
        return _scratch.File("published");
    }

    private async Task DotnetAsync(params string[] arguments)
    {
        using var dotnet = ProgramUnderTest.Start("dotnet", arguments, new ProgramOptions { WorkingDirectory = _scratch.Path });
        var exit = await dotnet.ExitAsync(TimeSpan.FromMinutes(5));
        Assert.SkipWhen(exit.Code != 0 && dotnet.OutputText.Contains("error NU1", StringComparison.Ordinal), $"what the template needs does not restore here: {dotnet.OutputText}");
        Assert.True(exit.Code == 0, dotnet.Describe());
    }
}
