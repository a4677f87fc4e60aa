using StarletNet.Master.Listening;
using StarletNet.Master.Options;
using StarletNet.Shared.Contract;

namespace StarletNet.Master.Tests.Listening;

public sealed class ListenSpecTests
{
    [Theory]
    [InlineData("8080", ":8080")]
    [InlineData(":8080", ":8080")]
    [InlineData("*:8080", ":8080")]
    [InlineData("0", ":0")]
    [InlineData("127.0.0.1:8080", "127.0.0.1:8080")]
    [InlineData("0.0.0.0:80", "0.0.0.0:80")]
    [InlineData("localhost:8080", "localhost:8080")]
    [InlineData("[::1]:8080", "[::1]:8080")]
    [InlineData("[::]:8080", "[::]:8080")]
    [InlineData("unix:app.sock", "unix:app.sock")]
    [InlineData("unix:/run/app.sock", "unix:/run/app.sock")]
    [InlineData("/run/app.sock", "unix:/run/app.sock")]
    [InlineData("./app.sock", "unix:./app.sock")]
    [InlineData("@app", "@app")]
    [InlineData("fd:7", "fd:7")]
    public void Every_form_is_read(string text, string address) => Assert.Equal(address, ListenSpec.Parse(text).Address.ToString());

    [Fact]
    public void Options_follow_a_question_mark()
    {
        var spec = ListenSpec.Parse("/run/app.sock?http=h2&backlog=16&mode=0660");

        Assert.Equal(HttpVersions.Http2, spec.Http);
        Assert.Equal(16, spec.Backlog);
        Assert.Equal(Convert.ToUInt32("660", 8), spec.Mode);
    }

    [Theory]
    [InlineData("h1", "Http1")]
    [InlineData("Http1", "Http1")]
    [InlineData("Http2", "Http2")]
    [InlineData("Http1AndHttp2", "Usual")]
    public void Versions_have_the_names_that_the_option_knows(string word, string versions)
    {
        Assert.Equal(Enum.Parse<HttpVersions>(versions), ListenSpec.Parse($":80?http={word}").Http);
        Assert.Equal(Enum.Parse<HttpVersions>(versions), OptionTable.Find("http").Read(new MasterOptions(), word).ListenDefaults.HttpOf(null));
    }

    [Theory]
    [InlineData("", "is not an address")]
    [InlineData("host", "is not an address")]
    [InlineData("http://*:8080", "is a URL; write HOST:PORT")]
    [InlineData("::1:8080", "brackets")]
    [InlineData("127.0.0.1:", "is not a port")]
    [InlineData("127.0.0.1:http", "is not a port")]
    [InlineData("65536", "is not a port")]
    [InlineData("unix:", "is empty")]
    [InlineData("@", "is empty")]
    [InlineData("fd:x", "is not a descriptor number")]
    [InlineData("fd:-1", "is not a descriptor number")]
    [InlineData(":80?http=h3", "is not an HTTP version")]
    [InlineData(":80?tls", "is not a listener option")]
    [InlineData(":80?ssl=maybe", "is not a yes or no")]
    [InlineData("/run/x?defer", "only a TCP socket")]
    [InlineData(":80?backlog=0", "at least 1")]
    [InlineData(":80?mode=0660", "only a Unix socket")]
    [InlineData("/run/x?mode=9", "octal")]
    [InlineData("/run/x?mode=1777", "octal")]
    [InlineData("/run/x?mode=", "octal")]
    public void Anything_else_is_refused_and_quoted(string text, string why)
    {
        var error = Assert.Throws<FormatException>(() => ListenSpec.Parse(text));

        Assert.Contains(why, error.Message);
    }

    [Fact]
    public void A_unix_path_longer_than_the_kernel_takes_is_refused() =>
        Assert.Contains("107 bytes", Assert.Throws<FormatException>(() => ListenSpec.Parse("/" + new string('x', 107))).Message);
}
