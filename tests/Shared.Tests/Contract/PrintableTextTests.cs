using System.Text;
using StarletNet.Shared.Contract;

namespace StarletNet.Shared.Tests.Contract;

public sealed class PrintableTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("größer 漢字 😀", "größer 漢字 😀")]
    [InlineData("a\u001b[31m", "a?[31m")]
    [InlineData("a\tb\nc", "a?b?c")]
    [InlineData("\u202Egpj.exe", "?gpj.exe")]
    [InlineData("\u2067x\u2069", "?x?")]
    [InlineData("zero\u200Bwidth\uFEFF", "zero?width?")]
    [InlineData("tag\U000E0041", "tag?")]
    public void What_commands_a_terminal_or_cannot_be_seen_becomes_a_question_mark(string text, string printable) => Assert.Equal(printable, PrintableText.Of(text));

    [Fact]
    public void Half_a_surrogate_pair_becomes_one_too() => Assert.Equal("half?", PrintableText.Of("half\uD800"));

    [Fact]
    public void Tabs_stay_where_they_may() => Assert.Equal("a\tb?", PrintableText.Of("a\tb\n", keepsTabs: true));

    [Fact]
    public void All_bidirectional_controls_are_known()
    {
        foreach (var value in Enumerable.Range(0x202A, 5).Concat(Enumerable.Range(0x2066, 4)).Concat([0x200E, 0x200F, 0x061C])) Assert.True(PrintableText.IsInvisible(new Rune(value)));
    }
}
