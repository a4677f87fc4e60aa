using System.Globalization;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Notify;

namespace StartServer.Supervision;

/// <param name="Connections">How many stay, above 0.</param>
internal sealed record LingeringGeneration(int Generation, int Connections);

/// <summary>Old generations that only long-lived connections keep alive.</summary>
internal static class Lingering
{
    /// <summary>The number that a generation reports; null if the message has none. A malformed one counts as none.</summary>
    internal static int? ConnectionsIn(NotifyMessage message) =>
        message[NotifyNames.Lingering] is { } text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var connections) ? connections : null;

    internal static int ConnectionsOf(Fleet fleet, Generation generation)
    {
        foreach (var lingering in fleet.Lingering)
            if (lingering.Generation == generation.Number) return lingering.Connections;
        return 0;
    }

    /// <summary>Of all old generations.</summary>
    internal static int ConnectionsOf(Fleet fleet)
    {
        var sum = 0;
        foreach (var lingering in fleet.Lingering) sum += lingering.Connections;
        return sum;
    }

    internal static Fleet With(Fleet fleet, Generation generation, int connections)
    {
        var others = fleet.Lingering.Where(lingering => lingering.Generation != generation.Number);
        return fleet with { Lingering = connections > 0 ? [.. others, new LingeringGeneration(generation.Number, connections)] : [.. others] };
    }
}
