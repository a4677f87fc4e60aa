using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision;

public sealed class StartingTests : TransitionTestBase
{
    [Fact]
    public void The_first_attempt_is_generation_1()
    {
        var step = Next(Transitions.Begin, new RetryDue(1));
        Assert.Equal(new Spawn(1), Assert.Single(step.Actions));
        Assert.Equal(1, To<StartDue>(step).Fleet.LastNumber);
    }

    [Fact]
    public void An_attempt_is_not_made_twice()
    {
        var begun = Next(Transitions.Begin, new RetryDue(1)).State;
        NothingHappens(begun, new RetryDue(1));
    }

    [Fact]
    public void A_spawned_candidate_is_watched_for_the_interval_from_the_moment_it_is_the_program()
    {
        var step = Next(Pausing, new Spawned(Candidate), at: 7);
        Assert.Equal(["starting new worker 104"], Lines(step));
        Assert.DoesNotContain(step.Actions, action => action is SetTimer);
        Assert.Equal((Candidate, Seconds(7)), (To<Watching>(step).Candidate, To<Watching>(step).StartedAt));
        step = Next(step.State, new Executed(4), at: 9);
        Assert.Equal(new SetTimer(new LookOver(4), Seconds(2)), Assert.Single(step.Actions));
    }

    [Fact]
    public void Interval_0_still_listens_for_100_ms()
    {
        var step = Next(Watching, new Executed(4), policy: new SupervisionPolicy { Interval = TimeSpan.Zero });
        Assert.Equal(TimeSpan.FromMilliseconds(100), Only<SetTimer>(step).Delay);
    }

    [Fact]
    public void A_silent_candidate_that_lives_through_the_interval_is_accepted()
    {
        var step = Next(Watching, new LookOver(4));
        Assert.Equal(Candidate, To<Serving>(step).Fleet.Current);
        Assert.Equal([First, Second, Current], To<Serving>(step).Fleet.Old);
    }

    [Fact]
    public void Ready_within_the_interval_is_accepted_at_once() => To<Serving>(Next(Watching, new Ready(4)));

    [Fact]
    public void A_word_within_the_interval_obliges_to_be_ready_in_time_counted_from_the_start()
    {
        var step = Next(Watching, new Spoke(4), at: 101);
        To<Awaiting>(step);
        Assert.Equal(new SetTimer(new ReadyOverdue(4), Seconds(59)), Only<SetTimer>(step));
    }

    [Fact]
    public void Ready_notify_takes_ready_and_nothing_else()
    {
        var policy = Policy with { Readiness = Readiness.Notify };
        var step = Next(Pausing, new Spawned(Candidate), at: 7, policy: policy);
        To<Awaiting>(step);
        Assert.Equal(new SetTimer(new ReadyOverdue(4), Seconds(60)), Only<SetTimer>(step));
        Assert.Empty(Next(step.State, new Executed(4), policy: policy).Actions);
    }

    [Fact]
    public void Ready_alive_hears_nothing()
    {
        var policy = Policy with { Readiness = Readiness.Alive };
        foreach (var word in new SupervisorEvent[] { new Ready(4), new Spoke(4) })
        {
            var step = Next(Watching, word, policy: policy);
            Assert.Same(Watching, step.State);
            Assert.Empty(step.Actions);
        }
        To<Serving>(Next(Watching, new LookOver(4), policy: policy));
    }

    [Fact]
    public void With_a_probe_who_counts_as_started_is_asked_before_it_is_accepted()
    {
        var policy = Policy with { Probes = true };
        Assert.Equal([new Probe(Candidate), new SetTimer(new ReadyOverdue(4), Seconds(60))], Next(Watching, new LookOver(4), policy: policy).Actions);
        // Who speaks has had its clock running since it was started.
        var step = Next(Awaiting, new Ready(4), policy: policy);
        Assert.Equal([new Probe(Candidate)], step.Actions);
        Assert.Equal(Candidate, To<Serving>(Next(To<Probing>(step), new Probed(4, ProbeOutcome.Answered, ""), policy: policy)).Fleet.Current);
    }

    [Fact]
    public void A_probe_that_is_not_answered_is_repeated()
    {
        foreach (var outcome in new[] { ProbeOutcome.Failed, ProbeOutcome.Misdirected })
        {
            var step = Next(Probing, new Probed(4, outcome, "http://x/: answered 503"));
            Assert.Equal([new SetTimer(new ProbeDue(4), Seconds(0.25))], step.Actions);
            Assert.Equal("http://x/: answered 503", To<Probing>(step).Complaint);
            Assert.Equal([new Probe(Candidate)], Next(step.State, new ProbeDue(4)).Actions);
        }
    }

    [Fact]
    public void A_candidate_that_does_not_answer_in_time_is_rejected_with_the_last_complaint()
    {
        var step = Next(Probing with { Complaint = "http://x/: Connection refused" }, new ReadyOverdue(4));
        Assert.Equal(["new worker 104 was not ready within 60 secs (http://x/: Connection refused), sending TERM to it"], Lines(step));
        Assert.Equal("was not ready within 60 s: http://x/: Connection refused", To<Rejecting>(step).Reason);
        NothingHappens(Rejecting, new Probed(4, ProbeOutcome.Answered, ""));
        NothingHappens(Probing, new Ready(4));
        NothingHappens(Probing, new Probed(3, ProbeOutcome.Answered, ""));
        NothingHappens(Probing, new ProbeDue(3));
    }

    [Fact]
    public void Ready_timeout_0_waits_for_ever()
    {
        var step = Next(Watching, new Spoke(4), policy: Policy with { ReadyTimeout = TimeSpan.Zero });
        To<Awaiting>(step);
        Assert.Empty(step.Actions);
    }

    [Fact]
    public void Who_spoke_is_not_accepted_by_being_alive() => NothingHappens(Awaiting, new LookOver(4));

    [Fact]
    public void Who_spoke_is_accepted_when_ready() => Assert.Equal(Candidate, To<Serving>(Next(Awaiting, new Ready(4))).Fleet.Current);

    [Fact]
    public void Who_spoke_and_speaks_on_is_awaited() => NothingHappens(Awaiting, new Spoke(4));

    [Fact]
    public void A_candidate_not_ready_in_time_is_told_to_stop_and_the_current_serves_on()
    {
        var step = Next(Awaiting, new ReadyOverdue(4), policy: Policy with { OnTerm = new ChosenSignal(Signal.Quit, "QUIT") });
        Assert.Equal(["new worker 104 was not ready within 60 secs, sending QUIT to it"], Lines(step));
        Assert.Equal([Candidate], Only<Send>(step).Generations);
        Assert.Equal(Signal.Quit, Only<Send>(step).Signal.Signal);
        Assert.Equal(new SetTimer(new GraceOver(4), Seconds(10)), Only<SetTimer>(step));
        Assert.Equal(Current, To<Rejecting>(step).Fleet.Current);
    }

    [Fact]
    public void A_rejected_candidate_that_does_not_stop_is_killed()
    {
        var step = Next(Rejecting, new GraceOver(4));
        Assert.Equal(["worker 104 has not stopped within 10 secs, sending KILL to it"], Lines(step));
        Assert.Equal((Signal.Kill, 104), (Only<Send>(step).Signal.Signal, Only<Send>(step).Generations.Single().Pid));
        Assert.Same(Rejecting, step.State);
    }

    [Fact]
    public void Ready_after_rejection_is_too_late()
    {
        NothingHappens(Rejecting, new Ready(4));
        NothingHappens(Rejecting, new Spoke(4));
    }

    [Theory]
    [InlineData("watching")]
    [InlineData("awaiting")]
    public void A_candidate_that_dies_is_a_failed_attempt_whatever_its_exit_code(string phase)
    {
        SupervisorState state = phase == "watching" ? Watching : Awaiting;
        var step = Next(state, new Died(104, Code(0)), at: 100.5);
        Assert.Equal(["new worker 104 seems to have failed to start, exit status:0"], Lines(step));
        Assert.Equal(new SetTimer(new RetryDue(5), Seconds(1.5)), Only<SetTimer>(step));
        Assert.Equal(1, To<StartDue>(step).Goal.Failures);
        Assert.Equal(Current, To<StartDue>(step).Fleet.Current);
    }

    [Fact]
    public void A_raw_wait_status_is_shown() =>
        Assert.Equal("new worker 104 seems to have failed to start, exit status:256", Lines(Next(Watching, new Died(104, Code(1))))[0]);

    [Fact]
    public void A_rejected_candidate_that_dies_is_a_failed_attempt_and_followed_at_once()
    {
        var step = Next(Rejecting, new Died(104, new ChildExit(15)), at: 170);
        Assert.Equal(TimeSpan.Zero, Only<SetTimer>(step).Delay);
        To<StartDue>(step);
    }

    [Fact]
    public void Attempts_are_spaced_further_and_further_apart()
    {
        var pauses = Enumerable.Range(1, 7).Select(failures => Policy.Pace(failures).TotalSeconds);
        Assert.Equal([2, 4, 8, 16, 30, 30, 30], pauses);
    }

    [Fact]
    public void A_long_interval_is_the_pause_itself() =>
        Assert.Equal(TimeSpan.FromSeconds(int.MaxValue), new SupervisionPolicy { Interval = TimeSpan.FromSeconds(int.MaxValue) }.Pace(9));

    [Fact]
    public void A_long_pause_is_announced()
    {
        var step = Next(Watching with { Goal = Replacement with { Failures = 2 } }, new Died(104, Code(1)), at: 100);
        Assert.Equal("next attempt in 8 secs", Lines(step)[1]);
        Assert.Equal(new SetTimer(new RetryDue(5), Seconds(8)), Only<SetTimer>(step));
    }

    [Fact]
    public void When_no_process_can_be_made_the_attempt_counts_and_is_repeated()
    {
        var step = Next(Pausing, new SpawnFailed("posix_spawn: " + Errno.EAGAIN.Text));
        Assert.Equal("failed to start a new worker: posix_spawn: Resource temporarily unavailable", Lines(step)[0]);
        Assert.Equal(new RetryDue(5), Only<SetTimer>(step).Event);
        Assert.Equal(4, To<StartDue>(step).Goal.Failures);
    }

    [Fact]
    public void A_retry_takes_the_next_number()
    {
        var step = Next(Pausing, new RetryDue(5));
        Assert.Equal(new Spawn(5), Assert.Single(step.Actions));
        Assert.Equal(3, To<StartDue>(step).Goal.Failures);
    }

    [Fact]
    public void A_timer_of_an_earlier_candidate_does_not_judge_this_one()
    {
        NothingHappens(Watching, new Executed(3));
        NothingHappens(Watching, new LookOver(3));
        NothingHappens(Awaiting, new ReadyOverdue(3));
        NothingHappens(Rejecting, new GraceOver(3));
        NothingHappens(Pausing, new RetryDue(4));
    }

    [Fact]
    public void Words_of_another_generation_are_not_the_candidates()
    {
        NothingHappens(Watching, new Ready(3));
        NothingHappens(Watching, new Spoke(3));
        NothingHappens(Awaiting, new Ready(3));
    }
}
