using StarletNet.Master.Reloading;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Reloading;

public sealed class ChangesTests
{
    [Theory]
    [InlineData("app.dll", true)]
    [InlineData("appsettings.json", true)]
    [InlineData("Program.cs", true)]
    [InlineData("Index.cshtml", true)]
    [InlineData("wwwroot", true)]
    [InlineData("Program.cs~", false)]
    [InlineData("Program.cs.bak", false)]
    [InlineData(".Program.cs.swp", false)]
    [InlineData(".#Program.cs", false)]
    [InlineData("#Program.cs#", false)]
    [InlineData("4913", false)]
    [InlineData(".git", false)]
    [InlineData("app.log", false)]
    [InlineData("app.db-wal", false)]
    public void What_editors_and_the_application_itself_leave_does_not_matter(string name, bool matters) => Assert.Equal(matters, ChangeFilter.Matters(name));

    [Theory]
    [InlineData("bin", true, false)]
    [InlineData("obj", true, false)]
    [InlineData("bin", false, true)]
    [InlineData("Pages", true, true)]
    [InlineData(".git", false, false)]
    [InlineData("node_modules", true, false)]
    public void What_a_build_writes_matters_only_where_nothing_is_built(string name, bool isSource, bool watched) =>
        Assert.Equal(watched, ChangeFilter.IsWatched(name, isSource));

    [Fact]
    public void Changes_in_a_row_are_one_half_a_second_after_the_last()
    {
        var (next, delay) = default(Debounce).Changed(At(100));
        Assert.Equal(At(0.5), delay);
        (_, delay) = next.Changed(At(100.4));
        Assert.Equal(At(0.5), delay);
    }

    [Fact]
    public void Changes_without_end_are_acted_upon_all_the_same()
    {
        var (next, _) = default(Debounce).Changed(At(100));
        (next, var delay) = next.Changed(At(109.8));
        Assert.Equal(At(0.2), delay);
        (_, delay) = next.Changed(At(111));
        Assert.Equal(TimeSpan.Zero, delay);
    }

    [Fact]
    public void Each_link_on_the_way_to_the_application_is_watched_where_it_is()
    {
        using var scratch = new ScratchDirectory();
        Directory.CreateDirectory(scratch.File("releases/41"));
        SymbolicLink.Switch(scratch.File("current"), "releases/41");

        Assert.Equal([new WatchedTree(scratch.Path, "current")], WatchedTree.LinksOf(scratch.File("current/app.dll")));
        Assert.Empty(WatchedTree.LinksOf(scratch.File("releases/41/app.dll")));
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}
