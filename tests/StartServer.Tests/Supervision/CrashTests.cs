using StarletNet.Shared.Processes;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision;

public sealed class CrashTests : TransitionTestBase
{
    [Fact]
    public void A_current_that_dies_is_restarted_at_once()
    {
        var step = Next(Serving, new Died(103, Code(7)), at: 5000);
        Assert.Equal(["worker 103 died unexpectedly with status:1792, restarting"], Lines(step));
        Assert.Equal(new Spawn(4, AsServed: true), step.Actions[^1]);
        Assert.Null(To<StartDue>(step).Fleet.Current);
        // Old ones are left alone and the status file waits for the next acceptance, as with Server::Starter.
        Assert.DoesNotContain(step.Actions, action => action is Send or WriteStatus);
    }

    [Theory]
    [InlineData(15)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(0)]
    [InlineData(130 << 8)]
    public void One_that_ended_as_if_asked_waits_a_moment_for_the_stop_that_explains_it(int status)
    {
        var step = Next(Serving, new Died(103, new ChildExit(status)), at: 5000);
        Assert.Equal(new SetTimer(new RetryDue(4), Seconds(0.1)), Only<SetTimer>(step));
        Assert.DoesNotContain(step.Actions, action => action is Spawn);
        // The stop comes: nothing is started only to be stopped.
        var stopped = Next(step.State, new StopRequested(Signal.Term), at: 5000.05);
        Assert.DoesNotContain(stopped.Actions, action => action is Spawn);
        // It does not come: an ordinary restart.
        Assert.Equal(new Spawn(4, AsServed: true), Assert.Single(Next(step.State, new RetryDue(4), at: 5000.1).Actions));
    }

    [Fact]
    public void What_fills_a_gap_retires_nobody()
    {
        var step = Next(Watching with { Goal = Gap, Fleet = Tried with { Current = null } }, new LookOver(4));
        Assert.Equal([First, Second, Candidate], Only<WriteStatus>(step).Generations);
        Assert.DoesNotContain(step.Actions, action => action is Send or Log);
    }

    [Fact]
    public void Crashing_again_soon_after_acceptance_is_spaced()
    {
        var delays = new List<double>();
        SupervisorState state = Serving;
        for (var at = 1000; delays.Count < 6; at++)
        {
            var fleet = ((Running)state).Fleet;
            var crashed = Next(new Serving(fleet with { Current = Current, Since = Seconds(at - 0.1) }), new Died(103, Code(1)), at);
            state = crashed.State;
            delays.Add(crashed.Actions.OfType<SetTimer>().SingleOrDefault()?.Delay.TotalSeconds ?? 0);
        }
        Assert.Equal([0, 2, 4, 8, 16, 30], delays);
    }

    [Fact]
    public void A_generation_that_served_long_wipes_the_record()
    {
        var step = Next(new Serving(Fleet with { Crashes = 9 }), new Died(103, Code(1)), at: 30);
        Assert.Equal(new Spawn(4, AsServed: true), step.Actions[^1]);
        Assert.Equal(1, To<StartDue>(step).Fleet.Crashes);
    }

    [Fact]
    public void A_deploy_wipes_the_record_but_filling_a_gap_does_not()
    {
        var crashing = Tried with { Crashes = 3 };
        Assert.Equal(0, To<Serving>(Next(Watching with { Fleet = crashing }, new LookOver(4))).Fleet.Crashes);
        Assert.Equal(3, To<Serving>(Next(Watching with { Fleet = crashing, Goal = Gap }, new LookOver(4))).Fleet.Crashes);
    }

    [Fact]
    public void When_the_current_dies_during_a_start_the_candidate_is_its_replacement()
    {
        foreach (SupervisorState state in new SupervisorState[] { Watching, Awaiting, Rejecting })
        {
            var step = Next(state, new Died(103, Code(1)));
            Assert.DoesNotContain(step.Actions, action => action is not (Log or Tell));
            Assert.Equal(state.GetType(), step.State.GetType());
            Assert.Null(((Running)step.State).Fleet.Current);
        }
    }

    [Fact]
    public void When_the_current_dies_during_a_pause_what_served_is_started_first_and_then_the_deploy_goes_on()
    {
        var step = Next(Pausing, new Died(103, Code(1)));
        Assert.Equal(new Spawn(5, AsServed: true), step.Actions[^1]);
        Assert.Equal(new Goal(Replaces: false, Failures: 0, Pending: Pausing.Goal), To<StartDue>(step).Goal);
        var filled = Next(Next(step.State, new Spawned(new Generation(5, 105))).State, new Ready(5));
        Assert.Equal((5, Pausing.Goal), (To<StartDue>(filled).Fleet.Current!.Number, To<StartDue>(filled).Goal));
        Assert.Equal(new SetTimer(new RetryDue(6), Policy.Pace(3)), filled.Actions[^1]);
        // A deploy: what the links name.
        Assert.Equal(new Spawn(6), Next(filled.State, new RetryDue(6)).Actions[^1]);
    }

    [Fact]
    public void When_the_current_has_died_and_the_candidate_fails_what_served_is_started_before_the_next_attempt()
    {
        foreach (var happened in new SupervisorEvent[] { new Died(104, Code(1)), new ReadyOverdue(4) })
        {
            var step = Next(Awaiting with { Fleet = Tried with { Current = null, Restarts = 1 }, Goal = Replacement with { Failures = 1 } }, happened);
            if (step.State is Rejecting) step = Next(step.State, new Died(104, Code(0)));
            Assert.Equal(new Spawn(5, AsServed: true), step.Actions[^1]);
            Assert.Equal(new Goal(Replaces: false, Failures: 0, Pending: Replacement with { Failures = 2 }), To<StartDue>(step).Goal);
        }
    }

    /// <summary>What served may not start any more either: with a limit, the deploy has its turn again.</summary>
    [Fact]
    public void A_gap_whose_attempts_are_used_up_leaves_the_rest_to_the_deploy_that_waits()
    {
        var gap = Gap with { Failures = 1, Pending = Replacement with { Failures = 1, Attempts = 3, Request = 9 } };
        var step = Next(Watching with { Fleet = Tried with { Current = null, Restarts = 1 }, Goal = gap }, new Died(104, Code(1)), policy: Policy with { MaxStartAttempts = 2 });
        Assert.Equal(new Spawn(5), step.Actions[^1]);
        Assert.Equal(gap.Pending, To<StartDue>(step).Goal);
    }

    [Fact]
    public void A_first_start_has_nothing_to_start_but_what_the_command_line_names() =>
        Assert.Equal(new Spawn(1), Next(Transitions.Begin, new RetryDue(1)).Actions[^1]);
}
