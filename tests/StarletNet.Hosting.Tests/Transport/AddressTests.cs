using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace StarletNet.Hosting.Tests.Transport;

public sealed class AddressTests
{
    private static void Route(WebApplication app) => app.MapGet("/", (HttpContext context) =>
        $"{Show(context.Connection.LocalIpAddress, context.Connection.LocalPort)} {Show(context.Connection.RemoteIpAddress, context.Connection.RemotePort)}");

    private static string Show(IPAddress? address, int port) => address is null ? "none" : new IPEndPoint(address, port).ToString();

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("::", "::1")]
    public async Task Tcp_connections_have_their_real_addresses(string bound, string connected)
    {
        await using var server = await TestServer.Start(Route, new IPEndPoint(IPAddress.Parse(bound), 0));
        var port = ((IPEndPoint)server.EndPoint).Port;
        using var client = new RawClient(new IPEndPoint(IPAddress.Parse(connected), port));

        client.Get("/");

        Assert.Equal($"{client.Socket.RemoteEndPoint} {client.Socket.LocalEndPoint}", client.AnswerText());
        Assert.Equal($"http://{server.EndPoint}", Assert.Single(server.Addresses));
    }

    // What bind(2) lets a client call itself, and .NET cannot express.
    [Theory]
    [InlineData(0xFF, 36)]
    [InlineData('a', 108)]
    public void A_name_that_is_no_text_is_no_name(int letter, int length) =>
        Assert.Null(StarletNet.Hosting.Transport.SocketAddress.Decode([1, 0, .. Enumerable.Repeat((byte)letter, length)]));

    /// <summary>Of abstract names the kernel takes each byte, zeros included.</summary>
    [Theory]
    [InlineData(0xFF, 36)]
    [InlineData(0xFF, 107)]
    [InlineData(0, 20)]
    [InlineData('a', 107)]
    public async Task Clients_with_abstract_names_of_any_kind_are_served(int letter, int length)
    {
        await using var server = await TestServer.Start(Route, new UnixDomainSocketEndPoint("\0" + Path.GetRandomFileName()));

        await AssertServes(server, [0, .. Enumerable.Repeat((byte)letter, length)]);
        // The next one finds an acceptor that has outlived the name.
        await AssertServes(server);
    }

    /// <summary>A path of 108 bytes has no room for its terminator.</summary>
    [Theory]
    [InlineData(0xFF, 30)]
    [InlineData(0xFF, 108)]
    [InlineData('a', 108)]
    public async Task Clients_with_paths_of_any_kind_are_served(int letter, int length)
    {
        var directory = Encoding.UTF8.GetBytes(Directory.CreateTempSubdirectory().FullName + "/");
        byte[] path = [.. directory, .. Enumerable.Repeat((byte)letter, length - directory.Length)];
        try
        {
            await using var server = await TestServer.Start(Route, new UnixDomainSocketEndPoint("\0" + Path.GetRandomFileName()));

            await AssertServes(server, path);
            await AssertServes(server);
        }
        finally
        {
            Unlink(path);
            Directory.Delete(Encoding.UTF8.GetString(directory));
        }
    }

    [Fact]
    public async Task An_absolute_unix_path_keeps_its_name()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            await using var server = await TestServer.Start(Route, new UnixDomainSocketEndPoint(path));

            await AssertServes(server);
            Assert.Equal($"http://unix:{path}", server.Transport.Listeners[0].Address);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task An_abstract_name_is_served_under_a_synthetic_address()
    {
        await using var server = await TestServer.Start(Route, new UnixDomainSocketEndPoint("\0" + Path.GetRandomFileName()));

        await AssertServes(server);
        Assert.StartsWith("http://[100::", server.Transport.Listeners[0].Address);
    }

    [Theory]
    [InlineData("relative-")]
    [InlineData("/tmp/with:colon-")]
    public async Task Paths_that_Kestrel_cannot_say_are_served_under_a_synthetic_address(string start)
    {
        var path = start + Path.GetRandomFileName();
        try
        {
            await using var server = await TestServer.Start(Route, new UnixDomainSocketEndPoint(path));

            await AssertServes(server);
            Assert.StartsWith("http://[100::", server.Transport.Listeners[0].Address);
            Assert.Equal(path, server.EndPoint.ToString());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Two_sockets_on_one_address_are_told_apart()
    {
        using var first = new RawListener(new IPEndPoint(IPAddress.Loopback, 0));
        await using var transport = new Hosting.Transport.EpollTransport(
            [new(first.Fd, 0), new(first.Fd, 0)], new CapturedLog(), new());

        Assert.NotEqual(transport.Listeners[0].Address, transport.Listeners[1].Address);
        Assert.Same(transport.Listeners[0], transport.Find(transport.Listeners[0].BindEndPoint));
        Assert.Same(transport.Listeners[1], transport.Find(transport.Listeners[1].BindEndPoint));
        Assert.False(transport.CanBind(new IPEndPoint(IPAddress.Loopback, 1)));
    }

    private static Task AssertServes(TestServer server, byte[]? name = null)
    {
        using var client = new RawClient(server.EndPoint, name);
        client.Get("/");
        Assert.Equal("none none", client.AnswerText());
        return Task.CompletedTask;
    }

    // .NET has no word for such a path.
    private static void Unlink(byte[] path) => Assert.Equal(0, unlink([.. path, 0]));

    [DllImport("libc")]
    private static extern int unlink(byte[] path);
}
