using StartServer.Output;

namespace StartServer.Supervision;

/// <summary>Old generations that stay for their long-lived connections.</summary>
internal sealed partial class Transitions
{
    /// <summary>
    /// Only one that was told to go can linger. What the current generation or a candidate says is ignored: its master has restarted its
    /// own workers, and that is not a deploy of ours.
    /// </summary>
    private static Step OldLingers(Running state, Generation old, int connections)
    {
        var begins = connections > 0 && Lingering.ConnectionsOf(state.Fleet, old) == 0;
        return new Step(
            state with { Fleet = Lingering.With(state.Fleet, old, connections) },
            begins ? [new Log(Messages.OldLingers(old, connections)), new Tell(new GenerationLingers(old, connections))] : []);
    }

    /// <summary>
    /// It was told of a newer generation, and the signal of the stop came before it had read that one: the kernel does not queue a standard
    /// signal twice, so the stop was lost. A generation reports that it lingers after it has read the first signal, and so the second one
    /// arrives.
    /// </summary>
    private static Step StopsLingering(Stopping state, Generation lingering) => Stay(state, new Send(state.Signal, [lingering]));
}
