using System.Collections;
using StarletNet.Shared.Contract;
using StartServer.CommandLine;

namespace StartServer.Generations;

/// <summary>
/// The environment a generation starts with, in layers: what start_server was started with, over it the options' twins, over
/// those the files of the envdir. A file that is gone uncovers what lies below.
/// </summary>
internal sealed class ProgramEnvironment : IDisposable
{
    /// <summary>
    /// What is said to us alone: sockets and a watchdog that systemd keeps for our pid, and where we report. Each generation gets a
    /// NOTIFY_SOCKET of its own instead.
    /// </summary>
    private static readonly string[] NotForChildren =
    [
        EnvironmentNames.ListenFds, EnvironmentNames.ListenPid, EnvironmentNames.ListenFdNames, EnvironmentNames.NotifySocket,
        EnvironmentNames.StartServerOrphans, EnvironmentNames.WatchdogPid, EnvironmentNames.WatchdogMicroseconds,
        EnvironmentNames.StartServerReadyTimeout, EnvironmentNames.Release, EnvironmentNames.LogicalDirectory, EnvironmentNames.HandedOverPaths,
    ];

    private readonly Dictionary<string, string> _below = [];
    private readonly string? _directory;
    private EnvFiles _files = EnvFiles.None;

    internal ProgramEnvironment(IDictionary startedWith, IReadOnlyDictionary<string, string> twins, string? directory)
    {
        foreach (DictionaryEntry variable in startedWith) _below[(string)variable.Key] = (string?)variable.Value ?? "";
        foreach (var (name, value) in twins) _below[name] = value;
        _directory = directory;
        if (directory is not null) Watch = EnvDirectoryWatch.Open(directory);
        Reread();
    }

    /// <summary>Null without envdir.</summary>
    internal EnvDirectoryWatch? Watch { get; }

    internal string? this[string name] => _files.Variables.GetValueOrDefault(name) ?? _below.GetValueOrDefault(name);

    /// <summary>Whether a variable comes from the envdir, for messages: its file; null if not.</summary>
    internal string? FileOf(string name) => _files.Variables.ContainsKey(name) ? Path.Combine(_directory!, name) : null;

    /// <summary>What was wrong when the envdir was last read.</summary>
    internal IReadOnlyList<string> Problems => _files.Problems;

    /// <summary>Reads the envdir anew.</summary>
    internal void Reread()
    {
        if (_directory is null) return;
        // First, so that a change while we read is reported afterwards.
        Watch?.Renew();
        _files = EnvDirectory.Read(_directory);
    }

    /// <summary>All of it, as far as it is the program's.</summary>
    internal Dictionary<string, string> Variables()
    {
        var all = new Dictionary<string, string>(_below);
        foreach (var (name, value) in _files.Variables) all[name] = value;
        foreach (var name in NotForChildren) all.Remove(name);
        return all;
    }

    public void Dispose() => Watch?.Dispose();
}
