using System.Text;
using System.Text.Json;
using StarletNet.Hosting.AccessLog;

namespace StarletNet.Hosting.Tests.AccessLog;

public sealed class LineBufferTests
{
    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("\"end\" \\ of", "\\\"end\\\" \\\\ of")]
    [InlineData("a\nb\r\t\u001b[31m\u007f", "a\\x0ab\\x0d\\x09\\x1b[31m\\x7f")]
    [InlineData("ü\u0085\u2028", "\\xc3\\xbc\\xc2\\x85\\xe2\\x80\\xa8")]
    public void A_clients_text_cannot_leave_its_place(string text, string written)
    {
        var line = new LineBuffer();
        line.AddEscaped(text);
        Assert.Equal(written, Encoding.UTF8.GetString(line.Written));
        line.Dispose();
    }

    /// <summary>They reorder or hide what stands beside them, in a terminal and in an editor.</summary>
    [Theory]
    [InlineData("a\u202Eb", "\"a\\u202eb\"")]
    [InlineData("a\u2066b", "\"a\\u2066b\"")]
    [InlineData("a\u200Bb", "\"a\\u200bb\"")]
    [InlineData("a\U000E0041b", "\"a\\udb40\\udc41b\"")]
    [InlineData("a\uFE0Fb", "\"a\\ufe0fb\"")]
    [InlineData("aüb", "\"aüb\"")]
    public void What_cannot_be_seen_is_escaped_in_json(string text, string escaped)
    {
        using var line = new LineBuffer();
        line.AddJson(text);

        Assert.Equal(escaped, Encoding.UTF8.GetString(line.Written));
    }

    [Fact]
    public void Json_reads_back_as_it_was_and_is_one_line_of_printable_text()
    {
        var every = string.Concat(Enumerable.Range(0, 0x3000).Where(c => c is < 0xd800 or > 0xdfff).Select(c => (char)c)) + "\ud83d\ude00";
        var line = new LineBuffer();
        line.AddJson(every);
        var json = Encoding.UTF8.GetString(line.Written);
        line.Dispose();

        Assert.Equal(every, JsonDocument.Parse(json).RootElement.GetString());
        Assert.DoesNotContain(json, char.IsControl);
        Assert.DoesNotContain('\u2028', json);
    }

    [Fact]
    public void A_long_line_grows_and_numbers_and_times_are_written_in_full()
    {
        var line = new LineBuffer();
        for (var i = 0; i < 5000; i++) line.AddEscaped("\n");
        line.Add(long.MinValue);
        LogTime.Add(ref line, new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.FromMinutes(-210)), "[%d/%b/%Y:%H:%M:%S %z] %e %j %a %F %T %y%% ü");
        var text = Encoding.UTF8.GetString(line.Written);
        line.Dispose();

        Assert.Equal(string.Concat(Enumerable.Repeat("\\x0a", 5000)) + "-9223372036854775808[04/Mar/2026:05:06:07 -0330]  4 063 Wed 2026-03-04 05:06:07 26% ü", text);
    }
}
