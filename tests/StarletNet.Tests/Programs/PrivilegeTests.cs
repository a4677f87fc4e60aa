using System.Text.RegularExpressions;
using StarletNet.Master.Privileges;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>Only root can give up what root has.</summary>
public sealed class PrivilegeTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    private static void NeedRoot() => Assert.SkipUnless(LibC.geteuid() == 0, "only root may become somebody else");

    // Every directory above must let the other user through.
    private static string Status(int pid, string field) =>
        Regex.Match(File.ReadAllText($"/proc/{pid}/status"), $"^{field}:\\s*(.*?)\\s*$", RegexOptions.Multiline).Groups[1].Value.Replace('\t', ' ');

    [Fact]
    public async Task A_configuration_that_only_root_may_read_holds_as_it_was_read()
    {
        NeedRoot();
        _test.LetOthersIn();
        _test.Write("web.conf", "listen = 127.0.0.1:0\nmax-workers = 1\nuser = nobody\n");
        File.SetUnixFileMode(_test.File("web.conf"), UnixFileMode.UserRead);
        var master = _test.Run(["--config", _test.File("web.conf"), _test.Application, _test.Behaviour]);
        await master.LineAsync("serving");

        master.Send(UnixSignal.Hup);

        await master.LineAsync("cannot read .*web.conf as the user that we have become; what it said before still holds");
        await master.LineAsync("restart done: all workers are of generation 2");
    }

    [Fact]
    public async Task Master_and_workers_are_the_user_for_good_and_so_are_their_files()
    {
        NeedRoot();
        _test.Behave("environment");
        _test.LetOthersIn();
        var (pid, log, socket) = (_test.File("pid"), _test.File("log"), _test.File("a.sock"));

        var master = _test.Run(["-l", socket, "-w1", "--user", "nobody", "--umask", "027", "--pid", pid, "--error-log", log, "--chdir", "/", _test.Application, _test.Behaviour]);

        await Eventually.TrueAsync(() => File.Exists(log) && File.ReadAllText(log).Contains("serving ", StringComparison.Ordinal), "it serves",
            () => master.Describe() + (File.Exists(log) ? File.ReadAllText(log) : ""));
        var worker = Assert.Single(master.Family, process => process.Parent == master.Pid).Pid;
        foreach (var process in new[] { master.Pid, worker })
        {
            Assert.Equal("65534 65534 65534 65534", Status(process, "Uid"));
            Assert.Equal("65534 65534 65534 65534", Status(process, "Gid"));
            Assert.DoesNotMatch(@"\b0\b", Status(process, "Groups"));
            Assert.Equal("1", Status(process, "NoNewPrivs"));
            Assert.Equal("0027", Status(process, "Umask"));
        }
        Assert.Equal("/", File.ResolveLinkTarget($"/proc/{master.Pid}/cwd", false)!.FullName);
        var words = File.ReadAllText(log);
        Assert.Contains("\nenv HOME=/nonexistent\n", words);
        Assert.Contains("\nenv USER=nobody\n", words);
        Assert.Contains("\nenv LOGNAME=nobody\n", words);
        Assert.Contains($"\ncwd {_test.File("app")}\n", words);
        foreach (var file in new[] { pid, log, socket }) Assert.Equal("nobody", Owner(file));
        Assert.Equal(0, (await master.StopAsync()).Code);
        // Nobody may remove files there. What stays names no process, which another might be by then.
        Assert.Equal("", File.ReadAllText(pid));
        await master.NothingLeftAsync();
    }

    private static string Owner(string file) => Stat("%U", file);

    private static string Stat(string format, string file) => SystemPrograms.RunAsync("stat", "-c", format, file).GetAwaiter().GetResult().StandardOutput.Trim();

    [Fact]
    public async Task Groups_may_be_named_and_setuid_may_be_allowed()
    {
        NeedRoot();
        _test.LetOthersIn();
        var master = _test.Start("--user", "65534", "--group", "33, 12", "--allow-setuid-children");
        await master.LineAsync("serving");

        Assert.Equal("33 33 33 33", Status(master.Pid, "Gid"));
        Assert.Equal("12 33", Status(master.Pid, "Groups"));
        Assert.Equal("0", Status(master.Pid, "NoNewPrivs"));
    }

    /// <summary>Also when the rest of the service is another's.</summary>
    [Theory]
    [InlineData("nobody:33", "65534 33")]
    [InlineData("nobody", "65534 0")]
    [InlineData(":33", "0 33")]
    [InlineData(":33", "0 33", "--user", "nobody")]
    public async Task Unix_sockets_are_given_to_whom_the_operator_names(string owner, string owners, params string[] options)
    {
        NeedRoot();
        _test.LetOthersIn();
        var path = _test.File("a.sock");
        var master = _test.Run(["-S", path, "--socket-owner", owner, "-w1", .. options, _test.Application, _test.Behaviour]);
        await master.LineAsync("serving ");

        Assert.Equal(owners, Owners(path));
    }

    [Fact]
    public void A_name_that_means_something_else_by_now_is_not_given_away()
    {
        NeedRoot();
        var path = _test.File("a.sock");
        using var socket = ListeningSocket.BindUnix(path, 1, 0x1b6);
        var identity = new Identity(null, [65534]);
        identity.Own(socket.Name!);
        Assert.Equal("0 65534", Owners(path));

        File.Move(_test.Write("root's", "secret"), path, overwrite: true);
        Assert.Contains("is not our socket any more", Assert.Throws<OperatorException>(() => identity.Own(socket.Name!)).Message);
        Assert.Equal("0 0", Owners(path));
    }

    [Fact]
    public void The_file_that_is_open_is_given_away_whatever_its_path_leads_to()
    {
        NeedRoot();
        var (path, moved) = (_test.Write("log", ""), _test.File("moved"));
        using var log = AppendedFile.TryOpen(path, out _)!;
        File.Move(path, moved);
        File.Move(_test.Write("root's", "secret"), path);

        new Identity(null, [65534]).Own(log, path);

        Assert.Equal(("0 65534", "0 0"), (Owners(moved), Owners(path)));
    }

    private static string Owners(string file) => Stat("%u %g", file);

    [Theory]
    [InlineData("--error-log", "error log")]
    [InlineData("--access-log", "access log")]
    public async Task A_link_that_the_other_user_has_put_there_is_not_followed_as_root(string option, string what)
    {
        NeedRoot();
        var (link, target) = (_test.File("link"), _test.Write("target", "root's"));
        File.CreateSymbolicLink(link, target);
        _test.LetOthersIn();
        Assert.Equal(0, LibC.fchownat(LibC.AT_FDCWD, link, 65534, 65534, LibC.AT_SYMLINK_NOFOLLOW));

        var master = _test.Start("--user", "nobody", option, link);

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Contains($"cannot write the {what} {link}: Too many levels of symbolic links; with --user and --group only root's own links are followed", Assert.Single(master.Lines).Text);
        Assert.Equal("root's", File.ReadAllText(target));

        Assert.Equal(0, LibC.fchownat(LibC.AT_FDCWD, link, 0, 0, LibC.AT_SYMLINK_NOFOLLOW));
        var allowed = _test.Start("--user", "nobody", option, link);
        // Fake workers write no access log.
        if (option == "--access-log") await allowed.LineAsync("serving ");
        else await Eventually.TrueAsync(() => LockedFile.ReadAllText(target) != "root's", "it is written", allowed.Describe);
    }

    /// <summary>Whoever it belongs to: a pid file is replaced and removed.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(65534)]
    public async Task A_link_is_no_pid_file(uint owner)
    {
        NeedRoot();
        var (link, target) = (_test.File("link"), _test.Write("target", "123\n"));
        File.CreateSymbolicLink(link, target);
        _test.LetOthersIn();
        Assert.Equal(0, LibC.fchownat(LibC.AT_FDCWD, link, owner, owner, LibC.AT_SYMLINK_NOFOLLOW));

        var master = _test.Start("--user", "nobody", "--pid", link);

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Equal($"starletnet: cannot write the pid file {link}: it is a symbolic link; name the file itself", Assert.Single(master.Lines).Text);
        Assert.Equal("123\n", File.ReadAllText(target));
    }

    [Fact]
    public async Task A_key_that_only_root_may_read_is_read_before_and_kept_for_restarts()
    {
        NeedRoot();
        _test.Behave("environment");
        var (certificate, key) = TlsTests.Files(_test);
        _test.LetOthersIn();
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var master = _test.Run(["--ssl", "-l", "127.0.0.1:0", "-w1", "--user", "nobody", "--ssl-cert", certificate, "--ssl-key", key, _test.Application, _test.Behaviour]);
        await master.LineAsync("serving ");
        Assert.Equal("65534 65534 65534 65534", Status(master.Pid, "Uid"));
        Assert.Equal(File.ReadAllBytes(key), (await TlsTests.Handed(master, generation: 1)).Key!.Content);

        master.Send(UnixSignal.Hup);

        await master.LineAsync($"warning: cannot read --ssl-key {key}: permission denied; the new workers get the certificate as it was read before");
        await master.LineAsync("restart done: all workers are of generation 2");
        var handed = await TlsTests.Handed(master, generation: 2);
        Assert.Equal(File.ReadAllBytes(certificate), handed.Certificate.Content);
        Assert.Equal(File.ReadAllBytes(key), handed.Key!.Content);
    }

    /// <summary>They are made when the new generation serves, which is too late to find out.</summary>
    [Theory]
    [InlineData("--pid", "", "cannot write the pid file ")]
    [InlineData("--status-socket", "", "cannot open the status socket ")]
    [InlineData("--metrics", "unix:", "cannot listen on unix:")]
    public async Task Under_a_superdaemon_names_that_the_user_could_not_take_over_end_the_start(string option, string prefix, string cannot)
    {
        NeedRoot();
        var directory = Directory.CreateDirectory(_test.File("run")).FullName;
        _test.LetOthersIn();
        var path = Path.Combine(directory, "name");
        var superdaemon = new ProgramOptions { Environment = new Dictionary<string, string> { ["SERVER_STARTER_PORT"] = "" }, WorkingDirectory = directory };
        string[] Arguments(string name) => ["-l", "127.0.0.1:0", "-w1", "--user", "nobody", "--chdir", "/", option, prefix + name, _test.Application, _test.Behaviour];

        var refused = _test.Run(Arguments(path), superdaemon);
        Assert.Equal(1, (await refused.ExitAsync()).Code);
        Assert.Equal($"starletnet: {cannot}{path}: Permission denied; it is taken over when we serve, so user 65534 must be able to write in {directory}", refused.Lines[^1].Text);
        Assert.DoesNotContain("is starting", refused.ErrorText);
        await refused.NothingLeftAsync(path);

        Assert.Equal(0, LibC.fchownat(LibC.AT_FDCWD, directory, 65534, 65534, 0));
        var serving = _test.Run(Arguments("./name"), superdaemon);
        await serving.LineAsync("serving ");
        await Eventually.TrueAsync(() => Path.Exists(path) && Owner(path) == "nobody", "it is the user's", serving.Describe);
    }

    [Theory]
    [InlineData("option --user: there is no user 'nobody-of-that-name'", "--user", "nobody-of-that-name")]
    [InlineData("option --group: there is no group 'none-of-that-name'", "--group", "0,none-of-that-name")]
    [InlineData("option --umask: '89' is not an octal mode such as 027", "--umask", "89")]
    public async Task Names_that_nobody_has_are_bad_usage(string message, params string[] options)
    {
        var master = _test.Start(options);

        Assert.Equal(2, (await master.ExitAsync()).Code);
        Assert.Contains(message, Assert.Single(master.Lines).Text);
    }

    [Fact]
    public async Task Whoever_is_not_root_cannot_become_somebody_else()
    {
        NeedRoot();
        _test.LetOthersIn();
        var master = _test.Keep(ProgramUnderTest.Start("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", _test.Executable, "--user", "www-data", _test.Application, _test.Behaviour]));

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Contains("cannot become user 33 and group 33: only root may, and we are user 65534", Assert.Single(master.Lines).Text);
    }

    [Fact]
    public async Task A_pid_file_that_cannot_be_written_is_found_out_before_anything_is_announced()
    {
        var master = _test.Start("--pid", "/nowhere/pid");

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Equal("starletnet: cannot write the pid file /nowhere/pid: No such file or directory", Assert.Single(master.Lines).Text);
    }
}
