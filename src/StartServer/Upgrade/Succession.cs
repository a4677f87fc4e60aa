using System.Text;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.Listeners;
using StartServer.Output;

namespace StartServer.Upgrade;

/// <summary>
/// What this program has taken over from the one before it, and the way back to that one: its executable file and its command line, both
/// open, and its snapshot, untouched. Whatever fails before we supervise, an address in use among it, leads there, and all is as before.
/// </summary>
internal sealed unsafe class Succession
{
    private readonly FileDescriptor _state;
    private readonly FileDescriptor? _program, _commandLine;
    private IReadOnlyList<int> _descriptors = [];
    private bool _complete;

    /// <param name="state">The snapshot as it was written.</param>
    /// <param name="program">The executable file before us; null in one that has come back.</param>
    /// <param name="commandLine">Its words, each with a zero behind it.</param>
    /// <param name="refusal">Why it has come back.</param>
    internal Succession(FileDescriptor state, FileDescriptor? program, FileDescriptor? commandLine, string? refusal)
    {
        (_state, _program, _commandLine) = (state, program, commandLine);
        Refusal = refusal;
    }

    /// <summary>Why the successor has given back what it had taken over; null if we are the successor.</summary>
    internal string? Refusal { get; }

    /// <summary>Null until it has been read.</summary>
    internal Snapshot? Snapshot { get; private set; }

    /// <summary>The change of the command line as the snapshot has it, also where it has been refused.</summary>
    internal CommandLineChange? Wanted { get; private set; }

    /// <summary>Sockets that this program has bound and the one before it does not know.</summary>
    internal ListenerSet? Bound { get; set; }

    /// <exception cref="SnapshotException">There is something that this version cannot go on from.</exception>
    internal void Read()
    {
        var snapshot = Snapshot.Read(TakeOver.Content(_state.Number), out _descriptors);
        foreach (var kept in _descriptors) FileDescriptor.SetCloseOnExec(kept);
        Wanted = snapshot.Change;
        // The one that has come back has its own command line, as if nothing had been asked for.
        var asBefore = Refusal is not null && snapshot.Change is { Phase: ChangePhase.Begins or ChangePhase.Returns };
        Snapshot = asBefore ? snapshot with { Change = null } : snapshot;
    }

    /// <summary>We supervise: there is no way back any more.</summary>
    internal void Complete()
    {
        _complete = true;
        _state.Dispose();
        _program?.Dispose();
        _commandLine?.Dispose();
    }

    /// <summary>
    /// Becomes the program before us again. To be called while all that was taken over is still open: in an exception's filter, before
    /// anything is disposed of.
    /// </summary>
    /// <returns>False: there is no way back.</returns>
    internal bool GoBack(Exception error)
    {
        if (_complete || _program is null || _commandLine is null) return false;
        Bound?.ForgetBound();
        foreach (var kept in _descriptors.Append(_state.Number)) FileDescriptor.KeepInExec(kept);
        var reason = error is OperatorException or SystemCallException or SnapshotException or IOException ? error.Message : error.ToString();
        TakeOver.Announce(reason, _state.Number);
        OwnProgram.Execute($"/proc/self/fd/{_program.Number}", CommandLineBefore());
        StandardError.WriteLine(Messages.NoWayBack(reason, Errno.Last));
        return false;
    }

    /// <summary>Nobody will supervise the generations that were given into our care; they must not sit on the port without a supervisor.</summary>
    internal void Forsake()
    {
        if (_complete) return;
        foreach (var generation in Snapshot?.Supervision.Generations ?? []) Signal.Term.SendTo(generation.Pid);
    }

    private string[] CommandLineBefore() =>
        [.. Encoding.UTF8.GetString(TakeOver.Bytes(_commandLine!.Number)).Split('\0')[..^1]];
}
