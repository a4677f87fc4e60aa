using StarletNet.Shared.Processes;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision;

public sealed class ReplacingTests : TransitionTestBase
{
    [Fact]
    public void Hup_starts_a_replacement_beside_the_current()
    {
        var step = Next(Serving, new RestartRequested());
        Assert.Equal(["received HUP, spawning a new worker"], Lines(step));
        Assert.Equal(new Spawn(4), step.Actions[^1]);
        Assert.Equal((Current, true), (To<StartDue>(step).Fleet.Current, To<StartDue>(step).Goal.Replaces));
    }

    [Fact]
    public void An_accepted_replacement_is_in_the_status_file_before_the_old_ones_hear_of_it()
    {
        var step = Next(Watching, new Ready(4));
        Assert.Equal(
            ["WriteStatus", "Tell", "Log", "Log", "Send", "Tell"],
            step.Actions.Select(action => action.GetType().Name));
        Assert.Equal([First, Second, Current, Candidate], Only<WriteStatus>(step).Generations);
        Assert.Equal(["new worker is now running, sending TERM to old workers:101,102,103", "killing old workers"], Lines(step));
        Assert.Equal([First, Second, Current], Only<Send>(step).Generations);
    }

    [Fact]
    public void Signal_on_hup_is_what_the_old_ones_get()
    {
        var step = Next(Watching, new Ready(4), policy: Policy with { OnHup = ChosenSignal.Parse("sigusr1")! });
        Assert.Equal("new worker is now running, sending USR1 to old workers:101,102,103", Lines(step)[0]);
        Assert.Equal(Signal.Usr1, Only<Send>(step).Signal.Signal);
    }

    [Fact]
    public void Without_old_ones_the_line_says_none()
    {
        var step = Next(Watching with { Fleet = Fleet.None with { LastNumber = 4 } }, new LookOver(4));
        Assert.Equal("new worker is now running, sending TERM to old workers:none", Lines(step)[0]);
    }

    [Fact]
    public void Kill_old_delay_comes_between_acceptance_and_signal()
    {
        var step = Next(Watching, new Ready(4), policy: Policy with { KillOldDelay = Seconds(3) });
        Assert.Equal("sleeping 3 secs before killing old workers", Lines(step)[1]);
        Assert.Equal(new SetTimer(new OldDue(4), Seconds(3)), Only<SetTimer>(step));
        Assert.DoesNotContain(step.Actions, action => action is Send);
    }

    [Fact]
    public void With_a_drain_timeout_each_old_one_has_its_time_from_its_first_signal()
    {
        var step = Next(Watching, new Ready(4), policy: Policy with { DrainTimeout = Seconds(7) });
        // 1 and 2 were told before.
        Assert.Equal(new SetTimer(new DrainOverdue(3), Seconds(7)), Only<SetTimer>(step));
        Assert.Equal([1, 2, 3], To<Serving>(step).Fleet.Told);
        foreach (SupervisorState state in new SupervisorState[] { Serving, Pausing, Watching, Awaiting, Probing, Rejecting })
        {
            var overdue = Next(state, new DrainOverdue(2), policy: Policy with { DrainTimeout = Seconds(7) });
            Assert.Equal(["worker 102 has not stopped within 7 secs, sending KILL to it"], Lines(overdue));
            Assert.Equal((ChosenSignal.Kill, Second), (Only<Send>(overdue).Signal, Only<Send>(overdue).Generations.Single()));
            Assert.Same(state, overdue.State);
        }
        NothingHappens(Serving, new DrainOverdue(3));
    }

    [Theory]
    [InlineData(0, new int[0])]
    [InlineData(1, new[] { 101, 102 })]
    [InlineData(2, new[] { 101 })]
    [InlineData(3, new int[0])]
    public void The_oldest_make_room_when_a_deploy_would_leave_too_many(int limit, int[] killed)
    {
        var policy = Policy with { MaxOldGenerations = limit };
        foreach (SupervisorState state in new SupervisorState[] { Serving, Pausing })
        {
            var step = Next(state, new RestartRequested(), policy: policy);
            Assert.Equal(killed, step.Actions.OfType<Send>().SelectMany(send => send.Generations).Select(generation => generation.Pid));
            Assert.All(step.Actions.OfType<Send>(), send => Assert.Equal(ChosenSignal.Kill, send.Signal));
            Assert.IsType<Spawn>(step.Actions[^1]);
        }
    }

    [Fact]
    public void A_retry_a_gap_and_the_one_that_stands_by_cost_nobody_his_place()
    {
        var policy = Policy with { MaxOldGenerations = 1 };
        Assert.DoesNotContain(Next(Pausing, new RetryDue(5), policy: policy).Actions, action => action is Send);
        Assert.DoesNotContain(Next(Serving, new Died(103, Code(1)), policy: policy).Actions, action => action is Send);
        Assert.Equal([First, Second], Only<Send>(Next(OnProbation, new RestartRequested(), policy: policy)).Generations);
    }

    [Theory]
    [InlineData("serving")]
    [InlineData("pausing")]
    [InlineData("watching")]
    [InlineData("awaiting")]
    [InlineData("rejecting")]
    public void When_the_delay_is_over_those_before_that_generation_get_the_signal_whatever_is_under_way(string phase)
    {
        SupervisorState state = phase switch
        {
            "serving" => Serving,
            "pausing" => Pausing,
            "watching" => Watching,
            "awaiting" => Awaiting,
            _ => Rejecting,
        };
        var step = Next(state, new OldDue(2));
        Assert.Equal(["killing old workers"], Lines(step));
        // Generation 2 was accepted later and keeps its own delay.
        Assert.Equal([First], Only<Send>(step).Generations);
        Assert.Equal(state, step.State);
    }

    [Fact]
    public void When_the_new_generation_dies_during_the_delay_the_old_ones_serve_on_until_there_is_another()
    {
        var delayed = Policy with { KillOldDelay = Seconds(6) };
        var accepted = To<Serving>(Next(Watching, new LookOver(4), policy: delayed));
        var crashed = Next(accepted, new Died(104, Code(3)), at: 103, policy: delayed);
        var waiting = To<StartDue>(crashed);

        // The delay runs out while nobody else serves.
        Assert.Empty(Next(waiting, new OldDue(4), at: 107, policy: delayed).Actions);

        var filled = Next(new Watching(waiting.Fleet, Gap, new Generation(5, 105), Seconds(108)), new LookOver(5), at: 110, policy: delayed);
        Assert.Equal(new SetTimer(new OldDue(5), Seconds(6)), Only<SetTimer>(filled));
        var due = Next(filled.State, new OldDue(5), at: 116, policy: delayed);
        Assert.Equal([First, Second, Current], Only<Send>(due).Generations);
        Assert.Empty(To<Serving>(due).Fleet.Untold);
    }

    [Fact]
    public void Hup_during_a_pause_makes_the_next_attempt_at_once_and_begins_the_series_afresh()
    {
        var step = Next(Pausing, new RestartRequested());
        Assert.Equal(new Spawn(5), step.Actions[^1]);
        Assert.Equal(Replacement, To<StartDue>(step).Goal);
    }

    [Fact]
    public void An_old_one_that_ends_leaves_the_status_file_in_every_state()
    {
        foreach (SupervisorState state in new SupervisorState[] { Serving, Pausing, Watching, Awaiting, Rejecting })
        {
            var step = Next(state, new Died(101, Code(0)));
            Assert.Equal(["old worker 101 died, status:0"], Lines(step));
            Assert.Equal([Second, Current], Only<WriteStatus>(step).Generations);
            Assert.Equal(state.GetType(), step.State.GetType());
            Assert.Equal([Second], ((Running)step.State).Fleet.Old);
        }
    }

    [Fact]
    public void A_strangers_end_changes_nothing()
    {
        foreach (SupervisorState state in new SupervisorState[] { Transitions.Begin, Serving, Pausing, Watching, Awaiting, Rejecting, Stopping, new Stopped() })
            NothingHappens(state, new Died(999, Code(0)));
    }

    [Fact]
    public void While_serving_words_and_spent_timers_change_nothing()
    {
        foreach (SupervisorEvent happened in new SupervisorEvent[] { new Executed(3), new Spoke(3), new Ready(3), new LookOver(3), new ReadyOverdue(3), new GraceOver(3), new RetryDue(4) })
            NothingHappens(Serving, happened);
    }

    [Fact]
    public void In_a_pause_words_and_spent_timers_change_nothing()
    {
        foreach (SupervisorEvent happened in new SupervisorEvent[] { new Executed(3), new Spoke(3), new Ready(4), new LookOver(4), new ReadyOverdue(4), new GraceOver(4), new RetryDue(3) })
            NothingHappens(Pausing, happened);
    }
}
