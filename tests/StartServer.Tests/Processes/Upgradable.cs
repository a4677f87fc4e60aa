using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary>A start_server whose path is a link of the test's.</summary>
internal sealed class Upgradable : IDisposable
{
    internal const string TakenOver = "^start_server [0-9.]+ \\(pid:[0-9]+\\) has taken over from [0-9.]+, workers:";

    private readonly ScratchDirectory _scratch = new();

    internal Upgradable(string[] options, string[] child, IReadOnlyDictionary<string, string>? environment = null)
    {
        Install(Superdaemon.Executable);
        Daemon = Superdaemon.Start(options, [.. child.Select(word => word.Replace("DIR", _scratch.Path))], _scratch, environment, Path);
    }

    internal Superdaemon Daemon { get; }

    internal ProgramUnderTest Program => Daemon.Program;

    internal string Path => _scratch.File("start_server");

    internal string File(string name) => _scratch.File(name);

    internal string Write(string name, string text) => _scratch.Write(name, text, executable: true);

    internal void Install(string executable) => SymbolicLink.Switch(Path, executable);

    internal async Task UpgradeAsync()
    {
        var mark = Program.Mark;
        Program.Send(UnixSignal.Usr2);
        await Program.LineAsync(TakenOver, mark);
    }

    public void Dispose()
    {
        Daemon.Dispose();
        _scratch.Dispose();
    }
}
