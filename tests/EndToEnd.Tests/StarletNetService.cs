using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>A starletnet on its own, whose application is reached through a symbolic link to a release's directory.</summary>
internal sealed class StarletNetService : IDisposable
{
    private readonly string _link;
    private readonly string _pidFile;
    private readonly Listening _listening;
    private readonly int _workers;

    internal StarletNetService(ScratchDirectory scratch, Transport transport, string release)
        : this(scratch, Listening.On(transport, scratch), release)
    {
    }

    internal StarletNetService(ScratchDirectory scratch, Listening listening, string release, params string[] options)
        : this(scratch, listening, release, 2, options)
    {
    }

    internal StarletNetService(ScratchDirectory scratch, Listening listening, string release, int workers, params string[] options)
    {
        (_link, _pidFile) = (scratch.File("current"), scratch.File("pid"));
        (_listening, _workers) = (listening, workers);
        SymbolicLink.Switch(_link, release);
        Program = ProgramUnderTest.Start(Artifacts.StarletNet,
            [_listening.StarletNetOption, $"--max-workers={workers}", $"--pid={_pidFile}", .. options, Path.Combine(_link, "TestApp.dll")]);
    }

    internal ProgramUnderTest Program { get; }

    internal Target Target => _listening.Target;

    /// <summary>Pids of the living workers.</summary>
    internal IReadOnlyList<int> Workers =>
        [.. Program.Family.Where(p => p.Parent == Program.Pid && p.Command.Contains("TestApp.dll", StringComparison.Ordinal)).Select(p => p.Pid)];

    /// <summary>Waits until all workers serve: those that only begin to are given up by a deploy.</summary>
    internal Task AllWorkersAsync() => Program.LineAsync($"serving .* with {_workers} workers$");

    /// <summary>Deploys, and waits until all workers are new ones.</summary>
    internal async Task DeployAsync(string release)
    {
        var before = Workers;
        Request(release);
        await ReplacedAsync(before);
    }

    internal void Request(string release)
    {
        SymbolicLink.Switch(_link, release);
        Program.Send(UnixSignal.Hup);
    }

    internal Task ReplacedAsync(IReadOnlyList<int> before) => Eventually.TrueAsync(
        () => Workers is var now && now.Count == _workers && !now.Intersect(before).Any(), "all workers are new ones", Program.Describe);

    /// <summary>TERM; must end with 0 and leave nothing.</summary>
    internal async Task StopAsync()
    {
        var exit = await Program.StopAsync();
        Assert.True(exit.Code == 0, Program.Describe());
        await Program.NothingLeftAsync([_pidFile, .. _listening.SocketFile is { } socket ? [socket] : Array.Empty<string>()]);
    }

    public void Dispose() => Program.Dispose();
}
