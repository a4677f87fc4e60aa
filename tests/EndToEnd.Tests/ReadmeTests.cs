using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>The README's commands, typed as they stand there; only its port 8080 becomes a free one.</summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed class ReadmeTests
{
    private const string Quickstart = "scripts/quickstart";
    private const string Ask = "curl http://127.0.0.1:8080/";
    private const string Deploy = "kill -HUP $(cat out/quickstart/start_server.pid)";
    private const string Status = "cat out/quickstart/status";
    private const string Demo = "scripts/deploy-demo";
    private const string Publish = "dotnet publish examples/hello -c Release -o out/my-app";
    private const string Serve =
        "out/bin/start_server --port=8080 --pid-file=out/app.pid --status-file=out/app.status -- out/bin/starletnet out/my-app/hello.dll";

    private const string Switch = "ln -s releases/42 current.new && mv -T current.new current && kill -HUP $(cat app.pid)";
    private const string ServeCopies =
        "out/bin/start_server --port=8080 --pid-file=out/app.pid -- out/bin/starletnet --shadow-copy out/my-app/hello.dll";

    private const string PublishOver = "dotnet publish examples/hello -c Release -o out/my-app && kill -HUP $(cat out/app.pid)";
    private const string Explain = "out/bin/starletnet --explain out/my-app";
    private const string Develop = "out/bin/starletnet --port 8080 --project examples/hello --reload";
    private const string Build = "scripts/build";
    private const string Test = "scripts/test";

    /// <summary>A build in a busy moment.</summary>
    private static readonly TimeSpan BuildTime = TimeSpan.FromMinutes(5);

    private readonly int _port = FreePort.Next();

    [Fact]
    public void No_command_of_the_readme_goes_untested() =>
        // scripts/build is quickstart's first step, and scripts/test is what runs this.
        Assert.Equal([Quickstart, Ask, Deploy, Status, Demo, Publish, Serve, Switch, ServeCopies, PublishOver, Develop, Explain, Build, Test], Readme.Commands());

    [Fact]
    public async Task Quickstart_serves_a_page_and_deploys_on_hup()
    {
        Needs.Program("curl", "curl");
        using var quickstart = Shell($"exec {Quickstart} --port {_port}");
        await quickstart.LineAsync("serving .* with [0-9]+ workers", deadline: BuildTime);

        Assert.Matches("^Hello from version 1.0.0, process [0-9]+$", await RunAsync(Ask));
        Assert.Matches("^1:[0-9]+$", await RunAsync(Status));
        await RunAsync(Deploy);
        await quickstart.LineAsync("^old worker [0-9]+ died, status:0$");
        // The file is written after the line.
        await Eventually.TrueAsync(() => Regex.IsMatch(RunAsync(Status).GetAwaiter().GetResult(), "^2:[0-9]+$"), "the new generation is the only one", quickstart.Describe);
        Assert.Matches("^Hello from version 1.0.0", await RunAsync(Ask));

        // ^C.
        quickstart.Send(UnixSignal.Int);
        Assert.Equal(0, (await quickstart.ExitAsync()).Code);
        await quickstart.NothingLeftAsync(InRepository("out/quickstart/start_server.pid"), InRepository("out/quickstart/status"));
    }

    [Fact]
    public async Task The_deploy_demo_loses_nothing()
    {
        using var demo = Shell($"exec {Demo} --port {_port} --deploys 2");

        Assert.True((await demo.ExitAsync(BuildTime)).Code == 0, demo.Describe());

        Assert.Matches("^versions seen: 1.0.0 1.0.1 1.0.2\n[1-9][0-9]* requests, 0 lost$", string.Join('\n', demo.OutputText.Split('\n').TakeLast(2)));
        await demo.NothingLeftAsync(InRepository("out/deploy-demo/pid"));
    }

    [Fact]
    public async Task An_application_of_ones_own_is_served_and_its_release_switched_by_a_link()
    {
        Needs.Program("curl", "curl");
        await RunAsync(Publish, BuildTime);
        Assert.Matches("Run it with\n  starletnet hello.dll\n", await RunAsync(Explain));
        using var direct = Shell("exec " + Serve);
        await direct.LineAsync("serving .* workers");
        Assert.Matches("^Hello from version", await RunAsync(Ask));
        Assert.Equal(0, (await direct.StopAsync()).Code);

        using var copies = Shell("exec " + ServeCopies);
        await copies.LineAsync("serving .* workers");
        await RunAsync(PublishOver, BuildTime);
        await copies.LineAsync("^old worker [0-9]+ died, status:0$");
        Assert.Matches("^Hello from version", await RunAsync(Ask));
        Assert.Equal(0, (await copies.StopAsync()).Code);

        using var scratch = new ScratchDirectory();
        foreach (var release in new[] { "41", "42" })
            await RunAsync($"mkdir -p '{scratch.File("releases")}' && cp -r out/my-app '{scratch.File($"releases/{release}")}'");
        SymbolicLink.Switch(scratch.File("current"), "releases/41");
        using var service = Shell(
            $"exec out/bin/start_server --port={_port} --pid-file='{scratch.File("app.pid")}' -- out/bin/starletnet '{scratch.File("current")}/hello.dll'");
        await service.LineAsync("serving .*/releases/41/hello.dll with");

        await RunAsync($"cd '{scratch.Path}' && {Switch}");

        await service.LineAsync("serving .*/releases/42/hello.dll with");
        await service.LineAsync("^old worker [0-9]+ died, status:0$");
        Assert.Equal(0, (await service.StopAsync()).Code);
    }

    [Fact]
    public async Task A_project_is_built_and_served()
    {
        Needs.Program("curl", "curl");
        // No compiler may stay behind.
        using var service = Shell("export UseSharedCompilation=false MSBUILDDISABLENODEREUSE=1; exec " + Develop);
        await service.LineAsync("serving .*hello.dll with", deadline: BuildTime);

        Assert.Matches("^Hello from version", await RunAsync(Ask));
        Assert.Equal(0, (await service.StopAsync()).Code);
        await service.NothingLeftAsync();
    }

    private ProgramUnderTest Shell(string command) => ProgramUnderTest.Start(
        "sh", ["-c", command.Replace("8080", $"{_port}", StringComparison.Ordinal)],
        new ProgramOptions { WorkingDirectory = Artifacts.RepositoryRoot });

    private async Task<string> RunAsync(string command, TimeSpan? deadline = null)
    {
        using var shell = Shell(command);
        Assert.True((await shell.ExitAsync(deadline)).Code == 0, shell.Describe());
        return shell.OutputText;
    }

    private static string InRepository(string file) => Path.Combine(Artifacts.RepositoryRoot, file);
}
