using System.Globalization;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Processes;

namespace StarletNet.Master.Workers;

/// <summary>A worker as the master sees it: its process and the channel to it.</summary>
internal sealed class WorkerHandle(int id, ChildProcess process, ControlChannel channel, ScoreboardPlaces scoreboard, int? place) : IDisposable
{
    /// <summary>The pool's name for it.</summary>
    internal int Id => id;

    internal ChildProcess Process => process;

    internal ControlChannel Channel => channel;

    /// <summary>After so many it asks to be replaced; 0: never.</summary>
    internal int MaxRequests { get; init; }

    /// <summary>What its runtime leaves behind if it is killed; null: that cannot be told.</summary>
    internal DiagnosticFiles? DiagnosticFiles { get; init; }

    /// <summary>What it says of itself, also after its death until this is disposed of.</summary>
    internal WorkerFigures? Figures => scoreboard.Read(place);

    /// <summary>By message; by signal to one that cannot be told otherwise.</summary>
    /// <param name="stay">How long upgraded connections may stay.</param>
    internal void Drain(TimeSpan stay = default) => Tell(
        ControlMessage.Format(ControlMessage.Drain, stay > TimeSpan.Zero ? ((long)stay.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) : ""), Signal.Term);

    internal void Abort() => Tell(ControlMessage.Abort, Signal.Kill);

    /// <summary>A core dump, where the system keeps them; one that is stopped by a signal hears nothing and is killed later.</summary>
    internal void Crash() => process.Signal(Signal.Abrt);

    // A pid stays the worker's until its exit has been taken from the queue, so this can hit nobody else.
    internal void Kill() => Send(Signal.Kill);

    /// <summary>Whether KILL was sent by us.</summary>
    internal bool IsKilled { get; private set; }

    /// <summary>Hands it log files that have been opened anew.</summary>
    /// <returns>False if it does not hear us.</returns>
    internal bool Reopen(string names, int[] descriptors) => channel.Send(ControlMessage.Format(ControlMessage.Reopen, names), descriptors);

    /// <summary>Has it say what it is answering, if it can.</summary>
    internal void Report() => channel.Send(ControlMessage.Report);

    private void Tell(string message, Signal otherwise)
    {
        if (!channel.Send(message)) Send(otherwise);
    }

    private void Send(Signal signal)
    {
        IsKilled |= signal == Signal.Kill;
        process.Signal(signal);
    }

    public void Dispose()
    {
        scoreboard.Release(place);
        channel.Dispose();
    }
}
