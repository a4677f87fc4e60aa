using System.Text.Json;
using StarletNet.Shared.Processes;
using StartServer.Control;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Control;

public sealed class ProgressTests
{
    private const string Erase = "\r\u001b[K";

    private static readonly Generation Old = new(4, 104), New = new(5, 105);

    private static string Shown(bool live, params News[] news)
    {
        var text = "";
        using (var progress = new Progress(written => text += written, live))
        {
            foreach (var one in news) progress.Show(JsonDocument.Parse(NewsJson.Line(one, ["bad \u001b[31mconfiguration"])).RootElement);
        }
        return text;
    }

    [Theory]
    [InlineData("generation 5 (pid 105) started\n", "started")]
    [InlineData("generation 5 (pid 105) started, attempt 2\n", "again")]
    [InlineData("generation 5 (pid 105) failed: exited with status 1\n  bad ?[31mconfiguration\n", "failed")]
    [InlineData("no generation could be started: fork: no memory\n  bad ?[31mconfiguration\n", "none")]
    [InlineData("generation 5 (pid 105) ready after 0.41 s\n", "accepted")]
    [InlineData("sent TERM to generation 4 (pid 104), generation 5 (pid 105)\n", "signalled")]
    [InlineData("generation 4 (pid 104) drained\n", "drained")]
    [InlineData("generation 4 (pid 104) ended: signal KILL\n", "killed")]
    [InlineData("generation 5 failed, generation 4 serves again: it died\n  bad ?[31mconfiguration\n", "rolled back")]
    [InlineData("generation 4 (pid 104) keeps 1 long-lived connection\n", "lingers")]
    [InlineData("generation 5 serves /srv/shop/6/shop.dll; 3 long-lived connections may stay with older generations (--drain-websockets)\n", "done but for some")]
    [InlineData("generation 5 (pid 105) is given up before it is ready: a HUP\n", "discarded")]
    [InlineData("generation 5 serves /srv/shop/6/shop.dll\n", "done")]
    [InlineData("not deployed: no\n", "not done")]
    public void Each_event_is_a_line(string expected, string which) => Assert.Equal(expected, Shown(live: false, which switch
    {
        "started" => new CandidateStarted(New, 1),
        "again" => new CandidateStarted(New, 2),
        "failed" => new CandidateFailed(New, "exited with status 1"),
        "none" => new CandidateFailed(null, "fork: no memory"),
        "accepted" => new CandidateAccepted(New, TimeSpan.FromMilliseconds(412)),
        "signalled" => new OldSignalled([Old, New], ChosenSignal.Term),
        "drained" => new GenerationEnded(Old, new ChildExit(0)),
        "killed" => new GenerationEnded(Old, new ChildExit(9)),
        "rolled back" => new RolledBack(New, Old, "it died"),
        "lingers" => new GenerationLingers(Old, 1),
        "done but for some" => new DeployEnded(1, DeployOutcome.Done, "generation 5 serves /srv/shop/6/shop.dll", Lingering: 3),
        "discarded" => new CandidateDiscarded(New, "a HUP"),
        "done" => new DeployEnded(1, DeployOutcome.Done, "generation 5 serves /srv/shop/6/shop.dll"),
        _ => new DeployEnded(1, DeployOutcome.Busy, "no"),
    }));

    [Fact]
    public void On_a_terminal_the_last_line_says_what_is_waited_for_and_goes_when_it_is_over() => Assert.Equal(
        $"generation 5 (pid 105) started\n{Erase}waiting for generation 5 (pid 105) to be ready (0 s)"
        + $"{Erase}generation 5 (pid 105) ready after 0.41 s\n{Erase}waiting for the old generations to end (0 s){Erase}",
        Shown(live: true, new CandidateStarted(New, 1), new CandidateAccepted(New, TimeSpan.FromMilliseconds(412))));

    [Theory]
    [InlineData(0.9, "0s")]
    [InlineData(59.99, "59s")]
    [InlineData(200, "3m20s")]
    [InlineData(7500, "2h5m")]
    [InlineData(356400, "4d3h")]
    public void Ages_have_two_units(double seconds, string expected) => Assert.Equal(expected, Table.Age(seconds));
}
