using StarletNet.Shared.Contract;
using StarletNet.Shared.Processes;

namespace StarletNet.Master.Pool;

/// <summary>What can happen to the pool.</summary>
internal abstract record PoolEvent
{
    /// <summary>The master is set up: start the first set.</summary>
    internal sealed record Begin : PoolEvent;

    /// <summary>The worker says that it accepts connections.</summary>
    internal sealed record WorkerReady(int Id) : PoolEvent;

    /// <summary>The worker says that it takes no more connections, on our word or its own.</summary>
    internal sealed record WorkerDraining(int Id) : PoolEvent;

    /// <summary>The worker says why it cannot serve; its exit follows.</summary>
    internal sealed record WorkerFailed(int Id, string Text) : PoolEvent;

    /// <summary>It has started and waits for something, which the text names.</summary>
    internal sealed record WorkerUnready(int Id, string Text) : PoolEvent;

    /// <summary>The worker is to be replaced: it says so itself, or the master has looked at it.</summary>
    internal sealed record RetireAsked(int Id, RetireReason Reason) : PoolEvent;

    /// <summary>A worker that was taken for stuck gives signs of life again.</summary>
    internal sealed record WorkerRecovered(int Id) : PoolEvent;

    /// <summary>The worker has ended and been reaped.</summary>
    internal sealed record WorkerExited(int Id, ChildExit Exit) : PoolEvent;

    /// <summary>No process could be made for it.</summary>
    internal sealed record StartFailed(int Id, string Reason) : PoolEvent;

    /// <summary>A timer ran out: the worker should be ready by now.</summary>
    internal sealed record BootTimedOut(int Id) : PoolEvent;

    /// <summary>A timer ran out: the worker should be gone by now.</summary>
    internal sealed record DrainTimedOut(int Id) : PoolEvent;

    /// <summary>A timer ran out: the worker has served for as long as it may.</summary>
    internal sealed record AgeReached(int Id) : PoolEvent;

    /// <summary>A timer ran out: the next worker of a staged stop is to go.</summary>
    internal sealed record RetireDue : PoolEvent;

    /// <summary>A timer ran out: what had to wait may be started.</summary>
    internal sealed record StartDue : PoolEvent;

    /// <summary>HUP: replace every worker by one of this generation, whose application has been looked up already.</summary>
    internal sealed record RestartAsked(int Generation) : PoolEvent;

    /// <param name="Cause">What asks.</param>
    /// <param name="Meaning">Why, by the word of start_server.</param>
    internal sealed record StopAsked(StopCause Cause, SignalMeaning Meaning = SignalMeaning.None) : PoolEvent
    {
        /// <summary>Another generation serves; the service goes on.</summary>
        internal bool IsReplaced => Meaning == SignalMeaning.Replaced;
    }

    /// <summary>A timer ran out: the delay of a stop is over.</summary>
    internal sealed record StopDelayOver : PoolEvent;

    /// <summary>The worker has nothing left but upgraded connections that may stay.</summary>
    internal sealed record WorkerLingers(int Id, int Connections) : PoolEvent;

    /// <summary>TTIN, TTOU: one worker more or less.</summary>
    internal sealed record WorkersAsked(int Delta) : PoolEvent;
}
