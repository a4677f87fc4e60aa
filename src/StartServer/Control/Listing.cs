using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;
using StartServer.Listeners;
using StartServer.Supervision;

namespace StartServer.Control;

/// <summary>What <c>--list</c> shows: who lives, what each is for, and where clients connect.</summary>
/// <param name="Pid">The server's own.</param>
internal sealed record Listing(int Pid, Roster Roster, IReadOnlyList<ListedListener> Listeners)
{
    internal static Listing Of(Roster roster, IReadOnlyList<ListedListener> listeners) => new(
        LibC.getpid(),
        roster,
        // Ours are closed when a stop begins.
        IsStopping(roster) ? [] : listeners);

    /// <summary><c>stopping</c>, <c>starting</c>, <c>serving</c> or, between two attempts with nobody who serves, <c>pausing</c>.</summary>
    internal string Doing => IsStopping(Roster) ? "stopping" : Has(Role.Candidate) ? "starting" : Has(Role.Current) ? "serving" : "pausing";

    private static bool IsStopping(Roster roster) => roster.Generations.Any(line => line.Role == Role.Stopping);

    private bool Has(Role role) => Roster.Generations.Any(line => line.Role == role);
}

/// <param name="Name">As SERVER_STARTER_PORT has it.</param>
/// <param name="Kind"><c>tcp</c>, <c>udp</c> or <c>unix</c>, which the name does not tell.</param>
/// <param name="Address">What the kernel bound.</param>
internal sealed record ListedListener(string Name, string Kind, string Address, int Fd)
{
    internal static ListedListener Of(Listener listener)
    {
        var (kind, address) = ListeningSocket.Describe(listener.Fd);
        return new(listener.Name, kind, address ?? listener.Name, listener.Fd);
    }
}
