using System.Net;
using System.Net.Sockets;
using StarletNet.Master.Listening;
using StarletNet.Master.Output;
using StarletNet.Shared.Contract;

namespace StarletNet.Master.Tests.Listening;

/// <summary>Sockets that others hold too.</summary>
public sealed class AdoptedListenersTests
{
    private const int Tcp = 6, DeferAccept = 9;

    [Theory]
    // A generation of Starlet's, or one of ours with its preset, has asked for it and may still serve.
    [InlineData(true, null, "", true)]
    [InlineData(false, null, "", false)]
    [InlineData(false, true, "", true)]
    [InlineData(true, false, "", false)]
    [InlineData(true, true, "?defer=0", false)]
    [InlineData(false, null, "?defer", true)]
    public void Whether_connections_are_kept_back_changes_only_where_somebody_asks(bool before, bool? asked, string ofListener, bool after)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        if (before) socket.SetRawSocketOption(Tcp, DeferAccept, BitConverter.GetBytes(1));
        var fd = (int)socket.Handle;
        using var log = new MasterLog(new StandardErrorSink(null, null), quiet: true);

        var adopted = new AdoptedListeners([ListenSpec.Parse($"fd:{fd}{ofListener}")], new ListenDefaults { DeferAccept = asked }, log);
        Assert.NotNull(adopted.Take(new NamedDescriptor($"fd:{fd}", fd), "--listen"));

        var now = new byte[sizeof(int)];
        socket.GetRawSocketOption(Tcp, DeferAccept, now);
        Assert.Equal(after, BitConverter.ToInt32(now) != 0);
    }
}
