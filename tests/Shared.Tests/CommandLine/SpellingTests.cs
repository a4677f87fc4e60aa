using StarletNet.Shared.CommandLine;

namespace StarletNet.Shared.Tests.CommandLine;

public sealed class SpellingTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("port", "port", 0)]
    [InlineData("", "port", 4)]
    [InlineData("port", "", 4)]
    // Two neighbours that have changed places are one edit.
    [InlineData("prot", "port", 1)]
    [InlineData("staus", "status", 1)]
    [InlineData("statsu", "status", 1)]
    [InlineData("por", "port", 1)]
    [InlineData("ports", "port", 1)]
    [InlineData("pert", "port", 1)]
    [InlineData("kitten", "sitting", 3)]
    // A pair that was transposed is not edited again.
    [InlineData("ca", "abc", 3)]
    public void Edits_are_counted(string from, string to, int edits) => Assert.Equal(edits, Spelling.Distance(from, to));

    [Theory]
    [InlineData("prot", "port")]
    [InlineData("pid-fiel", "pid-file")]
    [InlineData("zzz", null)]
    // Two edits of four letters are another word.
    [InlineData("trop", null)]
    public void Few_edits_are_taken_for_a_slip(string written, string? meant) => Assert.Equal(meant, Spelling.Nearest(written, ["path", "port", "pid-file"]));

    [Fact]
    public void Without_words_there_is_no_suggestion() => Assert.Null(Spelling.Nearest("port", []));
}
