using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision.Random;

/// <summary>A child of the fake world. It has ended when <see cref="Ended"/>, and is gone for good once its end was delivered.</summary>
internal sealed class FakeChild(Generation generation, bool stubborn, int listeners)
{
    internal Generation Generation { get; } = generation;

    /// <summary>Ignores everything but KILL.</summary>
    internal bool Stubborn { get; } = stubborn;

    /// <summary>Of which of all command lines so far its listeners are.</summary>
    internal int Listeners { get; } = listeners;

    internal bool IsProgram { get; set; }

    internal bool Ended { get; set; }

    /// <summary>Has got a signal that will end it.</summary>
    internal bool Dying { get; set; }

    internal bool Killed { get; set; }

    // What it has shown so far, by which alone it may be accepted.

    internal bool SaidReady { get; set; }

    internal bool LivedThroughLook { get; set; }

    internal bool AnsweredProbe { get; set; }
}
