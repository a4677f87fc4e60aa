using System.Net.Sockets;
using StarletNet.Master.Observing;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Observing;

public sealed class AnswerServerTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    private sealed class Silent : IAnswers
    {
        public byte[]? Refuse(PeerCredentials peer) => null;

        public byte[] Busy => "busy"u8.ToArray();

        public byte[]? Answer(ReadOnlySpan<byte> received) => null;

        public byte[] TooLong => [];
    }

    /// <summary>Anybody may connect to an abstract name, and without end: the loop must come round all the same.</summary>
    [Fact]
    public void Of_many_that_wait_some_are_let_in_at_a_time()
    {
        var path = _scratch.File("sock");
        using var queue = new EventQueue();
        using var listening = ListeningSocket.BindUnix(path, backlog: 100, mode: 0x180);
        using var server = new AnswerServer(queue, listening.Descriptor, new Silent());
        Socket[] clients = [.. Enumerable.Range(0, 3 * AnswerServer.MostClients).Select(_ => Connect(path))];

        server.Take();
        Assert.DoesNotContain(clients, IsAnswered);
        server.Take();
        Assert.Equal(AnswerServer.MostClients, clients.Count(IsAnswered));
        server.Take();
        Assert.Equal(2 * AnswerServer.MostClients, clients.Count(IsAnswered));
        // The oldest had to go: whoever comes may have something to ask.
        Assert.All(clients[..(2 * AnswerServer.MostClients)], client => Assert.True(IsAnswered(client)));
        foreach (var client in clients) client.Dispose();
    }

    private static Socket Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static bool IsAnswered(Socket client) => client.Poll(0, SelectMode.SelectRead);
}
