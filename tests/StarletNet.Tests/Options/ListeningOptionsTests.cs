using StarletNet.Master.Listening;
using StarletNet.Master.Options;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;

namespace StarletNet.Master.Tests.Options;

/// <summary>TLS and what else listeners may be told.</summary>
public sealed class ListeningOptionsTests
{
    private static MasterOptions Read(params string[] arguments) => ReadIn([], arguments);

    private static MasterOptions ReadIn(Dictionary<string, string> environment, params string[] arguments) => new OptionsReader(
        new CommandLineParser(OptionTable.All, Dialect.Plack).Parse(arguments), environment.GetValueOrDefault, processors: 4).Read();

    [Fact]
    public void Tls_is_read_by_all_its_names()
    {
        var options = Read("--enable-ssl", "--ssl-cert-file=c", "--ssl-key-file=k", "--ssl-password-file=p", "--ssl-client-ca-file=a", "--ssl-verify-mode=3");

        Assert.Equal(new TlsChoices { Everywhere = true, Certificate = "c", Key = "k", PasswordFile = "p", Authorities = "a", Clients = ClientCertificates.Required }, options.Tls);
        Assert.True(options.ListenDefaults.TlsOn(null, isTcp: true));
        Assert.False(options.ListenDefaults.TlsOn(null, isTcp: false));
        Assert.False(options.ListenDefaults.TlsOn(ListenSpec.Parse(":80?ssl=0"), isTcp: true));
    }

    [Theory]
    [InlineData("0", "None")]
    [InlineData("2", "None")]
    [InlineData("1", "Optional")]
    [InlineData("5", "Optional")]
    [InlineData("7", "Required")]
    [InlineData("none", "None")]
    [InlineData("optional", "Optional")]
    [InlineData("require", "Required")]
    public void Modes_are_words_or_the_bits_of_io_socket_ssl(string mode, string expected) =>
        Assert.Equal(expected, Read("--ssl=1", "--ssl-cert=c", "--ssl-verify-mode", mode).Tls.Clients.ToString());

    [Theory]
    [InlineData(":443:ssl")]
    [InlineData(":443?ssl")]
    [InlineData("[::1]:443?http=h1&ssl=1")]
    [InlineData("/run/a.sock?ssl")]
    public void A_single_listener_may_have_tls(string listener)
    {
        var options = Read("--listen", listener, "--listen=8080", "--ssl-cert=c");

        Assert.True(options.Listeners[0].Tls);
        Assert.Null(options.Listeners[1].Tls);
        Assert.Equal(options.Listeners[0], ListenSpec.Parse(options.Listeners[0].ToString()));
    }

    [Theory]
    [InlineData]
    [InlineData("-p", "443")]
    [InlineData("-S", "x.sock", "-l", ":443")]
    [InlineData("-l", ":80?ssl=0", "-l", ":443")]
    [InlineData("-l", "./x.sock?ssl")]
    // What that is only the kernel knows.
    [InlineData("-l", "fd:5")]
    public void One_listener_for_tls_is_enough(params string[] listeners) => Assert.True(Read(["--ssl", "--ssl-cert=c", .. listeners]).AnyTls);

    [Theory]
    [InlineData("SERVER_STARTER_PORT", "8443=5")]
    [InlineData("LISTEN_FDS", "1")]
    public void What_will_be_handed_to_us_may_have_tls_whatever_is_listened_on_otherwise(string variable, string value) =>
        Assert.True(ReadIn(new() { [variable] = value }, "--ssl", "--ssl-cert=c", "-S", "x.sock").AnyTls);

    [Fact]
    public void The_root_may_be_named() => Assert.Null(Read("--path=/").Path);

    [Fact]
    public void A_listener_says_more_than_the_options_for_all()
    {
        var options = Read("--http=h2", "--defer-accept", "--socket-mode=0600", "--socket-owner=80:81", "--path=/app/", "--listen=:80?http=h1&defer=0");
        var defaults = options.ListenDefaults;

        Assert.Equal(HttpVersions.Http2, defaults.HttpOf(null));
        Assert.Equal(HttpVersions.Http1, defaults.HttpOf(options.Listeners[0]));
        Assert.True(defaults.DeferOf(null));
        Assert.False(defaults.DeferOf(options.Listeners[0]));
        Assert.Equal(Convert.ToUInt32("600", 8), defaults.SocketMode);
        Assert.Equal(new SocketOwner("80", "81"), defaults.SocketOwner);
        Assert.Equal("/app", options.Path);
    }

    [Theory]
    [InlineData(":80?http=h1h2", HttpVersions.Usual)]
    [InlineData(":80?http=h2", HttpVersions.Http2)]
    [InlineData(":80", HttpVersions.Http1)]
    internal void What_a_listener_says_of_versions_wins_also_when_it_is_the_usual(string listener, HttpVersions expected)
    {
        var options = Read("--http=h1", "--listen", listener);

        Assert.Equal(expected, options.ListenDefaults.HttpOf(options.Listeners[0]));
        Assert.Equal(listener, options.Listeners[0].ToString());
    }

    [Theory]
    [InlineData("--ipv6", "Both")]
    [InlineData("--ipv6=1", "Both")]
    [InlineData("--no-ipv6", "OnlyIPv4")]
    [InlineData("--disable-ipv6", "OnlyIPv4")]
    [InlineData("--ipv6=0", "OnlyIPv4")]
    [InlineData("--ipv6=only", "OnlyIPv6")]
    public void Ipv6_has_three_positions(string argument, string expected)
    {
        var options = Read(argument, "app.dll");

        Assert.Equal(expected, options.AnyAddress.ToString());
        Assert.Equal("app.dll", options.Application);
    }

    [Theory]
    [InlineData("TLS needs a certificate", "--ssl")]
    [InlineData("TLS needs a certificate", "--listen=:443:ssl")]
    [InlineData("there is a certificate (c) but no listener with TLS", "--ssl-cert=c")]
    [InlineData("option --ssl-verify-mode: means nothing without TLS, and no listener has it; add --ssl", "--ssl-verify-mode=require")]
    [InlineData("option --ssl-ca-file: means nothing without TLS", "--ssl-ca-file=a")]
    [InlineData("option --ssl-password-file: means nothing without TLS", "--ssl-password-file=p")]
    [InlineData("option --ssl-verify-mode: '8' is not a way to verify", "--ssl-verify-mode=8")]
    [InlineData("option --http: 'h3' is not a choice of versions", "--http=h3")]
    [InlineData("option --ipv6: 'maybe' is not a yes or no", "--ipv6=maybe")]
    [InlineData("option --socket-mode: '999' is not an octal mode", "--socket-mode=999")]
    [InlineData("option --socket-mode: '1777' is not an octal mode", "--socket-mode=1777")]
    [InlineData("option --umask: '7022' is not an octal mode", "--umask=7022")]
    [InlineData("option --socket-owner: 'a:b:c' is not an owner", "--socket-owner=a:b:c")]
    [InlineData("option --socket-owner: there is no user 'nobody-knows-him'; a number will do, too", "--socket-owner=nobody-knows-him")]
    [InlineData("option --socket-owner: there is no group 'nobody-knows-it'", "--socket-owner=0:nobody-knows-it")]
    [InlineData("option --path: 'app' is not a path", "--path=app")]
    [InlineData("option --path: '//' is not a path", "--path=//")]
    [InlineData("option --ssl-ca-file: no client would be asked for a certificate; add --ssl-verify-mode require", "--ssl", "--ssl-cert=c", "--ssl-ca-file=a")]
    [InlineData("option --ssl: is for TCP listeners that do not say ?ssl=0, and there is none", "--ssl", "--ssl-cert=c", "-S", "x.sock")]
    [InlineData("option --ssl: is for TCP listeners", "--ssl", "--ssl-cert=c", "-l", "@x")]
    [InlineData("option --ssl: is for TCP listeners", "--ssl", "--ssl-cert=c", "-l", ":443?ssl=0")]
    [InlineData("option --ssl: is for TCP listeners", "--ssl", "--ssl-cert=c", "-l", ":443?ssl=0", "-l", "unix:x.sock", "-l", "./y.sock?ssl=0")]
    [InlineData("option --ssl: is for TCP listeners", "--ssl", "-S", "x.sock")]
    public void What_makes_no_sense_is_refused(string why, params string[] arguments)
    {
        var error = Assert.Throws<OperatorException>(() => Read(arguments));

        Assert.Equal(ExitCodes.Usage, error.ExitCode);
        Assert.StartsWith(why, error.Message);
    }
}
