using System.Net;
using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary>A start_server with a control socket, and clients that bring it another command line.</summary>
internal sealed class Reconfigurable : IDisposable
{
    private readonly Upgradable _service;

    internal Reconfigurable(string[] options, string[] child) => _service = new Upgradable(["--control", "DIR/control", .. options], child);

    internal Superdaemon Daemon => _service.Daemon;

    internal ProgramUnderTest Program => _service.Program;

    internal string File(string name) => _service.File(name);

    internal string Write(string name, string text) => _service.Write(name, text);

    internal Task UpgradeAsync() => _service.UpgradeAsync();

    internal string CommandLine => System.IO.File.ReadAllText($"/proc/{Program.Pid}/cmdline");

    /// <summary>What the supervisor has open, a line each.</summary>
    internal string Descriptors =>
        string.Join('\n', new DirectoryInfo($"/proc/{Program.Pid}/fd").EnumerateFileSystemInfos()
            // What the portable runtime has open of its own, and the numbers of its and our pipes, depend on the order of things.
            .Where(fd => fd.LinkTarget?.EndsWith(".dll", StringComparison.Ordinal) != true)
            .Select(fd => fd.LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true ? $"{fd.Name} {fd.LinkTarget}" : fd.LinkTarget?.Split('[')[0]).Order());

    internal ProgramUnderTest List() => ProgramUnderTest.Start(Superdaemon.Executable, ["--list", "--control", File("control")]);

    /// <summary>The command line as at the start, with other options and another child.</summary>
    internal ProgramUnderTest Reconfigure(string[] options, string[] child)
    {
        string[] words =
        [
            "--reconfigure", "--interval", "0", "--pid-file", Daemon.PidFile, "--status-file", Daemon.StatusFile, "--control", "DIR/control", .. options, "--", .. child,
        ];
        return ProgramUnderTest.Start(Superdaemon.Executable, words.Select(word => word.Replace("DIR", Path.GetDirectoryName(Daemon.PidFile), StringComparison.Ordinal)));
    }

    internal async Task<ProgramUnderTest> EndsAsync(ProgramUnderTest client, int exitCode, string error = "")
    {
        var exit = await client.ExitAsync();
        Assert.True(exit == new ProgramExit(exitCode, null), $"{client.Describe()}\n{Program.Describe()}");
        Assert.Matches($"^{error}$", client.ErrorText);
        return client;
    }

    /// <summary>Where the option <c>--port HOST:0</c> has ended up.</summary>
    internal async Task<IPEndPoint> AddressAsync(string port) => IPEndPoint.Parse((await Program.LineAsync($"^--port {port} is bound to ")).Text.Split(' ')[^1]);

    public void Dispose() => _service.Dispose();
}
