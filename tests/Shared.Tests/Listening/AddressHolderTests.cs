using System.Globalization;
using System.Net;
using System.Net.Sockets;
using StarletNet.Shared.Listening;
using StarletNet.TestKit;

namespace StarletNet.Shared.Tests.Listening;

public sealed class AddressHolderTests
{
    private static readonly string Self = "this process itself";

    private static Socket Bound(ProtocolType protocol, IPAddress address)
    {
        var socket = new Socket(address.AddressFamily, protocol == ProtocolType.Udp ? SocketType.Dgram : SocketType.Stream, protocol);
        socket.Bind(new IPEndPoint(address, 0));
        if (protocol == ProtocolType.Tcp) socket.Listen();
        return socket;
    }

    private static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "0.0.0.0", true)]
    [InlineData("0.0.0.0", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "::", true)]
    [InlineData("127.0.0.1", "127.0.0.2", false)]
    public void A_socket_that_listens_is_found_in_the_list_of_the_kernel(string held, string wanted, bool isFound)
    {
        using var socket = Bound(ProtocolType.Tcp, IPAddress.Parse(held));
        Assert.Equal(isFound ? Self : null, new AddressHolder().OfTcp(new IPEndPoint(IPAddress.Parse(wanted), PortOf(socket))));
        Assert.Null(new AddressHolder().OfUdp(new IPEndPoint(IPAddress.Parse(wanted), PortOf(socket))));
    }

    [Fact]
    public void So_is_an_IPv6_one_and_a_datagram_socket()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "needs IPv6");
        using var six = Bound(ProtocolType.Tcp, IPAddress.IPv6Loopback);
        Assert.Equal(Self, new AddressHolder().OfTcp(new IPEndPoint(IPAddress.IPv6Loopback, PortOf(six))));
        using var datagrams = Bound(ProtocolType.Udp, IPAddress.Loopback);
        Assert.Equal(Self, new AddressHolder().OfUdp(new IPEndPoint(IPAddress.Loopback, PortOf(datagrams))));
    }

    [Fact]
    public void An_abstract_socket_is_found_by_its_name()
    {
        var name = $"address-holder-test-{Environment.ProcessId}";
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint("\0" + name));
        socket.Listen();
        Assert.Equal(Self, new AddressHolder().OfAbstract("@" + name));
        Assert.Null(new AddressHolder().OfAbstract("@" + name + "-other"));
    }

    /// <summary>As it is for those who may not look at the descriptors of another user's process.</summary>
    [Fact]
    public void Where_no_process_shows_the_socket_its_user_is_named()
    {
        using var proc = new ScratchDirectory();
        Tcp(proc, "0100007F:1F90", inode: 77);
        Assert.Equal("a process of the user with number 33", new AddressHolder(proc.Path).OfTcp(new IPEndPoint(IPAddress.Loopback, 8080)));
    }

    [Fact]
    public void Of_several_processes_that_have_the_socket_the_oldest_is_named()
    {
        using var proc = new ScratchDirectory();
        Tcp(proc, "0100007F:1F90", inode: 77);
        Process(proc, 500, "worker", start: 2000);
        Process(proc, 600, "nginx", start: 1000);
        Assert.Equal("nginx (pid 600)", new AddressHolder(proc.Path).OfTcp(new IPEndPoint(IPAddress.Loopback, 8080)));
    }

    [Fact]
    public void Without_the_lists_of_the_kernel_nothing_is_known()
    {
        using var proc = new ScratchDirectory();
        Assert.Null(new AddressHolder(proc.Path).OfTcp(new IPEndPoint(IPAddress.Loopback, 8080)));
        Assert.Null(new AddressHolder(proc.Path).Named(1));
    }

    private static void Tcp(ScratchDirectory proc, string address, int inode) => Write(proc, "net/tcp",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        + string.Create(CultureInfo.InvariantCulture, $"   0: {address} 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 {inode} 1 0000000000000000 100 0 0 10 0\n"));

    private static void Process(ScratchDirectory proc, int pid, string name, int start)
    {
        Write(proc, $"{pid}/comm", name + "\n");
        Write(proc, $"{pid}/stat", string.Create(CultureInfo.InvariantCulture, $"{pid} (a b) c) S 1 {string.Join(' ', Enumerable.Repeat("0", 17))} {start} 0 0\n"));
        Directory.CreateDirectory(proc.File($"{pid}/fd"));
        File.CreateSymbolicLink(proc.File($"{pid}/fd/3"), "socket:[77]");
    }

    private static void Write(ScratchDirectory proc, string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(proc.File(file))!);
        File.WriteAllText(proc.File(file), text);
    }
}
