using StarletNet.Shared.Processes;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision;

public sealed class StoppingTests : TransitionTestBase
{
    [Fact]
    public void Term_stops_everybody_at_once_whatever_is_under_way()
    {
        foreach (SupervisorState state in new SupervisorState[] { Serving, Pausing, Watching, Awaiting, Rejecting })
        {
            var step = Next(state, new StopRequested(Signal.Term));
            Generation[] all = state is Trying ? [First, Second, Current, Candidate] : [First, Second, Current];
            Assert.Equal(all, To<Stopping>(step).Remaining);
            Assert.Equal(all, Only<Send>(step).Generations);
            Assert.Contains(step.Actions, action => action is CloseListeners);
            Assert.DoesNotContain(step.Actions, action => action is Spawn);
        }
    }

    [Fact]
    public void Term_and_quit_send_signal_on_term_and_int_sends_term()
    {
        var policy = Policy with { OnTerm = ChosenSignal.Parse("quit")! };
        Assert.Equal(["received TERM, sending QUIT to all workers:101,102,103"], Lines(Next(Serving, new StopRequested(Signal.Term), policy: policy)));
        Assert.Equal(["received QUIT, sending QUIT to all workers:101,102,103"], Lines(Next(Serving, new StopRequested(Signal.Quit), policy: policy)));
        Assert.Equal(["received INT, sending TERM to all workers:101,102,103"], Lines(Next(Serving, new StopRequested(Signal.Int), policy: policy)));
        Assert.Equal(Signal.Term, Only<Send>(Next(Serving, new StopRequested(Signal.Int), policy: policy)).Signal.Signal);
    }

    [Fact]
    public void Term_before_anything_was_started_ends_at_once()
    {
        var step = Next(Transitions.Begin, new StopRequested(Signal.Term));
        To<Stopped>(step);
        Assert.Equal("exiting", Lines(step)[^1]);
    }

    [Fact]
    public void Each_end_is_logged_and_written_and_the_last_one_ends_us()
    {
        var step = Next(Stopping, new Died(103, Code(3)));
        Assert.Equal(["worker 103 died, status:768"], Lines(step));
        Assert.Equal([First], Only<WriteStatus>(step).Generations);
        step = Next(To<Stopping>(step), new Died(101, new ChildExit(15)));
        Assert.Equal(["worker 101 died, status:15", "exiting"], Lines(step));
        Assert.Empty(Only<WriteStatus>(step).Generations);
        To<Stopped>(step);
    }

    /// <summary>Whoever waits for a deploy by the status file would take it for one that has been done.</summary>
    [Fact]
    public void A_candidate_is_not_in_the_status_file_of_a_stop()
    {
        var stopping = To<Stopping>(Next(Watching with { Fleet = Watching.Fleet with { Old = [] } }, new StopRequested(Signal.Term)));
        Assert.Equal([Current, Candidate], stopping.Remaining);
        Assert.Empty(Only<WriteStatus>(Next(stopping, new Died(Current.Pid, Code(0)))).Generations);
        Assert.Equal([Current], Only<WriteStatus>(Next(stopping, new Died(Candidate.Pid, Code(0)))).Generations);
    }

    [Fact]
    public void Requests_within_a_second_are_one_wish()
    {
        foreach (var signal in new[] { Signal.Term, Signal.Int, Signal.Quit })
        {
            var step = Next(Stopping, new StopRequested(signal), at: 100.9);
            Assert.Same(Stopping, step.State);
            Assert.Empty(step.Actions);
        }
    }

    [Fact]
    public void The_second_request_repeats_the_signal_and_the_third_kills()
    {
        var step = Next(Stopping, new StopRequested(Signal.Term), at: 110);
        Assert.Equal(["received TERM, sending TERM to all workers:101,103"], Lines(step));
        Assert.Equal(Signal.Term, Only<Send>(step).Signal.Signal);
        step = Next(step.State, new StopRequested(Signal.Int), at: 120);
        Assert.Equal(["received INT, sending KILL to all workers:101,103"], Lines(step));
        Assert.Equal(Signal.Kill, Only<Send>(step).Signal.Signal);
        step = Next(step.State, new StopRequested(Signal.Int), at: 130);
        Assert.Equal(Signal.Kill, Only<Send>(step).Signal.Signal);
    }

    [Fact]
    public void The_signal_of_each_request_is_its_own()
    {
        var policy = Policy with { OnTerm = ChosenSignal.Parse("quit")! };
        var interrupted = To<Stopping>(Next(Serving, new StopRequested(Signal.Int), at: 100, policy: policy));
        // A wrapper's TERM just after a terminal's ^C still brings what was chosen for TERM, and is no second request.
        var termed = Next(interrupted, new StopRequested(Signal.Term), at: 100.5, policy: policy);
        Assert.Equal(["received TERM, sending QUIT to all workers:101,102,103"], Lines(termed));
        Assert.Equal(1, To<Stopping>(termed).Requests);
        Assert.Empty(Next(termed.State, new StopRequested(Signal.Term), at: 100.6, policy: policy).Actions);
        Assert.Empty(Next(termed.State, new StopRequested(Signal.Int), at: 100.6, policy: policy).Actions);
        Assert.Equal(["received TERM, sending QUIT to all workers:101,102,103"], Lines(Next(interrupted, new StopRequested(Signal.Term), at: 102, policy: policy)));
        Assert.Equal(["received INT, sending TERM to all workers:101,102,103"], Lines(Next(termed.State, new StopRequested(Signal.Int), at: 102, policy: policy)));
        // KILL is the last word.
        Assert.Empty(Next(Stopping with { Requests = 3, Signal = ChosenSignal.Kill }, new StopRequested(Signal.Term), at: 100.5, policy: policy).Actions);
    }

    [Fact]
    public void With_a_stop_timeout_who_is_left_is_killed()
    {
        var policy = Policy with { StopTimeout = Seconds(30) };
        Assert.Equal(new SetTimer(new StopOverdue(), Seconds(30)), Only<SetTimer>(Next(Serving, new StopRequested(Signal.Term), policy: policy)));
        var step = Next(Stopping, new StopOverdue(), at: 130, policy: policy);
        Assert.Equal(["not all workers have stopped within 30 secs, sending KILL to 101,103"], Lines(step));
        Assert.Equal((ChosenSignal.Kill, 2), (Only<Send>(step).Signal, Only<Send>(step).Generations.Count));
        Assert.DoesNotContain(Next(Serving, new StopRequested(Signal.Term)).Actions, action => action is SetTimer);
    }

    [Fact]
    public void The_end_of_a_drain_timeout_is_kept_during_the_stop()
    {
        var step = Next(Stopping, new DrainOverdue(1), policy: Policy with { DrainTimeout = Seconds(7) });
        Assert.Equal(["worker 101 has not stopped within 7 secs, sending KILL to it"], Lines(step));
        Assert.Equal([First], Only<Send>(step).Generations);
    }

    [Fact]
    public void Hup_during_the_stop_starts_nothing()
    {
        var step = Next(Stopping, new RestartRequested());
        Assert.Same(Stopping, step.State);
        Assert.Equal(["received HUP, ignored: stopping"], Lines(step));
    }

    [Fact]
    public void A_rejected_candidate_is_still_killed_when_its_grace_is_over()
    {
        var step = Next(Stopping, new GraceOver(3));
        Assert.Equal([Current], Only<Send>(step).Generations);
        Assert.Equal(Signal.Kill, Only<Send>(step).Signal.Signal);
        NothingHappens(Stopping, new GraceOver(4));
    }

    [Fact]
    public void During_and_after_the_stop_words_and_timers_change_nothing()
    {
        SupervisorEvent[] idle =
            [new Executed(3), new Spoke(3), new Ready(3), new RetryDue(4), new LookOver(3), new ReadyOverdue(3), new OldDue(3),
             new DrainOverdue(2), new WatchOver(3), new AutoRestartDue(3), new ProbeDue(3), new Probed(3, ProbeOutcome.Failed, ""), new PolicyChanged()];
        foreach (var happened in idle)
        {
            NothingHappens(Stopping, happened);
            NothingHappens(new Stopped(), happened);
        }
        NothingHappens(new Stopped(), new StopOverdue());
        NothingHappens(new Stopped(), new GraceOver(3));
        NothingHappens(new Stopped(), new RestartRequested());
        NothingHappens(new Stopped(), new StopRequested(Signal.Term));
    }

    [Fact]
    public void A_meaningless_signal_is_named_and_changes_nothing_in_any_state()
    {
        foreach (SupervisorState state in new SupervisorState[] { Transitions.Begin, Serving, Pausing, Watching, Awaiting, Rejecting, Stopping, new Stopped() })
        {
            var step = Next(state, new MeaninglessSignal(Signal.Usr1));
            Assert.Same(state, step.State);
            Assert.Equal(["received USR1, ignored: HUP restarts, TERM stops, USR2 upgrades"], Lines(step));
        }
    }
}
