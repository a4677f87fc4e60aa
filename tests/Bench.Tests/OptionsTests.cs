namespace StarletNet.Bench.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void By_default_everything_takes_part_in_five_rounds_of_three_seconds()
    {
        var options = Parse();

        Assert.Equal((5, 3, false, false), (options.Rounds, options.Seconds, options.Quick, options.Readme));
        Assert.Equal(31, options.Scenarios.Count);
        Assert.Contains(options.Peers, peer => peer.Name == "starletnet-inline-4");
        Assert.Contains(options.Peers, peer => peer.Name == "starman");
        Assert.Equal("/root/out/bench", options.Output);
    }

    [Fact]
    public void Quick_is_one_short_round_with_few_servers_unless_told_otherwise()
    {
        var options = Parse("--quick");
        Assert.Equal((1, 1), (options.Rounds, options.Seconds));
        Assert.Equal(26, options.Scenarios.Count);
        Assert.Contains(Parse("--quick", "--only=self").Scenarios, scenario => scenario.Name == "self");
        Assert.Equal(["starletnet-inline-2", "kestrel", "nginx", "limit-2"], options.Peers.Select(peer => peer.Name));

        var more = Parse("--quick", "--rounds", "2", "--peers=starlet,starman");
        Assert.Equal((2, 2), (more.Rounds, more.Peers.Count));
    }

    [Fact]
    public void Names_may_hold_stars_and_keep_the_order_of_the_programme() =>
        Assert.Equal(["hello-1", "hello-32", "hello-256", "hello-4096", "json"], Parse("--only", "json,hello-*").Scenarios.Select(scenario => scenario.Name));

    [Fact]
    public void With_two_processors_no_server_is_there_twice()
    {
        var names = BenchOptions.Parse([], "/root", processors: 2).Peers.Select(peer => peer.Name).ToList();
        Assert.Equal(names.Distinct(), names);
    }

    [Theory]
    [InlineData("--onyl=x", "unknown option --onyl")]
    [InlineData("--only=hello", "--only hello: there is none")]
    [InlineData("--peers=hello.32", "--peers hello.32: there is none")]
    [InlineData("--rounds=0", "--rounds 0: a whole number")]
    [InlineData("--seconds=1.5", "--seconds 1.5: a whole number")]
    [InlineData("--rounds", "--rounds needs a value")]
    [InlineData("--quick=1", "unknown option --quick")]
    public void Bad_usage_is_named(string argument, string message) =>
        Assert.StartsWith(message, Assert.Throws<FormatException>(() => Parse(argument)).Message);

    private static BenchOptions Parse(params string[] arguments) => BenchOptions.Parse(arguments, "/root", processors: 4);
}
