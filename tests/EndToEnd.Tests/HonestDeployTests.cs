using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>What a deploy says of itself: which release serves, why one does not, and what is started after a crash.</summary>
public sealed class HonestDeployTests
{
    private static ScratchDirectory Scratch(params string[] releases)
    {
        var scratch = new ScratchDirectory();
        foreach (var release in releases)
        {
            Directory.CreateDirectory(scratch.File(release));
            foreach (var file in Directory.EnumerateFiles(Artifacts.TestApp("TestApp"))) scratch.Copy(file, $"{release}/{Path.GetFileName(file)}");
        }
        return scratch;
    }

    private static ProgramUnderTest Command(ScratchDirectory scratch, params string[] words) =>
        ProgramUnderTest.Start(Artifacts.StartServer, [.. words, "--control", scratch.File("control")]);

    private static async Task<string[]> EndsAsync(ProgramUnderTest client, ProgramUnderTest service, int exitCode)
    {
        var exit = await client.ExitAsync();
        Assert.True(exit == new ProgramExit(exitCode, null), $"{client.Describe()}\n{service.Describe()}");
        return (exitCode == 0 ? client.OutputText : client.ErrorText).Split('\n');
    }

    private static ProcessEntry Master(ProgramUnderTest service) => service.Family.Single(process => process.Parent == service.Pid);

    /// <summary>As a shell starts it in the release link, with a relative name for the application.</summary>
    [Fact]
    public async Task The_release_that_was_asked_for_serves_by_name_and_after_a_failed_deploy_a_crash_starts_what_served()
    {
        using var scratch = Scratch("r5", "r6", "r7");
        // Which runtime it takes is known before anything is started.
        scratch.Write("r7/TestApp.runtimeconfig.json", """{"runtimeOptions":{"frameworks":[{"name":"Microsoft.AspNetCore.App","version":"99.0.0"}]}}""");
        SymbolicLink.Switch(scratch.File("current"), scratch.File("r5"));
        var listening = Listening.On(Transport.Unix, scratch);
        using var service = ProgramUnderTest.Start("/bin/sh",
            ["-c", "cd \"$0\" && exec \"$@\"", scratch.File("current"), Artifacts.StartServer, listening.StartServerOption, "--control", scratch.File("control"), "--", Artifacts.StarletNet, "-w", "1", "TestApp.dll"]);
        await service.LineAsync($"^generation 1 serves {scratch.File("r5/TestApp.dll")}$");

        SymbolicLink.Switch(scratch.File("current"), scratch.File("r6"));
        using var good = Command(scratch, "--restart");
        Assert.Equal($"generation 2 serves {scratch.File("r6/TestApp.dll")}", (await EndsAsync(good, service, 0))[^1]);
        using var list = Command(scratch, "--list");
        Assert.Contains(await EndsAsync(list, service, 0), line => line.EndsWith($" {scratch.File("r6/TestApp.dll")}", StringComparison.Ordinal));
        using var status = ProgramUnderTest.Start(Artifacts.StarletNet, ["status", $"{Master(service).Pid}"]);
        Assert.Contains($"serving {scratch.File("r6/TestApp.dll")}", string.Join('\n', await EndsAsync(status, service, 0)), StringComparison.Ordinal);
        using var same = Command(scratch, "--restart");
        Assert.Equal($"generation 3 serves {scratch.File("r6/TestApp.dll")}, the same files as before: nothing has changed", (await EndsAsync(same, service, 0))[^1]);

        SymbolicLink.Switch(scratch.File("current"), scratch.File("r7"));
        using var bad = Command(scratch, "--restart");
        var said = await EndsAsync(bad, service, 10);
        Assert.Matches($"^not deployed: generation 4: {scratch.File("r7/TestApp.dll")} needs Microsoft.AspNetCore.App 99.0.0, and ", said[^1]);
        Assert.Equal(
            $"{scratch.File("current")} leads to {scratch.File("r7")}, and {scratch.File("r6/TestApp.dll")} serves: a crash starts {scratch.File("r6/TestApp.dll")} again, "
            + $"a restart of start_server or of the machine starts {scratch.File("r7")}", said[^2]);

        var mark = service.Mark;
        Master(service).Send(UnixSignal.Kill);
        await service.LineAsync($"^starting what served last, {scratch.File("r6/TestApp.dll")}: {scratch.File("current")} leads to {scratch.File("r7")}, which has not been deployed$", mark);
        await service.LineAsync($"^generation 5 serves {scratch.File("r6/TestApp.dll")}", mark);
        Assert.StartsWith("hello", await Browser.GetAsync(listening.Target, "/"), StringComparison.Ordinal);

        // A HUP is not repeated for ever either.
        mark = service.Mark;
        service.Send(UnixSignal.Hup);
        await service.LineAsync("^giving up after 1 failed attempt", mark);
        SymbolicLink.Switch(scratch.File("current"), scratch.File("r5"));
        using var back = Command(scratch, "--restart");
        Assert.Equal($"generation 7 serves {scratch.File("r5/TestApp.dll")}", (await EndsAsync(back, service, 0))[^1]);
        Assert.Equal(0, (await service.StopAsync()).Code);
        await service.NothingLeftAsync(scratch.File("control"), listening.SocketFile!);
    }

    [Fact]
    public async Task The_reason_reaches_the_caller_and_a_start_that_hangs_can_be_replaced()
    {
        using var scratch = Scratch();
        Directory.CreateDirectory(scratch.File("env"));
        var listening = Listening.On(Transport.Unix, scratch);
        using var service = ProgramUnderTest.Start(Artifacts.StartServer,
            [listening.StartServerOption, "--control", scratch.File("control"), "--envdir", scratch.File("env"), "--ready-timeout=10", "--", Artifacts.StarletNet, "-w", "1", "--boot-failure-limit=1", Releases.TestApp]);
        await service.LineAsync("^generation 1 serves ");

        scratch.Write("env/APP_CRASH_AT_START", "1");
        using var crash = Command(scratch, "--restart");
        Assert.Equal("not deployed: generation 2: InvalidOperationException: boom at start", (await EndsAsync(crash, service, 10))[^1]);
        scratch.Write("env/APP_CRASH_AT_START", "caught");
        using var caught = Command(scratch, "--restart");
        Assert.Equal(
            "not deployed: generation 3: the application ended with exit code 3 without starting a web server; its last exception was InvalidOperationException: boom and caught",
            (await EndsAsync(caught, service, 10))[^1]);
        File.Delete(scratch.File("env/APP_CRASH_AT_START"));

        // One that hangs gives way to the fix, whoever asked for it.
        scratch.Write("env/APP_HANG_AT_START", "1");
        using var hangs = Command(scratch, "--restart");
        await hangs.LineAsync("^generation 4 .* started");
        using var second = Command(scratch, "--restart");
        Assert.EndsWith("start_server --abort cancels it", (await EndsAsync(second, service, 12))[^1], StringComparison.Ordinal);
        using var abort = Command(scratch, "--abort");
        Assert.Equal("generation 4 is cancelled; generation 1 keeps serving", (await EndsAsync(abort, service, 0))[^1]);
        Assert.Equal("not deployed: cancelled by --abort", (await EndsAsync(hangs, service, 10))[^1]);
        var mark = service.Mark;
        service.Send(UnixSignal.Hup);
        await service.LineAsync("^starting new worker", mark);
        File.Delete(scratch.File("env/APP_HANG_AT_START"));
        service.Send(UnixSignal.Hup);
        await service.LineAsync("^generation 6 serves ", mark);

        // The master's time is over before start_server's, and with it come the reason and the stacks.
        scratch.Write("env/APP_HANG_AT_START", "1");
        using var late = Command(scratch, "--restart");
        Assert.Matches("^not deployed: generation 7: not ready within [0-9.]+ s and without a word; what its threads do is in the log$", (await EndsAsync(late, service, 10))[^1]);
        await service.LineAsync("^process [0-9]+ has [0-9]+ threads, [0-9]+ of them with managed code", mark);
        File.Delete(scratch.File("env/APP_HANG_AT_START"));

        scratch.Write("env/STARLETNET_READY_PATH", "/no-such-page");
        using var unready = Command(scratch, "--restart");
        Assert.Matches("^not deployed: generation 8: not ready within [0-9.]+ s: /no-such-page \\(--ready-path\\) gives status 404$", (await EndsAsync(unready, service, 10))[^1]);

        Assert.StartsWith("hello", await Browser.GetAsync(listening.Target, "/"), StringComparison.Ordinal);
        Assert.Equal(0, (await service.StopAsync()).Code);
        await service.NothingLeftAsync(scratch.File("control"), listening.SocketFile!);
    }

    /// <summary>A release is tried with the options of the service, beside it.</summary>
    [Fact]
    public async Task A_release_can_be_tried_before_it_is_deployed()
    {
        using var scratch = Scratch("r5");
        string[] options = ["--ready-path=/ready", "-w", "2", "-l", $"unix:{scratch.File("socket")}", "--pid", scratch.File("pid")];
        using var service = ProgramUnderTest.Start(Artifacts.StarletNet, [.. options, scratch.File("r5/TestApp.dll")]);
        await service.LineAsync("serving .* with 2 workers$");

        using var good = ProgramUnderTest.Start(Artifacts.StarletNet, ["--try", .. options, scratch.File("r5/TestApp.dll")]);
        Assert.Matches($"^{scratch.File("r5/TestApp.dll")} is ready after [0-9.]+ s$", (await EndsAsync(good, service, 0))[^1]);
        await good.NothingLeftAsync();
        using var bad = ProgramUnderTest.Start(Artifacts.StarletNet, ["--try", .. options, scratch.File("r5/TestApp.dll")],
            new ProgramOptions { Environment = new Dictionary<string, string> { ["APP_CRASH_AT_START"] = "1" } });
        Assert.Equal("not deployed: InvalidOperationException: boom at start", (await EndsAsync(bad, service, 1))[^1]);

        Assert.StartsWith("hello", await Browser.GetAsync(Target.Unix(scratch.File("socket")), "/"), StringComparison.Ordinal);
        Assert.Equal(0, (await service.StopAsync()).Code);
        await service.NothingLeftAsync(scratch.File("socket"), scratch.File("pid"));
    }
}
