using StarletNet.Hosting.Worker;
using static StarletNet.Hosting.Worker.WorkerAction;
using static StarletNet.Hosting.Worker.WorkerEvent;
using static StarletNet.Hosting.Worker.WorkerState;

namespace StarletNet.Hosting.Tests.Worker;

public sealed class WorkerTransitionsTests
{
    private const long Began = 100_000;
    private static readonly WorkerClocks Clocks = new(KeepAlive: 5_000, Graceful: 30_000);
    private static readonly WorkerClocks NoLimit = new(KeepAlive: 5_000, Graceful: 0);

    [Fact]
    public void Accepting_begins_when_the_application_has_started_and_then_ready_is_said() =>
        Expect(new Booting(), new Started(), Began, new Serving(), StartAccepting, SayReady);

    [Fact]
    public void A_stop_while_booting_ends_the_process_that_has_accepted_nothing() =>
        Expect(new Booting(), new StopAsked(), Began, new Stopping(Began), SayDraining, ReleaseServer, Exit);

    [Fact]
    public void An_abort_while_booting_ends_the_process() =>
        Expect(new Booting(), new AbortAsked(), Began, new Stopping(Began), ReleaseServer, Exit);

    [Fact]
    public void A_drain_stops_accepting_before_it_says_so_and_leaves_the_host_alone() =>
        Expect(new Serving(), new StopAsked(), Began, new Grace(Began), StopAccepting, SayDraining, CloseDue);

    [Fact]
    public void The_loss_of_the_master_is_a_drain() =>
        Expect(new Serving(), new MasterGone(), Began, new Grace(Began, IsOrphan: true), StopAccepting, SayDraining, CloseDue);

    [Fact]
    public void Without_a_master_the_grace_is_a_second_at_most()
    {
        Expect(new Grace(Began, IsOrphan: true), new Look(3, 1), Began + 999, new Grace(Began, IsOrphan: true), CloseDue);
        Expect(new Grace(Began, IsOrphan: true), new Look(3, 3), Began + 1_000, new Finishing(Began, IsOrphan: true), CloseDue, StopHost);
        Expect(new Grace(Began, IsOrphan: true), new Look(3, 3), Began + 200, new Finishing(Began, IsOrphan: true), new WorkerClocks(200, 30_000), CloseDue, StopHost);
        foreach (WorkerState orphan in new WorkerState[] { new Grace(Began, IsOrphan: true), new Finishing(Began, IsOrphan: true) })
        {
            Assert.Equal(1_000, Clocks.KeepAliveIn(orphan));
            Assert.Equal(200, new WorkerClocks(200, 30_000).KeepAliveIn(orphan));
        }
    }

    [Fact]
    public void A_master_that_is_lost_in_the_middle_of_a_drain_is_lost_too()
    {
        Expect(new Grace(Began), new MasterGone(), Began + 100, new Grace(Began, IsOrphan: true));
        Expect(new Finishing(Began), new MasterGone(), Began + 100, new Finishing(Began, IsOrphan: true));
        Expect(new Grace(Began, IsOrphan: true), new StopAsked(), Began + 100, new Grace(Began, IsOrphan: true));
    }

    [Fact]
    public void While_a_request_may_come_within_the_grace_the_host_is_left_alone() =>
        Expect(new Grace(Began), new Look(3, 1), Began + 4_999, new Grace(Began), CloseDue);

    [Fact]
    public void The_host_is_told_as_soon_as_no_further_request_can_come() =>
        Expect(new Grace(Began), new Look(3, 0), Began + 20, new Finishing(Began), CloseDue, StopHost);

    [Fact]
    public void The_host_is_told_when_the_grace_ends() =>
        Expect(new Grace(Began), new Look(3, 3), Began + 5_000, new Finishing(Began), CloseDue, StopHost);

    [Fact]
    public void A_graceful_timeout_shorter_than_the_grace_ends_both() =>
        Expect(new Grace(Began), new Look(3, 3), Began + 2_000, new Stopping(Began + 3_000), new WorkerClocks(5_000, 2_000),
            ListUnfinished, AbortConnections, ReleaseServer, StopHost);

    [Fact]
    public void What_runs_may_finish_until_the_graceful_timeout() =>
        Expect(new Finishing(Began), new Look(2, 0), Began + 29_999, new Finishing(Began), CloseDue);

    [Fact]
    public void When_nothing_is_left_the_server_may_stop_and_the_host_has_the_rest_of_the_time() =>
        Expect(new Finishing(Began), new Look(0, 0), Began + 700, new Stopping(Began + 31_000), ReleaseServer);

    [Fact]
    public void At_the_graceful_timeout_what_is_unfinished_is_listed_and_cut() =>
        Expect(new Finishing(Began), new Look(2, 0), Began + 30_000, new Stopping(Began + 31_000), ListUnfinished, AbortConnections, ReleaseServer);

    [Fact]
    public void Without_a_graceful_timeout_nothing_is_ever_cut()
    {
        Expect(new Finishing(Began), new Look(2, 0), Began + 86_400_000, new Finishing(Began), NoLimit, CloseDue);
        Expect(new Finishing(Began), new Look(0, 0), Began + 86_400_000, new Stopping(Began + 86_430_000), NoLimit, ReleaseServer);
    }

    [Fact]
    public void A_host_that_does_not_end_by_itself_is_ended()
    {
        Expect(new Stopping(Began), new Look(0, 0), Began - 1, new Stopping(Began));
        Expect(new Stopping(Began), new Look(0, 0), Began, new Stopping(Began), Exit);
    }

    [Fact]
    public void An_abort_cuts_without_a_list_in_every_part_of_the_drain()
    {
        var soon = new Stopping(Began + 1_000);
        Expect(new Serving(), new AbortAsked(), Began, soon, StopAccepting, SayDraining, AbortConnections, ReleaseServer, StopHost);
        Expect(new Grace(0), new AbortAsked(), Began, soon, AbortConnections, ReleaseServer, StopHost);
        Expect(new Finishing(0), new AbortAsked(), Began, soon, AbortConnections, ReleaseServer);
        Expect(new Stopping(0), new AbortAsked(), Began, new Stopping(Began), Exit);
    }

    [Fact]
    public void Asking_twice_is_asking_once()
    {
        foreach (WorkerState state in new WorkerState[] { new Grace(1), new Finishing(1), new Stopping(1) })
            Expect(state, new StopAsked(), Began, state);
    }

    [Fact]
    public void A_host_that_finishes_starting_while_it_is_stopped_takes_no_connections()
    {
        foreach (WorkerState state in new WorkerState[] { new Serving(), new Grace(1), new Finishing(1), new Stopping(1) })
            Expect(state, new Started(), Began, state);
    }

    [Fact]
    public void Every_pair_of_state_and_event_is_decided()
    {
        WorkerState[] states = [new Booting(), new Serving(), new Grace(0), new Lingering(0, 1), new Lingering(0, Began + 1), new Finishing(0), new Stopping(0)];
        WorkerEvent[] events = [new Started(), new StopAsked(), new MasterGone(), new AbortAsked(), new StopAsked(50), new Look(0, 0), new Look(2, 1), new Look(2, 0, 2)];
        foreach (var state in states)
        {
            foreach (var happened in events) WorkerTransitions.Next(state, happened, Began, Clocks);
        }
    }

    private static void Expect(WorkerState state, WorkerEvent happened, long now, WorkerState next, params WorkerAction[] actions) =>
        Expect(state, happened, now, next, Clocks, actions);

    private static void Expect(
        WorkerState state, WorkerEvent happened, long now, WorkerState next, WorkerClocks clocks, params WorkerAction[] actions)
    {
        var (nextState, done) = WorkerTransitions.Next(state, happened, now, clocks);
        Assert.Equal(next, nextState);
        Assert.Equal(actions, done);
    }
}
