using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StartServer.Control;
using StartServer.Output;
using StartServer.Supervision;

namespace StartServer.Upgrade;

/// <summary>The other side of <see cref="TrialClient"/>, in the program that is tried: a control server of the state that it has read, with one client.</summary>
internal static class TrialAnswer
{
    /// <summary>Answers until the client has what it asked for. A program before us that has passed no socket asks nothing.</summary>
    /// <param name="socket">Where the client is.</param>
    /// <param name="snapshot">What has been read.</param>
    internal static void Give(int socket, Snapshot snapshot)
    {
        if (!FileDescriptor.IsOpen(socket) || FileIdentity.Of(socket) is not { IsSocket: true }) return;
        FileDescriptor.SetCloseOnExec(socket);
        using var queue = new EventQueue();
        using var server = ControlServer.WithoutDoors(queue);
        server.BeginWith([], new UnknownOutput());
        server.LetIn(new FileDescriptor(socket), PeerCredentials.Of(socket), whyNot: null);
        while (server.Clients > 0)
        {
            foreach (var happened in queue.Take())
            {
                if (happened is Readable { Tag: ControlPart part }) part.Take(() => Roster.Of(snapshot.Supervision.State, _ => default));
                if (happened is TimerFired { Key: ControlPart late }) late.TimeIsUp();
            }
        }
    }
}
