using System.Text;
using StartServer.Output;

namespace StarletNet.StartServer.Tests.Output;

public sealed class LineTailTests
{
    private static IReadOnlyList<string> Lines(params string[] pieces)
    {
        var tail = new LineTail(3);
        foreach (var piece in pieces) tail.Add(Encoding.UTF8.GetBytes(piece));
        return tail.Lines;
    }

    [Fact]
    public void The_last_lines_are_kept_however_they_arrive() => Assert.Equal(["b", "", "dé"], Lines("a\nb", "\n\nd", "é\r\n"));

    [Fact]
    public void What_has_no_end_yet_is_a_line_too() => Assert.Equal(["b", "c", "d"], Lines("a\nb\nc\nd"));

    [Fact]
    public void A_long_line_is_cut() => Assert.Equal([new string('x', LineTail.LongestLine), "y"], Lines(new string('x', 5000), "x\ny"));
}
