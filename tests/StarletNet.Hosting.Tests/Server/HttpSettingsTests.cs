using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Server;

public sealed class HttpSettingsTests
{
    [Fact]
    public void What_is_written_is_read()
    {
        var written = HttpSettings.Of([("timeout", "1500", false), ("max-body", "0", true), ("server-software", "a=b~c&d ü", false)]).Format();

        var read = HttpSettings.Parse(written);

        Assert.Equal((1500, false), read.Number(HttpSettings.Timeout));
        Assert.Equal((0, true), read.Number(HttpSettings.MaxBody));
        Assert.Equal(("a=b~c&d ü", false), read.Text(HttpSettings.ServerSoftware));
        Assert.Null(read.Number(HttpSettings.MaxHeaders));
    }

    [Theory]
    [InlineData("timeout", "'timeout' is no setting")]
    [InlineData("=5", "'=5' is no setting")]
    [InlineData("timeout=1.5", "'1.5' in 'timeout=1.5' is not a number")]
    [InlineData("timeout=-1", "'-1' in 'timeout=-1' is not a number")]
    public void Anything_else_is_refused(string text, string why) =>
        Assert.Equal(why, Assert.Throws<FormatException>(() => HttpSettings.Parse(text)).Message);
}
