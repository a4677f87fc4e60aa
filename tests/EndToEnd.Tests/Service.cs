using System.Globalization;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>
/// A service run by a start_server, ours or Perl's: its program is a symbolic link, and a deploy points the link elsewhere
/// and sends HUP.
/// </summary>
internal sealed class Service : IDisposable
{
    private readonly string _link;
    private readonly string _pidFile;
    private readonly string _statusFile;
    private readonly Listening _listening;
    private readonly string[] _arguments;

    /// <param name="scratch">Holds the service's files; outlives it.</param>
    /// <param name="transport">TCP or a Unix socket.</param>
    /// <param name="release">The first program.</param>
    /// <param name="executable">Which start_server; default: ours.</param>
    /// <param name="options">Further options of start_server.</param>
    internal Service(ScratchDirectory scratch, Transport transport, string release, string? executable = null, params string[] options)
    {
        (_link, _pidFile, _statusFile) = (scratch.File("program"), scratch.File("pid"), scratch.File("status"));
        _listening = Listening.On(transport, scratch);
        SymbolicLink.Switch(_link, release);
        _arguments = [_listening.StartServerOption, $"--pid-file={_pidFile}", $"--status-file={_statusFile}", .. options, "--", _link];
        Program = ProgramUnderTest.Start(executable ?? Artifacts.StartServer, _arguments, new ProgramOptions { StatusFile = _statusFile });
    }

    internal ProgramUnderTest Program { get; }

    internal Target Target => _listening.Target;

    /// <summary>Generations in the status file, the highest being the current one.</summary>
    internal IReadOnlyList<int> Generations => File.Exists(_statusFile)
        ? [.. File.ReadAllLines(_statusFile).Select(line => int.Parse(line.Split(':')[0], CultureInfo.InvariantCulture)).Order()]
        : [];

    internal Task FirstGenerationAsync() => GenerationAfterAsync(0);

    /// <summary>Deploys, and waits until the new generation is the only one.</summary>
    internal async Task DeployAsync(string release)
    {
        var before = Generations.DefaultIfEmpty(0).Max();
        Request(release);
        await GenerationAfterAsync(before);
    }

    /// <summary>Deploys with another command line: this one, and more before it.</summary>
    internal async Task ReconfigureAsync(string release, params string[] more)
    {
        SymbolicLink.Switch(_link, release);
        using var client = ProgramUnderTest.Start(Artifacts.StartServer, ["--reconfigure", .. more, .. _arguments]);
        Assert.True(await client.ExitAsync() == new ProgramExit(0, null), $"{client.Describe()}\n{Program.Describe()}");
    }

    /// <summary>Deploys without waiting for anything.</summary>
    internal void Request(string release)
    {
        SymbolicLink.Switch(_link, release);
        Program.Send(UnixSignal.Hup);
    }

    /// <summary>TERM; must end with 0 and leave nothing.</summary>
    internal async Task StopAsync()
    {
        var exit = await Program.StopAsync();
        Assert.True(exit.Code == 0, Program.Describe());
        await Program.NothingLeftAsync([_pidFile, _statusFile, .. _listening.SocketFile is { } socket ? [socket] : Array.Empty<string>()]);
    }

    public void Dispose() => Program.Dispose();

    private Task GenerationAfterAsync(int number) =>
        Eventually.TrueAsync(() => Generations is [var only] && only > number, $"a single generation after {number}", Program.Describe);
}
