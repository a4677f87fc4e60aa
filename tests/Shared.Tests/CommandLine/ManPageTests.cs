using StarletNet.Shared.CommandLine;

namespace StarletNet.Shared.Tests.CommandLine;

public sealed class ManPageTests
{
    [Fact]
    public void Headings_options_words_and_paragraphs_become_macros()
    {
        const string help = "usage: tool [options]\n       tool stop\n\nDoes it.\nIndeed.\n\nSection one:\n  -x, --long-name N\n      .Starts with a point.\n      'and this' C:\\x\n\n"
            + "Examples:\n  $ tool -x 1\n      Does it once.\n\nSignals:\n  HUP   reload\n        and more\nof others also:\n  USR1  nothing\n\nThe end.\n";
        Assert.Equal(
            """
            .TH TOOL 1 "" "tool 1.0" "User Commands"
            .SH NAME
            tool \- does it
            .SH SYNOPSIS
            tool [options]
            .br
            tool stop
            .SH DESCRIPTION
            .PP
            Does it.
            Indeed.
            .SH SECTION ONE
            .TP
            .B \-x, \-\-long\-name N
            \&.Starts with a point.
            \&'and this' C:\ex
            .SH EXAMPLES
            .TP
            .B tool \-x 1
            Does it once.
            .SH SIGNALS
            .TP
            .B HUP
            reload
            and more
            .PP
            of others also:
            .TP
            .B USR1
            nothing
            .PP
            The end.

            """, ManPage.Of("tool", "does it", "tool 1.0", help));
    }
}
