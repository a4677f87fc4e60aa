using StarletNet.Hosting.Worker;
using static StarletNet.Hosting.Worker.WorkerAction;
using static StarletNet.Hosting.Worker.WorkerEvent;
using static StarletNet.Hosting.Worker.WorkerState;

namespace StarletNet.Hosting.Tests.Worker;

/// <summary>Upgraded connections that may stay after a deploy; 10 minutes in these tests.</summary>
public sealed class LingeringTests
{
    private const long Began = 100_000, Stay = 600_000, Until = Began + Stay;
    private static readonly WorkerClocks Clocks = new(KeepAlive: 5_000, Graceful: 30_000);

    [Fact]
    public void A_drain_may_say_how_long_upgraded_connections_stay()
    {
        Expect(new Serving(), new StopAsked(Stay), Began, new Grace(Began, StayUntil: Until), StopAccepting, SayDraining, CloseDue);
        Expect(new Booting(), new StopAsked(Stay), Began, new Stopping(Began), SayDraining, ReleaseServer, Exit);
    }

    [Fact]
    public void They_keep_the_host_from_being_stopped_where_the_grace_would_end()
    {
        Expect(new Grace(Began, StayUntil: Until), new Look(3, 1, 1), Began + 20, new Grace(Began, StayUntil: Until), CloseDue);
        Expect(new Grace(Began, StayUntil: Until), new Look(3, 0, 1), Began + 20, new Lingering(Began, Until), CloseDue);
        Expect(new Grace(Began, StayUntil: Until), new Look(3, 2, 1), Began + 5_000, new Lingering(Began, Until), CloseDue);
    }

    [Fact]
    public void A_graceful_timeout_shorter_than_the_grace_cuts_requests_and_not_what_stays()
    {
        var clocks = new WorkerClocks(5_000, 2_000);
        Expect(new Grace(Began, StayUntil: Until), new Look(3, 2, 1), Began + 2_000, new Lingering(Began, Until), clocks, CloseDue);
        Expect(new Lingering(Began, Until), new Look(3, 2, 1), Began + 2_020, new Lingering(Began, Until, IsCut: true), clocks, CloseDue, CutRequests);
    }

    [Fact]
    public void Without_any_the_drain_goes_on_as_ever()
    {
        Expect(new Grace(Began, StayUntil: Until), new Look(3, 0, 0), Began + 20, new Finishing(Began), CloseDue, StopHost);
        Expect(new Grace(Began, StayUntil: Began + 1_000), new Look(3, 3, 1), Began + 5_000, new Finishing(Began), CloseDue, StopHost);
        Expect(new Grace(Began), new Look(3, 0, 3), Began + 20, new Finishing(Began), CloseDue, StopHost);
    }

    [Fact]
    public void Their_number_is_told_once_nothing_else_is_left_and_then_once_a_second_if_it_changes()
    {
        Expect(new Lingering(Began, Until), new Look(3, 0, 2), Began + 200, new Lingering(Began, Until), CloseDue);
        var told = new Lingering(Began, Until, Told: 2, ToldAt: Began + 400);
        Expect(new Lingering(Began, Until), new Look(2, 0, 2), Began + 400, told, CloseDue, SayLingering);
        Expect(told, new Look(2, 0, 2), Began + 9_000, told, CloseDue);
        Expect(told, new Look(1, 0, 1), Began + 1_399, told, CloseDue);
        Expect(told, new Look(1, 0, 1), Began + 1_400, told with { Told = 1, ToldAt = Began + 1_400 }, CloseDue, SayLingering);
    }

    [Fact]
    public void Requests_that_are_unfinished_at_the_graceful_timeout_are_cut_once()
    {
        Expect(new Lingering(Began, Until), new Look(3, 0, 2), Began + 29_999, new Lingering(Began, Until), CloseDue);
        Expect(new Lingering(Began, Until), new Look(3, 0, 2), Began + 30_000, new Lingering(Began, Until, IsCut: true), CloseDue, CutRequests);
        Expect(new Lingering(Began, Until, IsCut: true), new Look(3, 0, 2), Began + 30_200, new Lingering(Began, Until, IsCut: true), CloseDue);
    }

    [Fact]
    public void When_their_time_is_over_they_get_the_whole_graceful_timeout_for_their_goodbye()
    {
        var told = new Lingering(Began, Until, IsCut: true, Told: 2, ToldAt: Began);
        Expect(told, new Look(2, 0, 2), Until - 1, told, CloseDue);
        Expect(told, new Look(2, 0, 2), Until, new Finishing(Until), SayLingering, CloseDue, StopHost);
        Expect(new Finishing(Until), new Look(2, 0, 2), Until + 29_999, new Finishing(Until), CloseDue);
    }

    [Fact]
    public void When_the_last_has_gone_the_host_is_stopped_with_all_its_time()
    {
        Expect(new Lingering(Began, Until, Told: 1), new Look(0, 0, 0), Began + 90_000, new Finishing(Began + 90_000), SayLingering, CloseDue, StopHost);
        Expect(new Lingering(Began, Until), new Look(1, 0, 0), Began + 90_000, new Finishing(Began + 90_000), CloseDue, StopHost);
    }

    [Fact]
    public void A_stop_ends_their_stay_at_once_and_another_deploy_can_only_shorten_it()
    {
        var told = new Lingering(Began, Until, Told: 2, ToldAt: Began);
        Expect(told, new StopAsked(), Began + 50, new Finishing(Began + 50), SayLingering, CloseDue, StopHost);
        Expect(told, new StopAsked(Stay), Began + 50, told);
        Expect(told, new StopAsked(1_000), Began + 50, told with { StayUntil = Began + 1_050 });
        Expect(new Grace(Began, StayUntil: Until), new StopAsked(), Began + 50, new Grace(Began));
        Expect(new Grace(Began, StayUntil: Until), new StopAsked(Stay), Began + 50, new Grace(Began, StayUntil: Until));
        // Nor does a deploy bring back what a stop has ended.
        Expect(new Grace(Began), new StopAsked(Stay), Began + 50, new Grace(Began));
    }

    [Fact]
    public void Without_a_master_they_do_not_stay()
    {
        Expect(new Lingering(Began, Until), new MasterGone(), Began + 50, new Finishing(Began + 50, IsOrphan: true), CloseDue, StopHost);
        Expect(new Grace(Began, StayUntil: Until), new MasterGone(), Began + 50, new Grace(Began, IsOrphan: true));
    }

    [Fact]
    public void An_abort_cuts_them_too() =>
        Expect(new Lingering(Began, Until), new AbortAsked(), Began, new Stopping(Began + 1_000), AbortConnections, ReleaseServer, StopHost);

    private static void Expect(WorkerState state, WorkerEvent happened, long now, WorkerState next, params WorkerAction[] actions) =>
        Expect(state, happened, now, next, Clocks, actions);

    private static void Expect(WorkerState state, WorkerEvent happened, long now, WorkerState next, WorkerClocks clocks, params WorkerAction[] actions)
    {
        var (nextState, done) = WorkerTransitions.Next(state, happened, now, clocks);
        Assert.Equal(next, nextState);
        Assert.Equal(actions, done);
    }
}
