using System.Net.Sockets;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Notify;
using StarletNet.TestKit;

namespace StarletNet.Shared.Tests.Notify;

public sealed class NotifyTests
{
    [Fact]
    public void What_is_sent_arrives_with_the_senders_pid_and_user()
    {
        using var receiver = NotifyReceiver.Create();
        Assert.Null(receiver.Receive());
        var sender = new NotifySender(receiver.Address);
        sender.Status("loading");
        sender.Ready("done");
        sender.Stopping("bye");
        var loading = receiver.Receive()!;
        Assert.Equal((Environment.ProcessId, (uint)LibC.geteuid()), (loading.Pid, loading.Uid));
        Assert.Equal((false, "loading", null), (loading.IsReady, loading["STATUS"], loading["READY"]));
        var ready = receiver.Receive()!;
        Assert.Equal((true, "done"), (ready.IsReady, ready["STATUS"]));
        Assert.Equal(("1", "bye"), (receiver.Receive()!["STOPPING"], "bye"));
        Assert.Null(receiver.Receive());
    }

    [Fact]
    public void Of_several_assignments_the_last_counts_and_ready_0_is_not_ready()
    {
        Assert.Equal("2", new NotifyMessage("A=1\nA=2\n", 1, 0)["A"]);
        Assert.False(new NotifyMessage("READY=0", 1, 0).IsReady);
        Assert.False(new NotifyMessage("NOTREADY=1", 1, 0).IsReady);
    }

    [Fact]
    public void A_socket_in_the_file_system_is_reached_too()
    {
        using var scratch = new ScratchDirectory();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(scratch.File("notify")));
        new NotifySender(scratch.File("notify")).Send("X=1");
        var buffer = new byte[16];
        Assert.Equal("X=1"u8.ToArray(), buffer[..socket.Receive(buffer)]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("@nobody-listens-here")]
    public void Where_nobody_listens_nothing_happens(string? address) => new NotifySender(address).Ready("unheard");

    [Fact]
    public void A_closed_receiver_is_no_reason_to_fail()
    {
        var receiver = NotifyReceiver.Create();
        var sender = new NotifySender(receiver.Address);
        receiver.Dispose();
        sender.Ready("unheard");
    }
}
