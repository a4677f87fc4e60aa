using StarletNet.Shared.Errors;
using StarletNet.Shared.Processes;
using StartServer.Listeners;

namespace StarletNet.StartServer.Tests.Listeners;

public sealed class HandedListenersTests
{
    private static readonly Listener[] Three =
        [new("8080", 7) { SystemdName = "web" }, new("[::1]:81", 50) { Promised = true }, new("/run/x", 3)];

    [Fact]
    public void Without_the_option_every_listener_keeps_its_number_and_systemds_variables_are_not_set()
    {
        var handed = new HandedListeners(Three, asSystemd: false);
        Assert.Equal([new HandedDescriptor(7, 7), new(50, 50), new(3, 3)], handed.Descriptors);
        Assert.Equal([new("SERVER_STARTER_PORT", "8080=7;[::1]:81=50;/run/x=3")], handed.Variables);
        Assert.False(handed.AsSystemd);
    }

    [Fact]
    public void With_it_they_are_consecutive_from_3_and_a_promised_one_is_at_both_numbers()
    {
        var handed = new HandedListeners(Three, asSystemd: true);
        Assert.Equal([new HandedDescriptor(7, 3), new(50, 50), new(3, 5), new(50, 4)], handed.Descriptors);
        Assert.Equal(("8080=3;[::1]:81=50;/run/x=5", "3", "web:[--1]-81:/run/x"),
            (handed.Variables["SERVER_STARTER_PORT"], handed.Variables["LISTEN_FDS"], handed.Variables["LISTEN_FDNAMES"]));
        Assert.True(handed.AsSystemd);
    }

    [Fact]
    public void Without_listeners_there_is_nothing_to_hand_over()
    {
        var handed = new HandedListeners([], asSystemd: true);
        Assert.Equal([new("SERVER_STARTER_PORT", "")], handed.Variables);
        Assert.False(handed.AsSystemd);
    }

    [Theory]
    [InlineData(null, 0, 0, "80", "81=9")]
    [InlineData(null, 0, 0, "80=3", "81=4")]
    [InlineData(null, 1, 0, "80=4")]
    [InlineData(null, 0, 0, "80=0")]
    [InlineData(4, 0, 1, "80=4")]
    [InlineData(3, 1, 0, "80=3")]
    public void A_promised_number_that_another_listener_needs_is_refused(int? refused, int before, int after, params string[] ports)
    {
        void act() => HandedListeners.RefuseOverlap([.. ports.Select(ListenSpec.Parse)], before, after);
        if (refused is null) act();
        else Assert.Contains($"--listen-fds needs descriptor {refused} for another listener", Assert.Throws<OperatorException>(act).Message, StringComparison.Ordinal);
    }
}
