using StarletNet.Shared.Contract;

namespace StarletNet.Shared.Tests.Contract;

public class AccessLogFormatTests
{
    [Fact]
    public void A_template_is_literals_and_letters()
    {
        Assert.Equal(
            [
                new LogPart(LogField.Client), new LogPart(LogField.Literal, " 100% \""), new LogPart(LogField.RequestLine), new LogPart(LogField.Literal, "\" "),
                new LogPart(LogField.Status), new LogPart(LogField.RequestHeader, "X-Id"), new LogPart(LogField.Time, "%Y %%"),
            ],
            AccessLogFormat.Parse("%h 100%% \"%r\" %>s%{X-Id}i%{%Y %%}t"));
    }

    [Fact]
    public void Combined_is_common_and_two_headers() => Assert.Equal(
        AccessLogFormat.Parse("%h %l %u %t \"%r\" %s %b"), AccessLogFormat.Parse("combined").Take(13));

    [Theory]
    [InlineData("combind", "'combind' is not a format; there are combined, common, json and templates")]
    [InlineData("%h %y", "'%y' means nothing here")]
    [InlineData("%h %", "'%' at the end lacks its letter; a percent sign is written %%")]
    [InlineData("%{X", "'%{X' lacks its closing brace")]
    [InlineData("%{X}", "'%{X}' at the end lacks its letter")]
    [InlineData("%{}i", "'%{}i' means nothing here")]
    [InlineData("%{%Q}t", "'%{%Q}t' means nothing here")]
    [InlineData("%{%}t", "'%{%}t' means nothing here")]
    [InlineData("%h\n", "a template is one line")]
    public void What_means_nothing_is_refused(string template, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => AccessLogFormat.Parse(template)).Message);
}
