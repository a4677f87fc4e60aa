using StarletNet.Shared.Processes;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision;

/// <summary><c>--watch</c>: the new generation proves itself beside the previous one.</summary>
public sealed class WatchTests : TransitionTestBase
{
    private static readonly SupervisionPolicy Watched = Policy with { Watch = Seconds(10) };
    private static readonly SupervisionPolicy WatchedAndProbed = Watched with { Probes = true };

    [Fact]
    public void An_accepted_deploy_is_watched_and_the_previous_one_is_not_told()
    {
        var step = Next(Watching, new Ready(4), policy: Watched);
        Assert.Equal(["new worker is now running, watching it for 10 secs beside old workers:101,102,103"], Lines(step));
        Assert.Equal(new SetTimer(new WatchOver(4), Seconds(10)), Only<SetTimer>(step));
        Assert.Equal([First, Second, Current, Candidate], Only<WriteStatus>(step).Generations);
        Assert.DoesNotContain(step.Actions, action => action is Send);
        Assert.Equal(new Probation(Current, TimeSpan.Zero, 0), To<Serving>(step).Fleet.Probation);
    }

    [Fact]
    public void Who_fills_a_gap_or_is_the_first_is_not_watched()
    {
        Assert.Null(To<Serving>(Next(Watching with { Goal = Gap, Fleet = Tried with { Current = null } }, new LookOver(4), policy: Watched)).Fleet.Probation);
        Assert.Null(To<Serving>(Next(Watching with { Fleet = Fleet.None with { LastNumber = 4 } }, new LookOver(4), policy: Watched)).Fleet.Probation);
    }

    [Fact]
    public void When_the_watch_is_over_the_old_ones_are_retired()
    {
        var step = Next(OnProbation, new WatchOver(4), at: 110, policy: Watched);
        Assert.Equal(["new worker is now running, sending TERM to old workers:101,102,103", "killing old workers"], Lines(step));
        Assert.Equal([First, Second, Current], Only<Send>(step).Generations);
        Assert.Null(To<Serving>(step).Fleet.Probation);
    }

    [Fact]
    public void The_kill_old_delay_counts_from_the_end_of_the_watch()
    {
        var step = Next(OnProbation, new WatchOver(4), at: 110, policy: Watched with { KillOldDelay = Seconds(3) });
        Assert.Equal(new SetTimer(new OldDue(4), Seconds(3)), Only<SetTimer>(step));
        Assert.DoesNotContain(step.Actions, action => action is Send);
    }

    [Fact]
    public void When_the_new_one_dies_the_previous_is_current_again_as_if_nothing_had_been()
    {
        var step = Next(OnProbation, new Died(104, Code(3)), at: 105, policy: Watched);
        Assert.Equal(["worker 104 died unexpectedly with status:768, going back to worker 103"], Lines(step));
        Assert.Equal([First, Second, Current], Only<WriteStatus>(step).Generations);
        var fleet = To<Serving>(step).Fleet;
        Assert.Equal((Current, TimeSpan.Zero, null), (fleet.Current, fleet.Since, fleet.Probation));
        Assert.Equal([First, Second], fleet.Old);
        Assert.DoesNotContain(step.Actions, action => action is Send or Spawn);
        Assert.Equal(
            [new GenerationEnded(Candidate, Code(3)), new RolledBack(Candidate, Current, "exited with status 3"), new DeployEnded(0, DeployOutcome.RolledBack, "generation 4 exited with status 3")],
            NewsOf(step));
    }

    [Fact]
    public void A_rollback_does_not_disturb_the_next_try_that_is_under_way()
    {
        var fleet = OnProbation.Fleet with { LastNumber = 5 };
        var fifth = new Generation(5, 105);
        foreach (SupervisorState state in new SupervisorState[]
        {
            new StartDue(fleet, Replacement), new Watching(fleet, Replacement, fifth, Seconds(101)), new Awaiting(fleet, Replacement, fifth, Seconds(101)),
        })
        {
            var step = Next(state, new Died(104, Code(3)), at: 105, policy: Watched);
            Assert.Equal(state.GetType(), step.State.GetType());
            Assert.Equal(Current, ((Running)step.State).Fleet.Current);
            Assert.DoesNotContain(step.Actions, action => action is Send or Spawn);
        }
    }

    [Fact]
    public void With_a_probe_it_is_asked_each_second()
    {
        Assert.Contains(new SetTimer(new ProbeDue(4), Seconds(1)), Next(Probing, new Probed(4, ProbeOutcome.Answered, ""), policy: WatchedAndProbed).Actions);
        Assert.Equal([new Probe(Candidate)], Next(OnProbation, new ProbeDue(4), policy: WatchedAndProbed).Actions);
        foreach (var fine in new[] { ProbeOutcome.Answered, ProbeOutcome.Misdirected })
            Assert.Equal([new SetTimer(new ProbeDue(4), Seconds(1))], Next(OnProbation, new Probed(4, fine, ""), policy: WatchedAndProbed).Actions);
    }

    [Fact]
    public void A_bad_answer_retires_the_new_one_and_the_previous_is_current_again()
    {
        var step = Next(OnProbation, new Probed(4, ProbeOutcome.Failed, "http://x/: answered 503"), at: 105, policy: WatchedAndProbed with { DrainTimeout = Seconds(7) });
        Assert.Equal(["worker 104 does not answer any more (http://x/: answered 503), going back to worker 103", "killing old workers"], Lines(step));
        Assert.Equal([Candidate], Only<Send>(step).Generations);
        Assert.Equal(new SetTimer(new DrainOverdue(4), Seconds(7)), Only<SetTimer>(step));
        Assert.Equal([First, Second, Current, Candidate], Only<WriteStatus>(step).Generations);
        var fleet = To<Serving>(step).Fleet;
        Assert.Equal(Current, fleet.Current);
        Assert.Equal([First, Second, Candidate], fleet.Old);
        // Its end is an old one's.
        Assert.Equal(["old worker 104 died, status:0"], Lines(Next(step.State, new Died(104, Code(0)), at: 106, policy: WatchedAndProbed)));
    }

    [Fact]
    public void When_the_previous_one_dies_there_is_nothing_more_to_watch_for()
    {
        var step = Next(OnProbation, new Died(103, Code(0)), policy: Watched);
        Assert.Equal("old worker 103 died, status:0", Lines(step)[0]);
        Assert.Equal(Candidate, To<Serving>(step).Fleet.Current);
        Assert.Null(To<Serving>(step).Fleet.Probation);
        Assert.Equal([First, Second], Only<Send>(step).Generations);
    }

    [Fact]
    public void Hup_during_the_watch_deploys_at_once_and_the_watched_one_becomes_the_previous()
    {
        var step = Next(OnProbation, new RestartRequested(), policy: Watched);
        Assert.Equal(new Spawn(5), step.Actions[^1]);
        var started = Next(step.State, new Spawned(new Generation(5, 105)), policy: Watched);
        var accepted = Next(started.State, new Ready(5), at: 103, policy: Watched);
        Assert.Equal(Candidate, To<Serving>(accepted).Fleet.Probation?.Previous);
        Assert.DoesNotContain(accepted.Actions, action => action is Send);
        // The first watch has nothing to say any more.
        NothingHappens(accepted.State, new WatchOver(4));
    }

    [Fact]
    public void A_watch_ends_also_beside_another_start()
    {
        var step = Next(new Watching(OnProbation.Fleet with { LastNumber = 5 }, Replacement, new Generation(5, 105), Seconds(105)), new WatchOver(4), at: 110, policy: Watched);
        Assert.Equal([First, Second, Current], Only<Send>(step).Generations);
        Assert.Null(To<Watching>(step).Fleet.Probation);
    }

    [Fact]
    public void Term_during_the_watch_stops_both()
    {
        var step = Next(OnProbation, new StopRequested(Signal.Term), policy: Watched);
        Assert.Equal([First, Second, Current, Candidate], To<Stopping>(step).Remaining);
        Assert.Equal([new DeployEnded(0, DeployOutcome.Stopping, "start_server is stopping")], NewsOf(step));
    }

    [Fact]
    public void Spent_timers_and_answers_change_nothing()
    {
        foreach (var happened in new SupervisorEvent[] { new WatchOver(3), new ProbeDue(3), new Probed(3, ProbeOutcome.Failed, ""), new RetryDue(5) })
            NothingHappens(OnProbation, happened);
        foreach (var happened in new SupervisorEvent[] { new WatchOver(3), new ProbeDue(3), new Probed(3, ProbeOutcome.Failed, "") })
            NothingHappens(Serving, happened);
    }
}
