using System.Net;
using System.Net.Sockets;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;
using StarletNet.TestKit;

namespace StarletNet.Shared.Tests.Listening;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class ListeningSocketTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    private static void CanConnect(EndPoint address, ProtocolType protocol = ProtocolType.Tcp)
    {
        using var client = new Socket(address.AddressFamily, SocketType.Stream, protocol);
        client.Connect(address);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void A_tcp_listener_takes_clients_and_is_blocking_and_close_on_exec(string address)
    {
        using var socket = ListeningSocket.BindTcp(new IPEndPoint(IPAddress.Parse(address), 0), 5);
        var bound = ListeningSocket.BoundEndPoint(socket.Descriptor.Number);
        Assert.NotEqual(0, bound.Port);
        CanConnect(bound);
        Assert.Equal(0, LibC.fcntl(socket.Descriptor.Number, LibC.F_GETFL, 0) & LibC.O_NONBLOCK);
        Assert.Equal(LibC.FD_CLOEXEC, LibC.fcntl(socket.Descriptor.Number, LibC.F_GETFD, 0));
    }

    [Fact]
    public void An_ipv6_listener_takes_ipv6_alone_unless_told_otherwise()
    {
        using var one = ListeningSocket.BindTcp(new IPEndPoint(IPAddress.IPv6Any, 0), 5);
        Assert.Throws<SocketException>(() => CanConnect(new IPEndPoint(IPAddress.Loopback, ListeningSocket.BoundEndPoint(one.Descriptor.Number).Port)));
        using var both = ListeningSocket.BindTcp(new IPEndPoint(IPAddress.IPv6Any, 0), 5, dualStack: true);
        CanConnect(new IPEndPoint(IPAddress.Loopback, ListeningSocket.BoundEndPoint(both.Descriptor.Number).Port));
    }

    [Fact]
    public void A_port_in_use_is_the_failure_of_bind()
    {
        using var first = ListeningSocket.BindTcp(new IPEndPoint(IPAddress.Loopback, 0), 5);
        var error = Assert.Throws<SystemCallException>(() => ListeningSocket.BindTcp(ListeningSocket.BoundEndPoint(first.Descriptor.Number), 5));
        Assert.Equal(("bind", Errno.EADDRINUSE), (error.Call, error.Errno));
    }

    [Fact]
    public void A_moved_socket_listens_at_its_new_number_and_the_old_one_is_closed()
    {
        using var socket = ListeningSocket.BindTcp(new IPEndPoint(IPAddress.Loopback, 0), 5);
        var before = socket.Descriptor.Number;
        var identity = FileIdentity.Of(before);
        using var moved = socket.MoveTo(900);
        Assert.Equal(900, moved.Descriptor.Number);
        // Closed; a test beside this one may have been given the number since.
        Assert.NotEqual(identity, FileIdentity.Of(before));
        Assert.Equal(LibC.FD_CLOEXEC, LibC.fcntl(900, LibC.F_GETFD, 0));
        CanConnect(ListeningSocket.BoundEndPoint(900));
        Assert.Same(moved, moved.MoveTo(900));
    }

    [Theory]
    [InlineData(0x1ffu)] // 0777
    [InlineData(0x1b0u)] // 0660
    public void A_unix_listener_has_its_mode_and_goes_with_its_owner(uint mode)
    {
        var path = _scratch.File("sock");
        using (ListeningSocket.BindUnix(path, 5, mode))
        {
            CanConnect(new UnixDomainSocketEndPoint(path), ProtocolType.Unspecified);
            Assert.Equal((UnixFileMode)mode, File.GetUnixFileMode(path));
            Assert.Equal([path], Directory.GetFileSystemEntries(_scratch.Path));
        }
        Assert.Empty(Directory.GetFileSystemEntries(_scratch.Path));
    }

    [Fact]
    public async Task A_unix_listener_is_given_to_its_owner_with_its_mode()
    {
        Assert.SkipUnless(LibC.geteuid() == 0, "only root may give a file away");
        var path = _scratch.File("sock");

        using var socket = ListeningSocket.BindUnix(path, 5, 0x1b0 /* 0660 */, (65534, 33));

        Assert.Equal((65534u, (UnixFileMode)0x1b0), (FileIdentity.OwnerOf(path), File.GetUnixFileMode(path)));
        Assert.Equal("33", (await SystemPrograms.RunAsync("stat", "-c", "%g", path)).StandardOutput.Trim());
        CanConnect(new UnixDomainSocketEndPoint(path), ProtocolType.Unspecified);
    }

    /// <summary>Put there by whoever else may write in the directory, between bind(2) and this.</summary>
    [Fact]
    public void What_has_taken_the_sockets_place_is_given_neither_mode_nor_owner()
    {
        using var other = ListeningSocket.BindUnix(_scratch.File("other"), 5, 0x180 /* 0600 */);
        var precious = _scratch.Write("precious", "");
        File.SetUnixFileMode(precious, (UnixFileMode)0x180);
        File.CreateSymbolicLink(_scratch.File("to_socket"), _scratch.File("other"));
        File.CreateSymbolicLink(_scratch.File("to_file"), precious);

        foreach (var name in new[] { "to_socket", "to_file", "precious" })
            Assert.Equal(SocketPathConflict.NotASocket, Assert.Throws<SocketPathException>(() => UnixSocketFile.Give(_scratch.File(name), 0x1ff, null)).Conflict);

        Assert.All([precious, _scratch.File("other")], path => Assert.Equal((UnixFileMode)0x180, File.GetUnixFileMode(path)));
    }

    [Fact]
    public void An_abstract_name_leaves_no_file()
    {
        var name = $"starletnet-test-{Guid.NewGuid():N}";
        using var socket = ListeningSocket.BindUnix("@" + name, 5, 0);
        CanConnect(new UnixDomainSocketEndPoint("\0" + name), ProtocolType.Unspecified);
    }

    [Fact]
    public void A_dead_socket_is_replaced()
    {
        var path = DeadSocket();
        Assert.True(UnixSocketFile.IsStale(path));
        using var socket = ListeningSocket.BindUnix(path, 5, 0x1ff);
        CanConnect(new UnixDomainSocketEndPoint(path), ProtocolType.Unspecified);
    }

    [Fact]
    public void A_living_socket_a_file_and_a_directory_are_not()
    {
        using var living = ListeningSocket.BindUnix(_scratch.File("living"), 5, 0x1ff);
        Assert.Equal(SocketPathConflict.InUse, Conflict(_scratch.File("living")));
        Assert.Equal(SocketPathConflict.NotASocket, Conflict(_scratch.Write("file", "precious")));
        Directory.CreateDirectory(_scratch.File("directory"));
        Assert.Equal(SocketPathConflict.NotASocket, Conflict(_scratch.File("directory")));
        Assert.Equal("precious", File.ReadAllText(_scratch.File("file")));
        CanConnect(new UnixDomainSocketEndPoint(_scratch.File("living")), ProtocolType.Unspecified);
    }

    [Fact]
    public void A_full_queue_is_alive()
    {
        using var living = ListeningSocket.BindUnix(_scratch.File("living"), 0, 0x1ff);
        using var waiting = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        waiting.Connect(new UnixDomainSocketEndPoint(_scratch.File("living")));
        Assert.Equal(SocketPathConflict.InUse, Conflict(_scratch.File("living")));
    }

    [Fact]
    public void A_path_too_long_is_refused() => Assert.Equal(SocketPathConflict.TooLong, Conflict(_scratch.File(new string('x', 108))));

    [Fact]
    public void A_missing_directory_is_the_failure_of_bind()
    {
        var error = Assert.Throws<SystemCallException>(() => ListeningSocket.BindUnix(_scratch.File("missing/sock"), 5, 0x1ff));
        Assert.Equal(("bind", Errno.ENOENT), (error.Call, error.Errno));
    }

    [Fact]
    public void A_name_that_somebody_else_has_taken_over_is_left_to_him()
    {
        var path = _scratch.File("sock");
        var first = ListeningSocket.BindUnix(path, 5, 0x1ff);
        File.Move(DeadSocket(), path, overwrite: true);
        first.Dispose();
        Assert.True(File.Exists(path));
    }

    private SocketPathConflict Conflict(string path) =>
        Assert.Throws<SocketPathException>(() => ListeningSocket.BindUnix(path, 5, 0x1ff)).Conflict;

    private string DeadSocket()
    {
        // Renamed, because .NET removes the name it bound.
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_scratch.File("bound")));
        File.Move(_scratch.File("bound"), _scratch.File("dead"));
        return _scratch.File("dead");
    }
}
