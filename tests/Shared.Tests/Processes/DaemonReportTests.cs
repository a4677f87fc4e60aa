using System.Text;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;

namespace StarletNet.Shared.Tests.Processes;

public sealed class DaemonReportTests
{
    private static (int? Code, string[] Shown) Hear(string said)
    {
        var (read, write) = FileDescriptor.Pipe();
        using (read)
        {
            using (write) Assert.Null(FileDescriptor.WriteAll(write.Number, Encoding.UTF8.GetBytes(said)));
            var shown = new List<string>();
            return (DaemonReport.Listen(read, shown.Add), [.. shown]);
        }
    }

    [Fact]
    public void The_caller_hears_lines_and_the_code()
    {
        var (code, shown) = Hear(DaemonReport.Say("grüß\tGott") + DaemonReport.Say("two\nlines") + DaemonReport.Exit(10) + DaemonReport.Say("late"));
        Assert.Equal(10, code);
        Assert.Equal(["grüß\tGott", "two", "lines"], shown);
    }

    /// <summary>A progress bar, say, in the last words of a program that did not start.</summary>
    [Theory]
    [InlineData("50%\rexit 0", "50%?exit 0")]
    [InlineData("\u001b[2Jgone", "?[2Jgone")]
    public void What_a_program_wrote_ends_no_line_and_commands_no_terminal(string text, string shown)
    {
        Assert.Equal((5, shown), (Hear(DaemonReport.Say(text) + DaemonReport.Exit(5)).Code, Hear(DaemonReport.Say(text)).Shown[0]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("exit 1")]
    [InlineData("exit now\n")]
    public void Without_a_code_there_is_none(string said) => Assert.Null(Hear(said).Code);
}
