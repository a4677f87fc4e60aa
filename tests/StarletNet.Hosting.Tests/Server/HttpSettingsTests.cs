using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Server;

public sealed class HttpSettingsTests
{
    [Fact]
    public void What_is_written_is_read()
    {
        var written = HttpSettings.Of([new("timeout", "1500", false), new("max-body", "0", true), new("server-software", "a=b~c&d ü", false)]).Format();

        var read = HttpSettings.Parse(written);

        Assert.Equal(new HttpSetting("timeout", "1500", false), read.Find(HttpSettings.Timeout));
        Assert.Equal(1500, read.Find(HttpSettings.Timeout)!.Number);
        Assert.Equal(new HttpSetting("max-body", "0", true), read.Find(HttpSettings.MaxBody));
        Assert.Equal("a=b~c&d ü", read.Find(HttpSettings.ServerSoftware)!.Value);
        Assert.Null(read.Find(HttpSettings.MaxHeaders));
    }

    [Theory]
    [InlineData("timeout", "'timeout' is no setting")]
    [InlineData("=5", "'=5' is no setting")]
    [InlineData("timeout=1.5", "'1.5' in 'timeout=1.5' is not a number")]
    [InlineData("timeout=-1", "'-1' in 'timeout=-1' is not a number")]
    public void Anything_else_is_refused(string text, string why) =>
        Assert.Equal(why, Assert.Throws<FormatException>(() => HttpSettings.Parse(text)).Message);
}
