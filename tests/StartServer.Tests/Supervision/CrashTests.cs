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
        Assert.Equal(new Spawn(4), step.Actions[^1]);
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
        Assert.Equal(new Spawn(4), Assert.Single(Next(step.State, new RetryDue(4), at: 5000.1).Actions));
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
        Assert.Equal(new Spawn(4), step.Actions[^1]);
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
    public void When_the_current_dies_during_a_pause_the_pause_is_over()
    {
        var step = Next(Pausing, new Died(103, Code(1)));
        Assert.Equal(new Spawn(5), step.Actions[^1]);
        Assert.Equal(Pausing.Goal, To<StartDue>(step).Goal);
    }
}
