using System.Net;
using System.Net.Sockets;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>Bad input to starletnet: one clear line, the documented exit code, no worker started, nothing left behind.</summary>
public sealed class StarletNetBadInputTests
{
    private const int StartFailed = 1;
    private const int Usage = 2;

    [Theory]
    [InlineData("--max-worker=2", "unknown option --max-worker; did you mean --max-workers?")]
    [InlineData("--max-workers=many", "--max-workers: 'many'")]
    [InlineData("--max-workers=1025", "--max-workers: '1025'")]
    [InlineData("--listen=nowhere", "--listen: 'nowhere'")]
    [InlineData("--port=70000", "--port: '70000'")]
    [InlineData("--graceful-timeout=soon", "--graceful-timeout: 'soon'")]
    public Task A_bad_option_is_refused(string option, string line) => RefusedAsync(Usage, line, [option, Releases.TestApp]);

    [Fact]
    public Task A_bad_value_in_the_environment_is_refused_by_the_variables_name() =>
        RefusedAsync(Usage, "STARLETNET_MAX_WORKERS: 'x'", [Releases.TestApp], ("STARLETNET_MAX_WORKERS", "x"));

    [Fact]
    public Task No_application_at_all_is_refused() => RefusedAsync(Usage, "no application given", []);

    [Theory]
    [InlineData("/no/such/app.dll", "/no/such/app.dll: No such file or directory")]
    [InlineData(".", "holds no published application")]
    [InlineData("/bin/sh", "is not a managed application")]
    public Task What_is_no_application_is_refused(string application, string line) => RefusedAsync(StartFailed, line, [application]);

    [Fact]
    public Task An_application_without_asp_net_core_is_refused() =>
        RefusedAsync(StartFailed, "ASP.NET Core", [Path.Combine(Artifacts.TestApp("ConsoleApp"), "ConsoleApp.dll")]);

    [Fact]
    public async Task A_trimmed_application_is_refused()
    {
        using var scratch = new ScratchDirectory();
        foreach (var file in Directory.EnumerateFiles(Artifacts.TestApp("TestApp"))) File.Copy(file, scratch.File(Path.GetFileName(file)));
        var config = File.ReadAllText(scratch.File("TestApp.runtimeconfig.json"));
        scratch.Write("TestApp.runtimeconfig.json", config.Replace(
            "\"configProperties\": {", "\"configProperties\": {\n\"System.StartupHookProvider.IsSupported\": false,", StringComparison.Ordinal));

        await RefusedAsync(StartFailed, "trimmed", [scratch.File("TestApp.dll")]);
    }

    [Theory]
    [InlineData("garbage", "malformed SERVER_STARTER_PORT: 'garbage'")]
    [InlineData("8080=99", "SERVER_STARTER_PORT: '8080=99': descriptor 99 is not open")]
    [InlineData("8080=2", "SERVER_STARTER_PORT: '8080=2': descriptor 2 is not a")]
    public Task Listeners_that_are_none_are_refused(string value, string line) =>
        RefusedAsync(StartFailed, line, [Releases.TestApp], ("SERVER_STARTER_PORT", value));

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen();

        await RefusedAsync(StartFailed, $"cannot listen on {other.LocalEndPoint}: Address already in use", [$"--listen={other.LocalEndPoint}", Releases.TestApp]);
    }

    [Fact]
    public async Task A_file_at_the_sockets_path_is_left_alone()
    {
        using var scratch = new ScratchDirectory();
        var file = scratch.Write("precious", "data");

        await RefusedAsync(StartFailed, $"cannot listen on unix:{file}", [$"--listen=unix:{file}", Releases.TestApp]);

        Assert.Equal("data", File.ReadAllText(file));
    }

    [Fact]
    public async Task A_pid_file_that_cannot_be_written_leaves_no_socket_behind()
    {
        using var scratch = new ScratchDirectory();
        using var program = ProgramUnderTest.Start(Artifacts.StarletNet,
            [$"--listen=unix:{scratch.File("socket")}", "--pid=/no/such/directory/pid", Releases.TestApp]);

        Assert.Equal(StartFailed, (await program.ExitAsync()).Code);
        Assert.Contains("/no/such/directory/pid: No such file or directory", program.ErrorText, StringComparison.Ordinal);
        await program.NothingLeftAsync(scratch.File("socket"));
    }

    private static async Task RefusedAsync(int code, string line, string[] arguments, params (string Name, string Value)[] environment)
    {
        using var scratch = new ScratchDirectory();
        var options = new ProgramOptions { Environment = environment.ToDictionary(v => v.Name, v => v.Value), WorkingDirectory = scratch.Path };
        string[] pid = [$"--pid={scratch.File("pid")}"];
        using var program = ProgramUnderTest.Start(Artifacts.StarletNet, [.. pid, .. arguments], options);

        Assert.Equal(code, (await program.ExitAsync()).Code);
        Assert.True(program.Lines is [{ Stream: OutputStream.Error } only] && only.Text.StartsWith("starletnet: ", StringComparison.Ordinal)
            && only.Text.Contains(line, StringComparison.Ordinal), program.Describe());
        await program.NothingLeftAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(scratch.Path));
    }
}
