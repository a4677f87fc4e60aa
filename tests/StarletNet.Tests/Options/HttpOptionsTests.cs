using StarletNet.Master.Options;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;

namespace StarletNet.Master.Tests.Options;

public sealed class HttpOptionsTests
{
    private static HttpChoices Read(params string[] arguments) => new OptionsReader(
        new CommandLineParser(OptionTable.All, Dialect.Plack).Parse(arguments), _ => null, processors: 4).Read().Http;

    [Theory]
    [InlineData("starlet", true)]
    [InlineData("starlight", true)]
    [InlineData("starman", true)]
    [InlineData("starletnet", false)]
    public void Expectations_are_refused_by_those_who_always_did(string preset, bool refused) =>
        Assert.Equal(refused, Read("--preset", preset).RefusesExpectations);

    [Fact]
    public void Proxies_nearby_are_believed_unless_switched_off()
    {
        Assert.True(Read().BelievesNearProxies);
        Assert.False(Read("--forwarded=off").BelievesNearProxies);
        Assert.True(Read("--preset=starman", "--forwarded=auto").BelievesNearProxies);
    }

    [Fact]
    public void They_are_read()
    {
        var http = Read("--timeout=0.5", "--read-timeout=0", "--keepalive-timeout=150ms", "--max-keepalive-reqs=inf", "--harakiri=1m", "--request-timeout-grace=2",
            "--max-connections=100", "--max-header-size=64K", "--max-headers=50", "--max-request-line=1000", "--max-body=1G", "--server-software", "");

        Assert.Equal(new HttpChoices
        {
            Timeout = TimeSpan.FromSeconds(0.5),
            ReadTimeout = TimeSpan.Zero,
            KeepAliveTimeout = TimeSpan.FromSeconds(0.15),
            MaxKeepAliveRequests = 0,
            RequestTimeout = TimeSpan.FromMinutes(1),
            RequestTimeoutGrace = TimeSpan.FromSeconds(2),
            MaxConnections = 100,
            MaxHeaderSize = 65536,
            MaxHeaders = 50,
            MaxRequestLine = 1000,
            MaxBody = 1L << 30,
            ServerSoftware = "",
        }, http);
    }

    [Fact]
    public void Unlimited_is_a_choice_too()
    {
        var http = Read("--timeout=inf", "--keepalive-timeout=unlimited", "--max-body=inf", "--disable-keepalive");

        Assert.Equal(TimeSpan.Zero, http.Timeout);
        Assert.Equal(HttpChoices.Unlimited, http.KeepAliveTimeout);
        Assert.Equal(0, http.MaxBody);
        Assert.True(http.DisableKeepAlive);
    }

    [Theory]
    [InlineData("--timeout=0", "option --timeout: nothing is done in no time")]
    [InlineData("--timeout=-1", "option --timeout: '-1' is not a time")]
    [InlineData("--max-keepalive-reqs=-1", "option --max-keepalive-reqs: '-1' is not a whole number")]
    [InlineData("--max-header-size=0", "option --max-header-size: '0' is not a size of at least one byte")]
    [InlineData("--max-header-size=4G", "option --max-header-size: '4G' is not a size")]
    [InlineData("--max-headers=0", "option --max-headers: '0' is not a whole number of at least 1")]
    [InlineData("--max-headers=2147483648", "option --max-headers: '2147483648' is more than 2147483647, the most there can be")]
    [InlineData("--max-keepalive-reqs=99999999999999999999", "option --max-keepalive-reqs: '99999999999999999999' is more than 2147483647")]
    [InlineData("--max-body=0", "option --max-body: '0' would refuse every body")]
    [InlineData("--max-body=1X", "option --max-body: '1X' is not a size")]
    [InlineData("--server-software=a\r\nb", "option --server-software: has characters that cannot stand in a header")]
    public void What_makes_no_sense_is_refused(string argument, string why)
    {
        var error = Assert.Throws<OperatorException>(() => Read(argument));

        Assert.Equal(ExitCodes.Usage, error.ExitCode);
        Assert.StartsWith(why, error.Message);
    }
}
