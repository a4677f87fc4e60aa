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
        ("webapp", "/css/site.css", "body {"),
        ("blazor", "/counter", "\"type\":\"server\""),
    ];

    /// <summary>Razor pages with accounts in SQLite.</summary>
    private const string Identity = "identity";

    private static readonly TimeSpan BuildTime = TimeSpan.FromMinutes(5);

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task What_the_SDK_generates_is_served_as_it_was_generated()
    {
        foreach (var (template, _, _) in Templates) await DotnetAsync("new", template, "-o", template, "--no-restore");
        await DotnetAsync("new", "webapp", "-au", "Individual", "-o", Identity, "--no-restore");
        _scratch.Write("all.slnx", $"<Solution>{string.Concat(Templates.Select(t => t.Template).Append(Identity).Select(name => $"<Project Path=\"{name}/{name}.csproj\" />"))}</Solution>");
        // Blazor's script comes in a package of its own; the pages are rendered without it. Compressing bootstrap takes longer than all the rest.
        await DotnetAsync(["publish", "all.slnx", "-c", "Release", "--artifacts-path", "out", "-p:RequiresAspNetWebAssets=false", "-p:CompressionEnabled=false", .. Artifacts.LeavingNothingBehind]);

        await Task.WhenAll(Templates.Select(t => ServedAsync(t.Template, t.Path, t.Answer)));
        await NobodyIsSignedOutByADeployAsync();
    }

    /// <summary>Releases in directories behind a link, the whole service started in another directory with default options.</summary>
    private async Task NobodyIsSignedOutByADeployAsync()
    {
        foreach (var release in new[] { "1", "2" })
        {
            var directory = Directory.CreateDirectory(_scratch.File($"releases/{release}"));
            // Everything of a release is its own, but for the data.
            foreach (var file in Directory.EnumerateFileSystemEntries(_scratch.File($"out/publish/{Identity}/release")))
                File.CreateSymbolicLink(Path.Combine(directory.FullName, Path.GetFileName(file)), file);
            foreach (var file in new[] { $"{Identity}.dll", $"{Identity}.runtimeconfig.json", $"{Identity}.deps.json", "appsettings.json" })
            {
                File.Delete(Path.Combine(directory.FullName, file));
                File.Copy(_scratch.File($"out/publish/{Identity}/release/{file}"), Path.Combine(directory.FullName, file));
            }
        }
        SymbolicLink.Switch(_scratch.File("current"), _scratch.File("releases/1"));
        var (port, control) = (FreePort.Next(), _scratch.File("control"));
        using var superdaemon = ProgramUnderTest.Start(Artifacts.StartServer,
            [$"--port=127.0.0.1:{port}", $"--control={control}", "--", Artifacts.StarletNet, _scratch.File($"current/{Identity}.dll")],
            new ProgramOptions { WorkingDirectory = "/", Environment = new Dictionary<string, string> { ["HOME"] = _scratch.Path } });
        await superdaemon.LineAsync("serving .* with 1 workers");

        using var user = new AccountVisitor(new Uri($"http://127.0.0.1:{port}"));
        await user.RegisterAsync("ada@example.org", "Secret-1");
        await user.SignInAsync("ada@example.org", "Secret-1");
        var form = await user.FormAsync("/Identity/Account/Manage");

        await DeployAsync("2");
        Assert.Contains("ada@example.org", await user.PageAsync("/Identity/Account/Manage"));
        // A form that was open during the deploy is accepted as well.
        await user.SendAsync(form, ("Input.PhoneNumber", "555"));
        Assert.Contains("555", await user.PageAsync("/Identity/Account/Manage"));

        using var later = new AccountVisitor(new Uri($"http://127.0.0.1:{port}"));
        await later.SignInAsync("ada@example.org", "Secret-1");
        await DeployAsync("1");
        Assert.Contains("ada@example.org", await later.PageAsync("/Identity/Account/Manage"));
        Assert.Equal(0, (await superdaemon.StopAsync()).Code);
        await superdaemon.NothingLeftAsync();

        async Task DeployAsync(string release)
        {
            SymbolicLink.Switch(_scratch.File("current"), _scratch.File($"releases/{release}"));
            using var restart = ProgramUnderTest.Start(Artifacts.StartServer, ["--restart", $"--control={control}"]);
            Assert.True((await restart.ExitAsync()).Code == 0, restart.Describe() + superdaemon.Describe());
        }
    }

    private async Task ServedAsync(string template, string path, string answer)
    {
        var port = FreePort.Next();
        // A directory that holds one application is that application, wherever the command is given.
        var directory = _scratch.File($"out/publish/{template}/release");
        using var master = ProgramUnderTest.Start(Artifacts.StarletNet, [$"--listen=127.0.0.1:{port}", directory], new ProgramOptions { WorkingDirectory = "/" });
        await master.LineAsync("serving .* with 1 workers");
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
