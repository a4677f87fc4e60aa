using StarletNet.Shared.Processes;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision;

/// <summary>What takes the place of a start that has not been accepted: a newer deploy, or <c>--abort</c>.</summary>
public sealed class SupersedingTests : TransitionTestBase
{
    private static readonly Goal Asked = new(Replaces: true, Failures: 0, Attempts: 1, Request: 9);
    private static readonly Fleet Crashed = Tried with { Current = null, Restarts = 1 };

    /// <summary>Generation 4 is not accepted yet, or the next attempt is due.</summary>
    private static SupervisorState[] Starts => [Watching, Awaiting, Probing, Rejecting, Pausing];

    [Fact]
    public void A_hup_and_a_request_take_the_place_of_a_start_at_once()
    {
        foreach (var state in Starts)
        {
            foreach (var happened in new SupervisorEvent[] { new RestartRequested(), new DeployRequested(7, 2) })
            {
                var step = Next(state, happened);
                var goal = happened is DeployRequested ? Replacement with { Attempts = 2, Request = 7 } : Replacement;
                Assert.Equal(new Spawn(5), step.Actions[^1]);
                Assert.Equal(goal, To<StartDue>(step).Goal);
                Assert.Equal(Current, To<StartDue>(step).Fleet.Current);
                Assert.Equal(state is Trying ? [Candidate] : [], To<StartDue>(step).Fleet.Discarded);
            }
        }
    }

    [Fact]
    public void A_candidate_that_is_not_ready_is_stopped_and_killed_after_its_grace()
    {
        var policy = Policy with { OnTerm = ChosenSignal.Parse("QUIT")!, OnHup = ChosenSignal.Parse("USR1")! };
        foreach (SupervisorState state in new SupervisorState[] { Awaiting, Probing })
        {
            var step = Next(state, new RestartRequested(), policy: policy);
            Assert.Equal(
                ["generation 4 (pid 104) is given up before it is ready: a HUP has begun another deploy; sending QUIT to it", "received HUP, spawning a new worker"],
                Lines(step));
            Assert.Equal(("QUIT", Candidate), (Only<Send>(step).Signal.Name, Only<Send>(step).Generations.Single()));
            Assert.Equal(new SetTimer(new GraceOver(4), Seconds(10)), Only<SetTimer>(step));
            Assert.Equal([new CandidateDiscarded(Candidate, "a HUP has begun another deploy")], NewsOf(step));
            var late = Next(step.State, new GraceOver(4), policy: policy);
            Assert.Equal((ChosenSignal.Kill, Candidate), (Only<Send>(late).Signal, Only<Send>(late).Generations.Single()));
        }
        // It has been told before, and its timer runs.
        Assert.DoesNotContain(Next(Rejecting, new RestartRequested(), policy: policy).Actions, action => action is Send or SetTimer);
    }

    /// <summary>Server::Starter's children accept connections from their first moment.</summary>
    [Fact]
    public void A_candidate_that_has_said_nothing_may_serve_already_and_goes_as_an_old_one_does()
    {
        var policy = Policy with { OnTerm = ChosenSignal.Parse("INT")!, OnHup = ChosenSignal.Parse("QUIT")! };
        var step = Next(Watching, new RestartRequested(), policy: policy);
        Assert.Equal("QUIT", Only<Send>(step).Signal.Name);
        Assert.DoesNotContain(step.Actions, action => action is SetTimer);
        Assert.Equal(
            new SetTimer(new DrainOverdue(4), Seconds(7)), Only<SetTimer>(Next(Watching, new RestartRequested(), policy: policy with { DrainTimeout = Seconds(7) })));
        var overdue = Next(step.State, new DrainOverdue(4), policy: policy with { DrainTimeout = Seconds(7) });
        Assert.Equal(ChosenSignal.Kill, Only<Send>(overdue).Signal);
    }

    [Fact]
    public void A_discarded_candidate_that_speaks_or_ends_is_no_reason_for_anything()
    {
        var started = Next(Next(Awaiting, new RestartRequested()).State, new Spawned(new Generation(5, 105)));
        NothingHappens(started.State, new Ready(4));
        NothingHappens(started.State, new Spoke(4));
        NothingHappens(started.State, new ReadyOverdue(4));
        var gone = Next(started.State, new Died(104, Code(1)));
        Assert.Equal(["generation 4 (pid 104), which was given up, has ended: exit code 1"], Lines(gone));
        Assert.Empty(To<Watching>(gone).Fleet.Discarded);
        Assert.DoesNotContain(gone.Actions, action => action is not Log);
    }

    [Fact]
    public void A_stop_reaches_discarded_candidates_too_and_none_of_them_is_in_the_status_file()
    {
        var started = Next(Next(Awaiting, new RestartRequested()).State, new Spawned(new Generation(5, 105)));
        var stopped = Next(started.State, new StopRequested(Signal.Term));
        Assert.Equal([1, 2, 3, 4, 5], To<Stopping>(stopped).Remaining.Select(generation => generation.Number));
        Assert.Equal([Second, Current], Only<WriteStatus>(Next(stopped.State, new Died(101, Code(0)))).Generations);
    }

    [Fact]
    public void A_request_is_refused_while_the_caller_of_another_one_waits_and_told_how_to_cancel_that()
    {
        foreach (var (state, what) in new (SupervisorState, string)[]
        {
            (Watching with { Goal = Asked }, "generation 4 is starting"),
            (Rejecting with { Goal = Asked }, "generation 4 is starting"),
            (Pausing with { Goal = Asked with { Failures = 1 } }, "the next attempt is due"),
            (Watching with { Goal = Gap with { Pending = Asked } }, "generation 4 is starting"),
            (OnProbation with { Fleet = OnProbation.Fleet with { Probation = new Probation(Current, TimeSpan.Zero, Request: 9) } }, "generation 4 is watched"),
        })
        {
            var step = Next(state, new DeployRequested(10, 1) { Waiting = [3, 9] });
            Assert.Equal(
                [new DeployEnded(10, DeployOutcome.Busy, $"another deploy is under way ({what}), and the --restart that asked for it still waits; start_server --abort cancels it")],
                NewsOf(step));
            Assert.Same(state, step.State);
            // Its caller has gone: the newer one is what somebody wants.
            Assert.Equal(new Spawn(5), Next(state, new DeployRequested(10, 1) { Waiting = [3] }).Actions[^1]);
        }
    }

    [Fact]
    public void Who_waits_for_what_is_superseded_learns_of_it()
    {
        foreach (SupervisorState state in new SupervisorState[] { Awaiting with { Goal = Asked }, Pausing with { Goal = Asked }, Awaiting with { Goal = Gap with { Pending = Asked } } })
        {
            Assert.Contains(new DeployEnded(9, DeployOutcome.CandidateFailed, "a HUP has begun another deploy"), NewsOf(Next(state, new RestartRequested())));
            Assert.Contains(new DeployEnded(9, DeployOutcome.CandidateFailed, "another --restart has begun a newer deploy"), NewsOf(Next(state, new DeployRequested(10, 1))));
        }
    }

    [Fact]
    public void In_a_crash_loop_a_deploy_begins_at_once()
    {
        foreach (SupervisorState state in new SupervisorState[] { Awaiting with { Fleet = Crashed, Goal = Gap with { Failures = 5 } }, new StartDue(Crashed, Gap with { Failures = 5 }) })
        {
            foreach (var happened in new SupervisorEvent[] { new RestartRequested(), new DeployRequested(7, 1) })
                Assert.Equal(new Spawn(5), Next(state, happened).Actions[^1]);
        }
    }

    [Fact]
    public void Abort_goes_back_to_what_serves()
    {
        foreach (var state in Starts)
        {
            var asked = state is Trying trying ? (SupervisorState)(trying with { Goal = Asked }) : Pausing with { Goal = Asked };
            var step = Next(asked, new AbortRequested(11));
            Assert.Equal((Current, state is Trying ? 1 : 0), (To<Serving>(step).Fleet.Current, To<Serving>(step).Fleet.Discarded.Count));
            Assert.Contains(new DeployEnded(9, DeployOutcome.Aborted, "cancelled by --abort"), NewsOf(step));
            var text = state is Trying ? "generation 4 is cancelled; generation 3 keeps serving" : "the deploy is cancelled; generation 3 keeps serving";
            Assert.Equal(new AbortEnded(11, IsAborted: true, text), NewsOf(step)[^1]);
        }
    }

    [Fact]
    public void Abort_where_nothing_serves_begins_the_start_anew_from_what_served()
    {
        foreach (var goal in new[] { Asked, Gap with { Failures = 4 } })
        {
            var step = Next(Awaiting with { Fleet = Crashed, Goal = goal }, new AbortRequested(11));
            Assert.Equal(new Spawn(5, AsServed: true), step.Actions[^1]);
            Assert.Equal(Gap, To<StartDue>(step).Goal);
            Assert.Equal(new AbortEnded(11, IsAborted: true, "the start of generation 4 is cancelled; no generation serves, and generation 5 is started now"), NewsOf(step)[^1]);
        }
        Assert.Equal(new Spawn(5, AsServed: true), Next(new StartDue(Crashed, Gap with { Failures = 4 }), new AbortRequested(11)).Actions[^1]);
    }

    [Fact]
    public void Abort_cancels_a_deploy_that_waits_behind_a_gap_and_not_what_fills_the_gap()
    {
        var step = Next(Awaiting with { Fleet = Crashed, Goal = Gap with { Pending = Asked } }, new AbortRequested(11));
        Assert.Equal(Gap, To<Awaiting>(step).Goal);
        Assert.Equal(
            [new DeployEnded(9, DeployOutcome.Aborted, "cancelled by --abort"), new AbortEnded(11, IsAborted: true, "the deploy is cancelled; generation 4 is started from what served last")],
            NewsOf(step));
    }

    [Fact]
    public void Abort_of_a_watch_brings_the_one_before_back()
    {
        var step = Next(OnProbation, new AbortRequested(11));
        Assert.Equal(Current, To<Serving>(step).Fleet.Current);
        Assert.Equal([Candidate], Only<Send>(step).Generations);
        Assert.Contains(new AbortEnded(11, IsAborted: true, "generation 4 is cancelled while it is watched; generation 3 serves again"), NewsOf(step));
        Assert.Contains(new DeployEnded(0, DeployOutcome.RolledBack, "generation 4 cancelled by --abort"), NewsOf(step));
    }

    [Fact]
    public void Abort_of_nothing_changes_nothing()
    {
        var step = Next(Serving, new AbortRequested(11));
        Assert.Same(Serving, step.State);
        Assert.Equal([new AbortEnded(11, IsAborted: false, "no deploy is under way; generation 3 serves")], NewsOf(step));
        foreach (SupervisorState state in new SupervisorState[] { Stopping, new Stopped() })
            Assert.Equal([new AbortEnded(11, IsAborted: false, "start_server is stopping")], NewsOf(Next(state, new AbortRequested(11))));
    }

    [Fact]
    public void What_cannot_succeed_is_tried_once_and_a_gap_goes_on()
    {
        const string reason = "failed to exec /srv/app: No such file or directory";
        // A deploy, however many attempts it has.
        var step = Next(new StartDue(Tried, Replacement), new SpawnFailed(reason, IsHopeless: true));
        Assert.Equal(Current, To<Serving>(step).Fleet.Current);
        Assert.Equal(reason, Lines(step)[0]);
        Assert.Contains(new DeployEnded(0, DeployOutcome.CandidateFailed, $"generation 4: {reason}"), NewsOf(step));
        // Where nothing has served yet there is nothing to wait for.
        foreach (var goal in new[] { Gap, Replacement })
            Assert.True(To<Stopped>(Next(new StartDue(Fleet.None with { LastNumber = 1 }, goal), new SpawnFailed(reason, IsHopeless: true))).GaveUp);
        // What served comes back, perhaps: a program that is being replaced.
        Assert.Equal(new RetryDue(5), Only<SetTimer>(Next(new StartDue(Crashed, Gap), new SpawnFailed(reason, IsHopeless: true))).Event);
        // The same, said by the program itself.
        var died = Next(Awaiting, new Died(104, Code(1)) { Said = "app.dll is missing", IsHopeless = true });
        Assert.Contains(new DeployEnded(0, DeployOutcome.CandidateFailed, "generation 4: app.dll is missing"), NewsOf(died));
        To<Serving>(died);
    }

    [Fact]
    public void The_reason_that_a_candidate_gives_is_what_the_caller_hears()
    {
        Assert.Equal("generation 4: boom", Failure(Next(Awaiting with { Goal = Asked }, new Died(104, Code(1)) { Said = "boom" })));
        Assert.Equal("generation 4 exited with status 1", Failure(Next(Awaiting with { Goal = Asked }, new Died(104, Code(1)))));
        Assert.Equal("generation 4 was not ready within 60 s: /health gives status 500", Failure(Next(Rejecting with { Goal = Asked }, new Died(104, Code(0)) { Said = "/health gives status 500" })));
        Assert.Equal("generation 4 was not ready within 60 s: its own word", Failure(Next(
            Rejecting with { Goal = Asked, Reason = "was not ready within 60 s: http://x/: answered 503" }, new Died(104, Code(0)) { Said = "its own word" })));

        static string Failure(Step step) => NewsOf(step).OfType<DeployEnded>().Single().Reason;
    }
}
