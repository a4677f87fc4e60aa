using System.Net;
using System.Net.Sockets;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>Bad input to start_server: one clear line, the documented exit code, nothing started, nothing left behind.</summary>
public sealed class StartServerBadInputTests
{
    private const int Grammar = 1;
    private const int StartFailed = 1;
    private const int Usage = 255;

    [Theory]
    [InlineData(Grammar, "^Unknown option: bogus$", "--bogus", "--", "true")]
    [InlineData(Grammar, "interval", "--interval=soon", "--", "true")]
    [InlineData(Grammar, "port", "--port")]
    [InlineData(Usage, "^server program not specified$", "--port=0")]
    [InlineData(Usage, "80x", "--port=80x", "--", "true")]
    [InlineData(Usage, "70000", "--port=70000", "--", "true")]
    [InlineData(Usage, "8080=2", "--port=8080=2", "--", "true")]
    [InlineData(Usage, "a;b", "--path=a;b", "--", "true")]
    [InlineData(Usage, "--pid-file and --status-file name the same file", "--pid-file=same", "--status-file=./same", "--", "true")]
    [InlineData(Usage, "NOSUCH", "--signal-on-hup=NOSUCH", "--", "true")]
    public async Task Refused_before_anything_is_opened(int code, string line, params string[] arguments)
    {
        using var program = ProgramUnderTest.Start(Artifacts.StartServer, arguments);

        Assert.Equal(code, (await program.ExitAsync()).Code);
        Assert.Matches($"^[^\n]*{line.Trim('^', '$')}[^\n]*$", program.ErrorText);
        Assert.Equal("", program.OutputText);
    }

    [Theory]
    [InlineData("/no/such/directory/pid: No such file", "--pid-file=/no/such/directory/pid")]
    [InlineData("/no/such/directory/status: No such file", "--status-file=/no/such/directory/status")]
    [InlineData("/no/such/directory/log: No such file", "--log-file=/no/such/directory/log")]
    [InlineData("/no/such/directory/socket:No such file", "--path=/no/such/directory/socket")]
    [InlineData("/tmp: it is a directory", "--status-file=/tmp")]
    [InlineData("192.0.2.1:8080:Cannot assign requested address", "--port=192.0.2.1:8080")]
    public Task Files_and_addresses_that_cannot_be_had_end_the_start(string line, string option) => FailsAsync(line, option);

    [Fact]
    public async Task A_log_that_is_a_fifo_without_reader_ends_the_start_instead_of_holding_it()
    {
        using var scratch = new ScratchDirectory();
        var fifo = scratch.File("fifo");
        Assert.True((await SystemPrograms.RunAsync("mkfifo", fifo)).IsSuccess);

        await FailsAsync("No such device or address", $"--log-file={fifo}");
    }

    [Fact]
    public async Task A_host_name_longer_than_any_is_refused_in_one_line()
    {
        using var program = ProgramUnderTest.Start(Artifacts.StartServer, [$"--port={new string('a', 300)}:80", "--", "true"]);

        Assert.Equal(Usage, (await program.ExitAsync()).Code);
        Assert.Contains("too long for a host name", program.ErrorText, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", program.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_ends_the_start()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen();

        await FailsAsync($"{other.LocalEndPoint}:Address already in use", $"--port={other.LocalEndPoint}");
    }

    [Fact]
    public async Task A_file_at_the_sockets_path_is_left_alone()
    {
        using var scratch = new ScratchDirectory();
        var file = scratch.Write("precious", "data");

        await FailsAsync("not a socket", $"--path={file}");

        Assert.Equal("data", File.ReadAllText(file));
    }

    [Fact]
    public async Task A_second_instance_leaves_the_first_alone()
    {
        using var scratch = new ScratchDirectory();
        using var service = new Service(scratch, Transport.Unix, scratch.Write("idle", "#!/bin/sh\nexec sleep 1000\n", executable: true));
        await service.FirstGenerationAsync();
        var pid = LockedFile.ReadAllText(scratch.File("pid"));

        await FailsAsync("", $"--path={scratch.File("socket")}");
        await FailsAsync("", $"--pid-file={scratch.File("pid")}", $"--status-file={scratch.File("status")}");

        Assert.Equal(pid, LockedFile.ReadAllText(scratch.File("pid")));
        Assert.Equal([1], service.Generations);
        Assert.True(File.Exists(scratch.File("socket")));
        await service.StopAsync();
    }

    /// <summary>Ends with 1, one line (but for the greeting) and no other file than those that were there.</summary>
    private static async Task FailsAsync(string line, params string[] options)
    {
        using var scratch = new ScratchDirectory();
        string[] files = [$"--pid-file={scratch.File("pid")}", $"--status-file={scratch.File("status")}", $"--path={scratch.File("socket")}"];
        using var program = ProgramUnderTest.Start(Artifacts.StartServer, [.. files, .. options, "--", "sleep", "1000"]);

        Assert.Equal(StartFailed, (await program.ExitAsync()).Code);
        var complaints = program.Lines.Where(l => !l.Text.Contains("starting now", StringComparison.Ordinal)).ToList();
        Assert.True(complaints is [var only] && only.Text.Contains(line, StringComparison.Ordinal), program.Describe());
        await program.NothingLeftAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(scratch.Path));
    }
}
