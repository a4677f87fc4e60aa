using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision;

/// <summary>Deploys that somebody waits for, attempts that are counted, and the news.</summary>
public sealed class BoundedDeployTests : TransitionTestBase
{
    private static readonly SupervisionPolicy ThreeAttempts = Policy with { MaxStartAttempts = 3 };
    private static readonly Goal Asked = new(Replaces: true, Failures: 0, Attempts: 1, Request: 9);

    [Fact]
    public void A_request_makes_an_attempt_of_its_own()
    {
        var step = Next(Serving, new DeployRequested(9, 2));
        Assert.Equal(["restart requested, spawning a new worker"], Lines(step));
        Assert.Equal(new Spawn(4), step.Actions[^1]);
        Assert.Equal(new Goal(Replaces: true, Failures: 0, Attempts: 2, Request: 9), To<StartDue>(step).Goal);
    }

    [Fact]
    public void A_request_during_a_stop_is_refused()
    {
        foreach (SupervisorState state in new SupervisorState[] { Stopping, new Stopped() })
            Assert.Equal([new DeployEnded(9, DeployOutcome.Stopping, "start_server is stopping")], NewsOf(Next(state, new DeployRequested(9, 1))));
    }

    [Fact]
    public void When_its_attempts_are_used_up_the_old_one_serves_on_and_nothing_more_is_tried()
    {
        var step = Next(Watching with { Goal = Asked }, new Died(104, Code(1)));
        Assert.Equal("giving up after 1 failed attempt, worker 103 serves on; the next HUP tries again", Lines(step)[^1]);
        Assert.Equal(Current, To<Serving>(step).Fleet.Current);
        Assert.Equal("generation 4 exited with status 1", To<Serving>(step).Fleet.LastFailure);
        Assert.DoesNotContain(step.Actions, action => action is SetTimer or Spawn or Send);
        Assert.Equal(
            [new CandidateFailed(Candidate, "exited with status 1"), new DeployEnded(9, DeployOutcome.CandidateFailed, "generation 4 exited with status 1")], NewsOf(step));
        Assert.Equal(new Spawn(5), Next(step.State, new RestartRequested()).Actions[^1]);
    }

    [Fact]
    public void A_series_of_hup_ends_with_max_start_attempts()
    {
        var second = Next(Watching with { Goal = Replacement with { Failures = 1 } }, new Died(104, Code(1)), policy: ThreeAttempts);
        Assert.Equal(2, To<StartDue>(second).Goal.Failures);
        var third = Next(Watching with { Goal = Replacement with { Failures = 2 } }, new Died(104, Code(1)), policy: ThreeAttempts);
        To<Serving>(third);
        Assert.Contains(new DeployEnded(0, DeployOutcome.CandidateFailed, "generation 4 exited with status 1"), NewsOf(third));
    }

    [Fact]
    public void When_no_process_can_be_made_that_counts_too()
    {
        var step = Next(new StartDue(Tried, Asked), new SpawnFailed("posix_spawn: no memory"));
        To<Serving>(step);
        Assert.Equal(new CandidateFailed(null, "posix_spawn: no memory"), NewsOf(step)[0]);
    }

    [Fact]
    public void A_first_start_whose_attempts_are_used_up_ends_us()
    {
        var first = new Watching(Fleet.None with { LastNumber = 3 }, Gap with { Failures = 2 }, new Generation(3, 103), Seconds(100));
        var step = Next(first, new Died(103, Code(1)), policy: ThreeAttempts);
        Assert.True(To<Stopped>(step).GaveUp);
        Assert.Equal(["giving up after 3 failed attempts: no worker could be started", "exiting"], Lines(step)[1..]);
        Assert.Contains(step.Actions, action => action is CloseListeners);
    }

    [Fact]
    public void Old_ones_that_still_drain_are_told_to_stop_before_we_end()
    {
        var step = Next(Watching with { Fleet = Tried with { Current = null }, Goal = Gap with { Failures = 2 } }, new Died(104, Code(1)), policy: ThreeAttempts);
        Assert.Equal([First, Second], Only<Send>(step).Generations);
        Assert.True(To<Stopping>(step).GaveUp);
        var last = Next(Next(step.State, new Died(101, Code(0))).State, new Died(102, Code(0)));
        Assert.True(To<Stopped>(last).GaveUp);
    }

    [Fact]
    public void When_the_current_one_has_died_during_the_deploy_its_gap_is_filled()
    {
        var step = Next(Watching with { Fleet = Tried with { Current = null, Restarts = 1 }, Goal = Asked }, new Died(104, Code(1)), policy: ThreeAttempts);
        Assert.Equal(new Goal(Replaces: false, Failures: 0), To<StartDue>(step).Goal);
        // What served is known to work: at once.
        Assert.Equal(new SetTimer(new RetryDue(5), TimeSpan.Zero), Only<SetTimer>(step));
        Assert.Equal(new Spawn(5, AsServed: true), Next(step.State, new RetryDue(5)).Actions[^1]);
        Assert.Equal(DeployOutcome.CandidateFailed, NewsOf(step).OfType<DeployEnded>().Single().Outcome);
    }

    [Fact]
    public void A_hup_takes_the_place_of_a_request_that_is_failing()
    {
        foreach (var step in new[]
        {
            Next(new StartDue(Tried, Asked with { Attempts = 5 }), new RestartRequested()),
            Next(Watching with { Goal = Asked with { Attempts = 5 } }, new RestartRequested()),
        })
        {
            Assert.Equal(new DeployEnded(9, DeployOutcome.CandidateFailed, "a HUP has begun another deploy"), NewsOf(step)[^1]);
            Assert.Equal(Replacement, To<StartDue>(step).Goal);
            Assert.Equal(new Spawn(5), step.Actions[^1]);
        }
    }

    [Fact]
    public void Its_news_are_told_in_order_and_it_is_done_when_all_older_ones_have_ended()
    {
        var asked = Next(Serving, new DeployRequested(9, 1)).State;
        var started = Next(asked, new Spawned(Candidate), at: 100);
        Assert.Equal([new CandidateStarted(Candidate, 1)], NewsOf(started));
        var accepted = Next(started.State, new Ready(4), at: 100.5);
        Assert.Equal(new CandidateAccepted(Candidate, Seconds(0.5)), NewsOf(accepted)[0]);
        Assert.Equal([First, Second, Current], Assert.IsType<OldSignalled>(NewsOf(accepted)[1]).Old);
        var step = Next(Next(accepted.State, new Died(101, Code(0))).State, new Died(103, Code(0)));
        Assert.Equal([new GenerationEnded(Current, Code(0))], NewsOf(step));
        step = Next(step.State, new Died(102, new ChildExit(9)));
        Assert.Equal([new GenerationEnded(Second, new ChildExit(9)), new DeployEnded(9, DeployOutcome.Done, "generation 4 serves") { Serves = Candidate }], NewsOf(step));
        Assert.Empty(To<Serving>(step).Fleet.Unfinished);
    }

    [Fact]
    public void Without_older_ones_it_is_done_at_once()
    {
        var alone = Tried with { Current = null, Old = [], Told = [] };
        Assert.Equal(new DeployEnded(9, DeployOutcome.Done, "generation 4 serves") { Serves = Candidate }, NewsOf(Next(Watching with { Fleet = alone, Goal = Asked }, new Ready(4)))[^1]);
    }

    [Fact]
    public void A_stop_ends_a_deploy_in_every_phase()
    {
        var unfinished = new Serving(Fleet with { Unfinished = [new UnfinishedDeploy(9, Current)] });
        foreach (SupervisorState state in new SupervisorState[] { new StartDue(Tried, Asked), Watching with { Goal = Asked }, Probing with { Goal = Asked }, unfinished })
            Assert.Equal([new DeployEnded(9, DeployOutcome.Stopping, "start_server is stopping")], NewsOf(Next(state, new StopRequested(Signal.Term))));
    }

    [Fact]
    public void Why_a_candidate_failed_is_said_for_people()
    {
        string Reason(ChildExit exit) => Assert.IsType<CandidateFailed>(NewsOf(Next(Watching, new Died(104, exit)))[0]).Reason;
        Assert.Equal("exited with status 7", Reason(Code(7)));
        Assert.Equal("was killed by signal KILL", Reason(new ChildExit(9)));
        Assert.Equal("could not be executed: No such file or directory", Reason(Code(255) with { LaunchFailure = new LaunchFailure(LaunchStep.Execute, Errno.ENOENT) }));
        Assert.Equal("could not change to its directory: Permission denied", Reason(Code(255) with { LaunchFailure = new LaunchFailure(LaunchStep.ChangeDirectory, Errno.EACCES) }));
        Assert.Equal("was not ready within 60 s", Assert.IsType<CandidateFailed>(NewsOf(Next(Rejecting, new Died(104, new ChildExit(15))))[0]).Reason);
    }

    [Fact]
    public void The_roster_says_what_each_is()
    {
        var roster = Roster.Of(Watching with { Fleet = OnProbation.Fleet with { Restarts = 2, LastFailure = "why", Old = [First, Second, Current], Told = [1] }, Candidate = new Generation(5, 105) }, _ => Seconds(1));
        Assert.Equal([Role.Draining, Role.Old, Role.Previous, Role.Current, Role.Candidate], roster.Generations.Select(line => line.Role));
        Assert.Equal((2, "why"), (roster.Restarts, roster.LastFailure));
        Assert.Equal([Role.Stopping, Role.Stopping], Roster.Of(Stopping, _ => Seconds(1)).Generations.Select(line => line.Role));
    }
}
