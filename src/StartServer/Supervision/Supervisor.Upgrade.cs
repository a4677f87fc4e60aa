using System.Diagnostics;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Notify;
using StarletNet.Shared.Processes;
using StartServer.Generations;
using StartServer.Upgrade;

namespace StartServer.Supervision;

/// <summary>The supervisor as it is handed from one program to the next.</summary>
internal sealed partial class Supervisor
{
    /// <summary>Replaces this program when it is asked to.</summary>
    internal Upgrader? Upgrader { get; set; }

    /// <summary>To be asked between two batches of events.</summary>
    internal BatchDone Moment => new(MomentOf(_state), _state is Running { Fleet: { Current: { } current } fleet } && (fleet.ListenersSince is not { } since || current.Number >= since));

    private Moment MomentOf(SupervisorState state) => state switch
    {
        Stopping or Stopped => StartServer.Upgrade.Moment.Never,
        // One that is accepted has been launched; its report just has not been read yet.
        _ when !SupervisionRecords.MayBeTakenOver(state) || !_generations.Values.All(generation => generation.Process.Launched.IsClosed) => StartServer.Upgrade.Moment.Later,
        Serving { Fleet.Probation: null } => StartServer.Upgrade.Moment.Calm,
        _ => StartServer.Upgrade.Moment.Good,
    };

    internal SupervisionSnapshot Keep() => new(
        Stopwatch.GetElapsedTime(_startedAt),
        _state,
        [.. _generations.Values.Select(generation => new KeptGeneration(
            generation.Number, generation.Process.Pid, generation.Age, generation.Notifications.Socket.Number, generation.Notifications.Address,
            generation.Release, generation.Reason, generation.IsUnchanged))],
        [.. queue.Timers.Where(timer => timer.Key is TimerEvent).Select(timer => new RunningTimer((TimerEvent)timer.Key, timer.Remaining))]);

    /// <summary>To be called before <see cref="Run"/>, when the command line is another than that of the program before us.</summary>
    /// <param name="change">The new one is deployed; where the former one has returned, nothing is.</param>
    internal void Begin(CommandLineChange change)
    {
        Handle(new CommandLineChanged(Back: change.Phase == ChangePhase.Returns));
        if (change.Phase == ChangePhase.Begins) Handle(new DeployRequested(change.Request, change.Attempts));
    }

    /// <summary>To be called before <see cref="Run"/>, by the program that goes on where another stopped.</summary>
    internal void GoOnFrom(SupervisionSnapshot kept)
    {
        _state = kept.State;
        _startedAt = Stopwatch.GetTimestamp() - (long)(kept.Now.TotalSeconds * Stopwatch.Frequency);
        foreach (var one in kept.Generations)
        {
            var notifications = NotifyReceiver.Adopt(new FileDescriptor(one.NotifySocket), one.NotifyAddress);
            var generation = new GenerationProcess(one.Number, ChildProcess.Adopt(one.Pid), notifications, one.Age)
            {
                Release = one.Release,
                Reason = one.Reason,
                IsUnchanged = one.IsUnchanged,
            };
            _generations.Add(one.Pid, generation);
            queue.Watch(notifications.Socket, generation);
        }
        // An upgrade waits until a generation serves, so nothing else has to be remembered.
        if (_state is Running { Fleet.Current: { } serves }) _served = _generations.GetValueOrDefault(serves.Pid);
        foreach (var timer in kept.Timers) queue.SetTimer(timer.Event, timer.Remaining);
        manager.GoOnWith(_state);
        // A probe that was under way has gone with the program that made it.
        if (policy.Value.Probes && _state is Running { Fleet: { Probation: not null, Current: { } current } } && !kept.Timers.Any(timer => timer.Event is ProbeDue))
            queue.SetTimer(new ProbeDue(current.Number), TimeSpan.Zero);
    }
}
