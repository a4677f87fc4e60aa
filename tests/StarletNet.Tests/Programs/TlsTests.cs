using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using StarletNet.Shared.Contract;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>What the master does about TLS: files, hand-over, restarts. TLS itself is spoken by real workers only.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    private static string Pem(string name, out string key)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest(name, pair, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1));
        key = pair.ExportPkcs8PrivateKeyPem();
        return certificate.ExportCertificatePem();
    }

    private (string Certificate, string Key) Files() => Files(_test);

    internal static (string Certificate, string Key) Files(MasterUnderTest test)
    {
        var certificate = test.Write("cert.pem", Pem("CN=first", out var key));
        return (certificate, test.Write("key.pem", key));
    }

    [Fact]
    public async Task Workers_get_what_the_master_has_read_and_restarted_ones_what_is_there_then()
    {
        var (certificate, key) = Files();
        _test.Behave("environment");
        var master = _test.Run(["-l", "127.0.0.1:0:ssl", "-l", "127.0.0.2:0", "-w1", "--ssl-cert", certificate, "--ssl-key", key, _test.Application, _test.Behaviour]);
        await master.LineAsync(@"env STARLETNET_WORKER_LISTEN=\d+\?ssl;\d+$");
        var first = await Handed(master, generation: 1);
        Assert.Equal(File.ReadAllText(certificate), System.Text.Encoding.UTF8.GetString(first.Certificate.Content));
        Assert.Equal(File.ReadAllText(key), System.Text.Encoding.UTF8.GetString(first.Key!.Content));

        File.WriteAllText(certificate, Pem("CN=second", out var renewed));
        File.WriteAllText(key, renewed);
        master.Send(UnixSignal.Hup);
        await master.LineAsync("fake 0 gen=2 .* ready");
        Assert.Equal(File.ReadAllText(certificate), System.Text.Encoding.UTF8.GetString((await Handed(master, generation: 2)).Certificate.Content));

        File.Delete(key);
        master.Send(UnixSignal.Hup);
        await master.LineAsync($"cannot read --ssl-key {key}: no such file");
        Assert.StartsWith("fake 0 gen=2", await MasterUnderTest.AskAsync(Second(master)));
    }

    /// <summary>Were one of the two lost on the way, whoever asks would be let in.</summary>
    [Fact]
    public async Task Whom_clients_must_be_signed_by_reaches_the_workers_with_the_certificate()
    {
        var (certificate, key) = Files();
        var authority = _test.Write("ca.pem", Pem("CN=authority", out _));
        _test.Behave("environment");
        var master = _test.Run([
            "--ssl", "-l", "127.0.0.1:0", "-w1", "--ssl-cert", certificate, "--ssl-key", key, "--ssl-verify-mode", "require", "--ssl-ca-file", authority, _test.Application, _test.Behaviour]);

        var handed = await Handed(master, generation: 1);

        Assert.Equal(ClientCertificates.Required, handed.Clients);
        Assert.Equal(File.ReadAllText(authority), System.Text.Encoding.UTF8.GetString(handed.Authorities!.Content));
    }

    [Fact]
    public async Task A_generation_keeps_its_own_whatever_a_restart_that_came_to_nothing_has_read()
    {
        var (certificate, key) = Files();
        var master = _test.Run([
            "--ssl", "-l", "127.0.0.1:0", "-w2", "--boot-failure-limit", "1", "--err-respawn-interval", "0.02", "--ssl-cert", certificate, "--ssl-key", key, _test.Application, _test.Behaviour]);
        await master.LineAsync("serving");
        var good = File.ReadAllText(certificate);
        _test.Behave("crash");
        File.WriteAllText(certificate, Pem("CN=bad", out var bad));
        File.WriteAllText(key, bad);
        master.Send(UnixSignal.Hup);
        await master.LineAsync("restart given up");

        _test.Behave("environment");
        var victim = await master.LineAsync("fake 0 gen=1 pid=\\d+ begins");
        var mark = master.Mark;
        ProcessEntry.Read(int.Parse(victim.Text.Split("pid=")[1].Split(' ')[0]))!.Send(UnixSignal.Kill);

        await master.LineAsync("fake 0 gen=1 .* ready", mark);
        Assert.Equal(good, System.Text.Encoding.UTF8.GetString((await Handed(master, generation: 1, mark)).Certificate.Content));
    }

    [Fact]
    public async Task A_restart_finds_them_again_after_a_change_of_directory()
    {
        var (certificate, key) = Files();
        var master = _test.Run(
            ["--ssl", "-l", "127.0.0.1:0", "-w1", "--chdir", "/", "--ssl-cert", Path.GetFileName(certificate), "--ssl-key", Path.GetFileName(key), _test.Application, _test.Behaviour],
            new ProgramOptions { WorkingDirectory = Path.GetDirectoryName(certificate) });
        await master.LineAsync("serving");

        master.Send(UnixSignal.Hup);

        await master.LineAsync("restart done");
    }

    // The memory of a worker, by /proc: what it would read itself.
    internal static async Task<TlsFiles> Handed(ProgramUnderTest master, int generation, int mark = 0)
    {
        var begun = await master.LineAsync($"fake 0 gen={generation} pid=\\d+ begins", mark);
        var line = await master.LineAsync(@"env STARLETNET_WORKER_TLS=\d+", since: master.Lines.ToList().IndexOf(begun));
        var pid = System.Text.RegularExpressions.Regex.Match(begun.Text, @"pid=(\d+)").Groups[1].Value;
        using var memory = File.OpenRead($"/proc/{pid}/fd/{line.Text.Split('=')[1]}");
        return TlsFiles.Read((int)memory.SafeFileHandle.DangerousGetHandle());
    }

    private static IPEndPoint Second(ProgramUnderTest master) =>
        IPEndPoint.Parse(master.Lines.Last(line => line.Text.Contains("listening on", StringComparison.Ordinal)).Text.Split(' ')[^1]);

    [Fact]
    public async Task Files_that_are_of_no_use_end_the_start_before_anything_listens()
    {
        var (certificate, key) = Files();
        var junk = _test.Write("junk", "junk");
        _ = Pem("CN=other", out var others);
        var other = _test.Write("other.pem", others);
        var locked = _test.Write("locked.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n");
        (string[] Options, string Why)[] cases =
        [
            (["--ssl-cert", _test.File("none")], $"starletnet: cannot read --ssl-cert {_test.File("none")}: no such file"),
            (["--ssl-cert", _test.File("app")], $"starletnet: cannot read --ssl-cert {_test.File("app")}: it is a directory"),
            (["--ssl-cert", _test.Write("empty", "")], $"starletnet: --ssl-cert {_test.File("empty")} is empty"),
            (["--ssl-cert", "/dev/zero"], "starletnet: --ssl-cert /dev/zero is too long"),
            (["--ssl-cert", junk], $"starletnet: cannot use --ssl-cert {junk}: it is neither a PEM certificate nor PKCS#12"),
            (["--ssl-cert", certificate, "--ssl-key", certificate], $"starletnet: cannot use --ssl-key {certificate}: it is not a PEM key"),
            (["--ssl-cert", certificate], $"starletnet: cannot use --ssl-cert {certificate}: there is no key in it; give --ssl-key FILE"),
            (["--ssl-cert", certificate, "--ssl-key", locked], $"starletnet: cannot use --ssl-key {locked}: the key is encrypted; give --ssl-password-file FILE"),
            (["--ssl-cert", certificate, "--ssl-key", other], $"starletnet: cannot use --ssl-cert {certificate} with --ssl-key {other}: the key is that of another certificate"),
            (["--ssl-cert", certificate, "--ssl-key", key, "--ssl-ca-file", key, "--ssl-verify-mode", "require"], $"starletnet: cannot use --ssl-ca-file {key}: it is not a PEM certificate"),
        ];
        foreach (var (options, why) in cases)
        {
            var master = _test.Run(["--ssl", "-l", "127.0.0.1:0", .. options, _test.Application]);
            Assert.Equal(1, (await master.ExitAsync()).Code);
            Assert.Equal(why, Assert.Single(master.Lines).Text);
        }
    }

    /// <summary>A Unix socket of start_server: what it is shows only when it is here, and it must not be served in clear text.</summary>
    [Fact]
    public async Task Sockets_that_are_handed_over_and_would_all_be_served_in_clear_text_end_the_start()
    {
        var (certificate, key) = Files();
        var path = _test.File("a.sock");
        using var socket = Shared.Listening.ListeningSocket.BindUnix(path, 16, 0x1b6);
        ProgramUnderTest Under(params string[] options) => _test.Run(
            ["-w1", "--ssl-cert", certificate, "--ssl-key", key, .. options, _test.Application, _test.Behaviour],
            new ProgramOptions { Environment = new Dictionary<string, string> { ["SERVER_STARTER_PORT"] = $"{path}=7" }, Descriptors = [(socket.Descriptor.Number, 7)] });

        var refused = Under("--ssl");
        Assert.Equal(1, (await refused.ExitAsync()).Code);
        Assert.StartsWith($"starletnet: TLS is asked for, and none of the listeners would have it ({path}): ", Assert.Single(refused.Lines).Text);
        // Nobody who has ?ssl for another one than that which came.
        var missed = Under("-l", ":443?ssl");
        Assert.Equal(1, (await missed.ExitAsync()).Code);

        await Under("-l", $"{path}?ssl").LineAsync("serving .* with 1 workers");
    }

    [Fact]
    public async Task Unix_sockets_get_their_mode_and_owner()
    {
        var path = _test.File("a.sock");
        var owner = $"{Environment.UserName}:{File.ReadLines("/etc/group").First().Split(':')[2]}";
        var master = _test.Run(["-S", path, "--socket-mode", "0620", "--socket-owner", owner, "-w1", _test.Application, _test.Behaviour]);
        await master.LineAsync("serving");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite, File.GetUnixFileMode(path));
        Assert.StartsWith("fake 0", await MasterUnderTest.AskAsync(new UnixDomainSocketEndPoint(path)));

    }

    [Theory]
    [InlineData]
    [InlineData("--check-config")]
    public async Task An_owner_whom_nobody_knows_is_found_out_before_anything_is_made(params string[] more)
    {
        var (socket, log) = (_test.File("a.sock"), _test.File("error.log"));
        var master = _test.Run(["-S", socket, "--error-log", log, "--socket-owner", "nobody-knows-him", .. more, _test.Application]);

        Assert.Equal(2, (await master.ExitAsync()).Code);
        Assert.Equal("starletnet: option --socket-owner: there is no user 'nobody-knows-him'; a number will do, too", Assert.Single(master.Lines).Text);
        Assert.False(File.Exists(socket));
        Assert.False(File.Exists(log));
    }

    [Fact]
    public async Task A_connection_may_be_kept_back_until_its_first_byte()
    {
        var master = await _test.StartReady("--defer-accept");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var line = await master.LineAsync("listening on ");
        socket.Connect(IPEndPoint.Parse(line.Text.Split(' ')[^1]));

        // The fake worker speaks first, as soon as it has accepted.
        Assert.False(socket.Poll(TimeSpan.FromMilliseconds(300), SelectMode.SelectRead));
        socket.Send("x"u8);
        Assert.True(socket.Poll(Deadlines.Event, SelectMode.SelectRead));
    }

    [Theory]
    [InlineData("--no-ipv6", "0.0.0.0:")]
    [InlineData("--ipv6=only", "[::]:")]
    public async Task Any_address_is_of_the_family_that_is_wanted(string option, string address)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "this machine has no IPv6");
        var master = _test.Run([option, "-p", "0", "-w1", _test.Application, _test.Behaviour]);
        var line = await master.LineAsync("listening on ");
        Assert.Contains(address, line.Text);
        await master.LineAsync("serving");
        var port = int.Parse(line.Text.Split(':')[^1]);

        var (served, refused) = option == "--no-ipv6" ? (IPAddress.Loopback, IPAddress.IPv6Loopback) : (IPAddress.IPv6Loopback, IPAddress.Loopback);
        Assert.StartsWith("fake 0", await MasterUnderTest.AskAsync(new IPEndPoint(served, port)));
        await Assert.ThrowsAsync<SocketException>(() => MasterUnderTest.AskAsync(new IPEndPoint(refused, port)));
    }
}
