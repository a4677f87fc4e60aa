using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>A deploy that goes wrong never hurts: the old generation serves on, and the next deploy works.</summary>
public sealed class BadCandidateTests
{
    [Fact]
    public Task A_candidate_that_crashes_at_start_is_survived() =>
        SurvivesAsync(r => r.StarletNet("crash", environment: "APP_CRASH_AT_START=1"), "boom at start");

    [Fact]
    public Task A_candidate_that_fails_after_binding_is_survived() =>
        SurvivesAsync(r => r.StarletNet("late", environment: "APP_CRASH_AFTER_BIND=1"), "boom after bind");

    [Fact]
    public Task A_candidate_that_hangs_before_it_is_ready_is_survived() =>
        SurvivesAsync(r => r.StarletNet("hang", environment: "APP_HANG_AT_START=1"), "--ready-timeout of start_server, which ends in a moment", "--ready-timeout=10");

    [Fact]
    public Task A_candidate_whose_program_is_missing_is_survived() =>
        SurvivesAsync(r => r.Missing(), "failed to exec .*: No such file or directory");

    [Fact]
    public Task A_candidate_whose_application_is_missing_is_survived() =>
        SurvivesAsync(r => r.Write("no-app", $"exec '{Artifacts.StarletNet}' /no/such/app.dll"), "^starletnet: .*/no/such/app.dll");

    private static async Task SurvivesAsync(Func<Releases, string> bad, string evidence, params string[] options)
    {
        using var scratch = new ScratchDirectory();
        var releases = new Releases(scratch);
        using var service = new Service(scratch, Transport.Unix, releases.StarletNet("v1"), null, options);
        await service.FirstGenerationAsync();
        await using var load = LoadMix.Start(service.Target, seed: 5);
        var mark = service.Program.Mark;

        service.Request(bad(releases));
        await service.Program.LineAsync(evidence, mark);
        await service.Program.LineAsync("new worker [0-9]+ seems to have failed to start, exit status:|^giving up after 1 failed attempt", mark);
        await load.EveryKindAnsweredAgainAsync();
        Assert.Equal(["v1"], load.Tally.Versions);
        Assert.Equal([1], service.Generations);

        await service.DeployAsync(releases.StarletNet("v2"));
        await load.EveryKindAnsweredAgainAsync();
        var tally = await load.StopAsync();
        Verdict.NothingLost(tally, service.Program);
        Assert.Equal(["v1", "v2"], tally.Versions);
        await service.StopAsync();
    }
}
