using StartServer.Supervision;

namespace StartServer.Control;

/// <summary>A descriptor of the control socket's, as the supervisor's queue knows it: it is the tag of what is readable, and the key of a timer.</summary>
internal abstract class ControlPart
{
    /// <summary>Something is there to be read. Never waits.</summary>
    /// <param name="roster">All generations, for those who ask.</param>
    /// <returns>What the supervisor is asked to do; null for nothing.</returns>
    internal abstract SupervisorEvent? Take(Func<Roster> roster);

    /// <summary>Its timer has run out.</summary>
    internal abstract void TimeIsUp();

    /// <summary>It has failed: a client is sent away, a listening socket stays.</summary>
    internal virtual void GiveUp()
    {
    }
}
