using System.Net.Sockets;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;
using StarletNet.TestKit;

namespace StarletNet.Shared.Tests.Listening;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class UnixClientTests : IDisposable
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(50);

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_server_whose_queue_stays_full_is_given_up()
    {
        var path = _scratch.File("sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        var waiting = new List<FileDescriptor>();

        Errno error;
        // The kernel has room for one more than it is told.
        while (UnixClient.Connect(UnixAddress.Encode(path)!, Moment, out error) is { } socket && waiting.Count < 100) waiting.Add(socket);

        Assert.Equal(2, waiting.Count);
        Assert.Equal(Errno.EAGAIN, error);
        listener.Accept().Dispose();
        using var next = UnixClient.Connect(UnixAddress.Encode(path)!, Moment, out _);
        Assert.NotNull(next);
        waiting.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public void Where_nobody_listens_there_is_no_waiting()
    {
        Assert.Null(UnixClient.Connect(UnixAddress.Encode(_scratch.File("none"))!, TimeSpan.FromHours(1), out var error));
        Assert.Equal(Errno.ENOENT, error);
    }
}
