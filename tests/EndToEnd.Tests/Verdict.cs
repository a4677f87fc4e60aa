using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

internal static class Verdict
{
    /// <summary>Every kind of client took part, and none lost a request.</summary>
    internal static void NothingLost(Tally tally, ProgramUnderTest program)
    {
        Assert.True(tally.Lost == 0, $"{tally}\n{program.Describe()}");
        Assert.All(tally.Clients, client => Assert.True(tally.AnsweredBy(client) > 0, $"{client} got no answer\n{tally}"));
    }

    /// <summary>No warning or failure of the framework, no crash, nothing that was cut off at the end of a drain.</summary>
    internal static void NoComplaint(ProgramUnderTest program)
    {
        var complaint = program.Lines.FirstOrDefault(line => Regex.IsMatch(line.Text, "^(warn|fail|crit): |Unhandled exception|unfinished|abort|unexpectedly|KILL"));
        // What it is about stands in the lines that follow.
        Assert.True(complaint is null, $"{complaint}\n{program.Describe()}");
    }

    /// <summary>The deploys reached clients that hold connections: they were told to go, not cut.</summary>
    internal static void ToldToClose(Tally tally, params string[] clients) =>
        Assert.All(clients, client => Assert.True(tally.ToldToCloseBy(client) > 0, $"{client} was never told to close\n{tally}"));
}
