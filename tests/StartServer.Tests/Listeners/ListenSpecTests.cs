using System.Net;
using StarletNet.Shared.Errors;
using StartServer.Listeners;

namespace StarletNet.StartServer.Tests.Listeners;

public sealed class ListenSpecTests
{
    [Theory]
    [InlineData("8000", "0.0.0.0:8000", "8000", false, null)]
    [InlineData(" 8000 ", "0.0.0.0:8000", "8000", false, null)]
    [InlineData("127.0.0.1:8000", "127.0.0.1:8000", "127.0.0.1:8000", false, null)]
    [InlineData("localhost:9124", "127.0.0.1:9124", "localhost:9124", false, null)]
    [InlineData("[127.0.0.1]:80", "127.0.0.1:80", "127.0.0.1:80", false, null)]
    [InlineData("[::1]:8000", "[::1]:8000", "[::1]:8000", false, null)]
    [InlineData("::1:8000", "[::1]:8000", "[::1]:8000", false, null)]
    [InlineData("[::]:8000", "[::]:8000", "[::]:8000", false, null)]
    [InlineData("u443", "0.0.0.0:443", "443", true, null)]
    [InlineData("127.0.0.1:u443", "127.0.0.1:443", "127.0.0.1:443", true, null)]
    [InlineData("[::1]:u443", "[::1]:443", "[::1]:443", true, null)]
    [InlineData("8000=3", "0.0.0.0:8000", "8000", false, 3)]
    [InlineData("8000 =3", "0.0.0.0:8000", "8000", false, 3)]
    [InlineData("8000=0", "0.0.0.0:8000", "8000", false, 0)]
    [InlineData("127.0.0.1:u443=9", "127.0.0.1:443", "127.0.0.1:443", true, 9)]
    [InlineData("[::1]:80=5", "[::1]:80", "[::1]:80", false, 5)]
    public void Every_form_is_read(string text, string address, string name, bool isUdp, int? descriptor)
    {
        var spec = ListenSpec.Parse(text);
        Assert.Equal(IPEndPoint.Parse(address), spec.Resolve());
        Assert.Equal(name, spec.NameFor(spec.Resolve()));
        Assert.Equal((isUdp, descriptor), (spec.IsUdp, spec.Descriptor));
    }

    [Theory]
    [InlineData("0", "4711")]
    [InlineData("127.0.0.1:0", "127.0.0.1:4711")]
    [InlineData("[::1]:0=9", "[::1]:4711")]
    public void The_name_of_port_0_tells_the_port_the_kernel_chose(string text, string name) =>
        Assert.Equal(name, ListenSpec.Parse(text).NameFor(new IPEndPoint(IPAddress.Loopback, 4711)));

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("8000x")]
    [InlineData("-1")]
    [InlineData("u")]
    [InlineData("host:")]
    [InlineData("8000=")]
    [InlineData("8000=x")]
    [InlineData("8000= 3")]
    [InlineData("8000=-3")]
    [InlineData("8000=3=4")]
    [InlineData("8000=99999999999")]
    [InlineData("80 00")]
    [InlineData("a;b:80")]
    [InlineData("a b:80")]
    public void A_bad_form_is_refused_with_the_value(string text)
    {
        var error = Assert.Throws<OperatorException>(() => ListenSpec.Parse(text));
        Assert.Equal(($"invalid ``port'' value:{text}", 255), (error.Message, error.ExitCode));
    }

    [Theory]
    [InlineData("65536")]
    [InlineData("host:99999999999")]
    public void A_port_beyond_65535_is_refused_and_not_truncated(string text) =>
        Assert.EndsWith("the highest port is 65535", Assert.Throws<OperatorException>(() => ListenSpec.Parse(text)).Message);

    [Theory]
    [InlineData("80=1")]
    [InlineData("80=2")]
    public void Stdout_and_stderr_are_no_place_for_a_listener(string text) =>
        Assert.StartsWith($"invalid ``port'' value:{text}: ", Assert.Throws<OperatorException>(() => ListenSpec.Parse(text)).Message);

    [Theory]
    [InlineData(":80", "failed to resolve host::")]
    [InlineData("*:80", "failed to resolve host:*:")]
    [InlineData("no-such-host.invalid:80", "failed to resolve host:no-such-host.invalid:")]
    [InlineData("[fe80::1%lo]:80", "failed to resolve host:fe80::1%lo:")]
    [InlineData("1:2:80", "failed to resolve host:1:2:")]
    public void A_host_that_is_none_is_refused(string text, string beginning)
    {
        var error = Assert.Throws<OperatorException>(() => ListenSpec.Parse(text).Resolve());
        Assert.StartsWith(beginning, error.Message, StringComparison.Ordinal);
        Assert.Equal(255, error.ExitCode);
    }
}
