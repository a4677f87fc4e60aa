using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>
/// What the SDK generates for a new application, published and served as it was generated. What a package is missing for where the tests run is
/// left out (gRPC: <see cref="ApplicationsTests"/> has what it needs of a server).
/// </summary>
public sealed class TemplatesTests : IDisposable
{
    private static readonly (string Template, string Path, string Answer)[] Templates =
    [
        ("web", "/", "Hello World!"),
        ("webapi", "/weatherforecast", "\"temperatureC\":"),
        ("mvc", "/Home/Privacy", "Use this page to detail your site"),
        ("webapp", "/Privacy", "Use this page to detail your site"),
        ("blazor", "/counter", "\"type\":\"server\""),
    ];

    private static readonly TimeSpan BuildTime = TimeSpan.FromMinutes(5);

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task What_the_SDK_generates_is_served_as_it_was_generated()
    {
        foreach (var (template, _, _) in Templates) await DotnetAsync("new", template, "-o", template, "--no-restore");
        _scratch.Write("all.slnx", $"<Solution>{string.Concat(Templates.Select(t => $"<Project Path=\"{t.Template}/{t.Template}.csproj\" />"))}</Solution>");
        // Blazor's script comes in a package of its own; the pages are rendered without it. Compressing bootstrap takes longer than all the rest.
        await DotnetAsync(["publish", "all.slnx", "-c", "Release", "--artifacts-path", "out", "-p:RequiresAspNetWebAssets=false", "-p:CompressionEnabled=false", .. Artifacts.LeavingNothingBehind]);

        await Task.WhenAll(Templates.Select(t => ServedAsync(t.Template, t.Path, t.Answer)));
    }

    private async Task ServedAsync(string template, string path, string answer)
    {
        var port = FreePort.Next();
        // A directory that holds one application is that application.
        var directory = _scratch.File($"out/publish/{template}/release");
        using var master = ProgramUnderTest.Start(Artifacts.StarletNet, [$"--listen=127.0.0.1:{port}", "--max-workers=2", directory],
            new ProgramOptions { WorkingDirectory = directory });
        await master.LineAsync("serving .* with 2 workers");
        Assert.Contains(answer, await Browser.GetAsync(Target.Tcp(port), path));

        var mark = master.Mark;
        master.Send(UnixSignal.Hup);
        await master.LineAsync("restart done: all workers are of generation 2", mark);
        Assert.Contains(answer, await Browser.GetAsync(Target.Tcp(port), path));
        Assert.Equal(0, (await master.StopAsync()).Code);
        Assert.DoesNotContain(master.Lines, line => line.Text.StartsWith("fail:", StringComparison.Ordinal));
        await master.NothingLeftAsync();
    }

    private async Task DotnetAsync(params string[] arguments)
    {
        using var dotnet = ProgramUnderTest.Start("dotnet", arguments, new ProgramOptions { WorkingDirectory = _scratch.Path });
        var exit = await dotnet.ExitAsync(BuildTime);
        Assert.SkipWhen(exit.Code != 0 && dotnet.OutputText.Contains("error NU1", StringComparison.Ordinal), $"what a template needs does not restore here: {dotnet.OutputText}");
        Assert.True(exit.Code == 0, dotnet.Describe());
    }
}
