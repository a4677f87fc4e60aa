using System.Runtime.Versioning;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary>What must not end start_server, and what it must leave alone.</summary>
[SupportedOSPlatform("linux")]
public sealed class GuardTests
{
    /// <summary>4 to 7 and 31 when a process sends them, and the real-time ones, each of which ended it.</summary>
    [Fact]
    public async Task Signals_without_meaning_are_logged_and_ignored_and_the_one_of_containers_stops()
    {
        using var superdaemon = await Superdaemon.ServingAsync([], Children.Serve);
        await superdaemon.Program.LineAsync("^up 1 ");
        foreach (var number in new[] { 4, 5, 6, 7, 31, 35, 36, 38, 50, 64 })
        {
            Assert.Equal(0, LibC.kill(superdaemon.Program.Pid, number));
            await superdaemon.Program.LineAsync($"^received {System.Text.RegularExpressions.Regex.Escape(new Signal(number).Name)}, ignored: ");
        }

        Assert.Equal(0, LibC.kill(superdaemon.Program.Pid, Signal.ContainerStop.Number));

        await superdaemon.Program.LineAsync(@"^received RTMIN\+3, sending TERM to all workers:");
        Assert.Equal(new ProgramExit(0, null), await superdaemon.Program.ExitAsync());
        await superdaemon.NothingLeftAsync();
    }

    [Theory]
    [InlineData("--status-file", "it holds something else than GENERATION:PID lines and is not replaced; remove it or name another file")]
    [InlineData("--pid-file", "it holds something else than a pid and is not replaced; remove it or name another file")]
    public async Task A_file_of_another_kind_stops_the_start_before_anything_is_bound_and_stays(string option, string why)
    {
        using var scratch = new ScratchDirectory();
        var precious = scratch.Write("precious", "keep me\n");
        foreach (var check in new[] { "--check", "--interval=0" })
        {
            using var program = ProgramUnderTest.Start(Superdaemon.Executable, [check, option, precious, "--path", scratch.File("sock"), "--log-file", scratch.File("log"), "--", "sleep", "1000"]);
            Assert.Equal(new ProgramExit(1, null), await program.ExitAsync());
            Assert.Equal($"failed to open file:{precious}: {why}", program.ErrorText);
        }
        Assert.Equal([precious], Directory.GetFileSystemEntries(scratch.Path));
        Assert.Equal("keep me\n", File.ReadAllText(precious));
    }

    /// <summary>Whichever wrote last would remove what the other one shows.</summary>
    [Fact]
    public async Task Of_two_with_one_status_file_the_second_is_refused_also_after_an_upgrade()
    {
        using var service = new Upgradable([], Children.Serve);
        var first = await service.Daemon.StatusAsync("1:P");
        for (var round = 0; round < 2; round++)
        {
            using var second = ProgramUnderTest.Start(Superdaemon.Executable, ["--status-file", service.Daemon.StatusFile, "--", "sleep", "1000"]);
            Assert.Equal(new ProgramExit(1, null), await second.ExitAsync());
            Assert.Equal($"failed to open file:{service.Daemon.StatusFile}: it is the status file of another start_server, process {service.Program.Pid}; name another file", second.ErrorText.Split('\n')[^1]);
            Assert.Equal(first, await service.Daemon.StatusAsync("1:P"));
            if (round == 0) await service.UpgradeAsync();
        }
        service.Program.Send(UnixSignal.Hup);
        await service.Daemon.StatusAsync("2:P");
        await service.Daemon.StopsCleanlyAsync();
    }

    /// <summary>Everybody who may read a file may lock it.</summary>
    [Theory]
    [InlineData("--stop")]
    [InlineData("--restart")]
    public async Task A_pid_file_that_another_process_has_locked_names_no_server(string command)
    {
        using var scratch = new ScratchDirectory();
        using var stranger = ProgramUnderTest.Start("sleep", ["1000"]);
        var (pid, status) = (scratch.Write("pid", $"{stranger.Pid}\n"), scratch.Write("status", "1:2\n"));
        using var holder = ProgramUnderTest.Start("flock", ["--close", pid, "sh", "-c", "echo locked; sleep 1000"]);
        await holder.LineAsync("^locked$");

        using var client = ProgramUnderTest.Start(Superdaemon.Executable, [command, "--pid-file", pid, "--status-file", status]);

        Assert.Equal(new ProgramExit(3, null), await client.ExitAsync());
        Assert.Equal(
            $"pid file {pid} is locked by process {holder.Pid} (flock) of user {LibC.getuid()} and not by process {stranger.Pid}, which it names and which may be a stranger; nothing is sent", client.ErrorText);
        Assert.Single(stranger.Family);
    }

    /// <summary>After a crash a stranger holds the lock of the file that was left: the next start must not be refused.</summary>
    [Fact]
    public async Task A_strangers_lock_does_not_keep_it_from_starting()
    {
        Assert.SkipUnless(LibC.geteuid() == 0, "only root may become somebody else");
        using var scratch = new ScratchDirectory();
        File.SetUnixFileMode(scratch.Path, (UnixFileMode)0x1ed);
        var pid = scratch.Write("pid", "123456789\n");
        File.SetUnixFileMode(pid, (UnixFileMode)0x1a4);
        using var holder = ProgramUnderTest.Start("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "flock", "--close", pid, "sh", "-c", "echo locked; sleep 1000"]);
        await holder.LineAsync("^locked$");

        using var superdaemon = Superdaemon.Start([], Children.Serve, scratch);

        await superdaemon.Program.LineAsync($"^pid file {pid} was left by a server that has ended, and process {holder.Pid} \\(flock\\) of user 65534 holds a lock on it, which does not count$");
        await superdaemon.StatusAsync("1:P");
        Assert.Equal($"{superdaemon.Program.Pid}\n", superdaemon.PidFileText);
        using var stop = ProgramUnderTest.Start(Superdaemon.Executable, ["--stop", "--pid-file", pid, "--timeout", "60"]);
        Assert.Equal(new ProgramExit(0, null), await stop.ExitAsync());
        await superdaemon.NothingLeftAsync();
    }

    /// <summary>Bytes that are not UTF-8: .NET makes another name of them, and another file.</summary>
    [Theory]
    [InlineData("--path")]
    [InlineData("--pid-file")]
    [InlineData("--status-file")]
    [InlineData("--log-file")]
    [InlineData("--control")]
    [InlineData("--dir")]
    [InlineData("--envdir")]
    public async Task A_value_that_is_not_utf8_is_refused(string option)
    {
        using var scratch = new ScratchDirectory();
        foreach (var between in new[] { " ", "=" })
        {
            using var program = ProgramUnderTest.Start("sh", ["-c", $"exec \"$0\" $(printf -- \"{option}{between}$1/\\377\") -- touch $1/started", Superdaemon.Executable, scratch.Path]);
            Assert.Equal(1, (await program.ExitAsync()).Code);
            var word = between == " " ? $"{scratch.Path}/\\xff" : $"{option}={scratch.Path}/\\xff";
            Assert.Equal($"option {option}: '{word}' has bytes that are not UTF-8, which option values must be", program.ErrorText);
        }
        Assert.Empty(Directory.GetFileSystemEntries(scratch.Path));
    }

    /// <summary>What follows the options is the program's, and reaches it as it is.</summary>
    [Fact]
    public async Task Words_of_the_program_keep_their_bytes()
    {
        using var scratch = new ScratchDirectory();
        using var program = ProgramUnderTest.Start("sh",
            ["-c", $"exec \"$0\" --interval 0 -- sh -c 'printf %s \"$1\" | od -An -tx1; exec sleep 1000' sh $(printf 'a\\377b')", Superdaemon.Executable]);
        await program.LineAsync("^ 61 ff 62$");
        Assert.Equal(new ProgramExit(0, null), await program.StopAsync());
    }
}
