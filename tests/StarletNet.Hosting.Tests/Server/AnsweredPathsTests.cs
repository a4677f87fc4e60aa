using StarletNet.Hosting.Server;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Server;

public sealed class AnsweredPathsTests
{
    private readonly AnsweredPaths _paths = new();

    [Fact]
    public void The_most_answered_are_reported_once()
    {
        for (var path = 0; path < 20; path++)
        {
            for (var time = 0; time <= path; time++) _paths.Count($"/{path:00}");
        }

        Assert.Equal("/10,/11,/12,/13,/14,/15,/16,/17,/18,/19", _paths.Report(10_000));
        Assert.Null(_paths.Report(20_000));
        _paths.Count("/new");
        Assert.Null(_paths.Report(30_000));
    }

    [Theory]
    [InlineData("/a?b=c")]
    [InlineData("/a,b")]
    [InlineData("/a b")]
    [InlineData("*")]
    [InlineData("http://host/a")]
    [InlineData("")]
    public void What_cannot_be_asked_again_is_not_counted(string target)
    {
        _paths.Count(target);
        Assert.False(_paths.Report(10_000) is { Length: > 0 });
        Assert.Empty(WarmUpPaths.Parse(target is "/a,b" ? "a" : target));
    }

    [Fact]
    public void Frequent_paths_survive_a_flood_of_rare_ones()
    {
        for (var time = 0; time < 100; time++) _paths.Count("/often");
        for (var path = 0; path < 3 * AnsweredPaths.MostCounted; path++) _paths.Count($"/rare/{path}");

        Assert.Contains("/often", _paths.Report(10_000)!.Split(','));
    }

    [Fact]
    public void What_another_process_sends_is_checked()
    {
        Assert.Equal(["/a", "/b"], WarmUpPaths.Parse("/a,,x,/b,/c d,/a," + new string('/', 300)));
        Assert.Equal(WarmUpPaths.Most, WarmUpPaths.Parse(string.Join(',', Enumerable.Range(0, 100).Select(number => $"/{number}"))).Count);
    }
}
