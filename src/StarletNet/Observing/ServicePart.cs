namespace StarletNet.Master.Observing;

/// <summary>A descriptor of the master's own services, as the pool's queue knows it: the tag of what is readable, and the key of a timer.</summary>
internal abstract class ServicePart
{
    /// <summary>Something is there to be read. Never waits.</summary>
    internal abstract void Take();

    /// <summary>Its timer has run out.</summary>
    internal abstract void TimeIsUp();

    /// <summary>It has failed: a client is sent away, a listening socket stays.</summary>
    internal virtual void GiveUp()
    {
    }
}
