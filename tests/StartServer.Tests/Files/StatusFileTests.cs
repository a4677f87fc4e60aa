using System.Text;
using StarletNet.Shared.Errors;
using StarletNet.TestKit;
using StartServer.Files;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Files;

public sealed class StatusFileTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Lines_are_in_numeric_order() => Assert.Equal(
        "2:20\n10:5\n11:4\n",
        Encoding.ASCII.GetString(StatusFile.Format([new Generation(10, 5), new Generation(2, 20), new Generation(11, 4)])));

    [Fact]
    public void Nothing_is_there_before_the_first_write_and_nothing_else_after_it()
    {
        var path = _scratch.File("status");
        var status = new StatusFile(path);
        Assert.Empty(Directory.GetFiles(_scratch.Path));
        Assert.Null(status.Write([new Generation(1, 2)]));
        Assert.Equal([path], Directory.GetFiles(_scratch.Path));
        Assert.Equal("1:2\n", File.ReadAllText(path));
    }

    [Fact]
    public void It_is_removed_only_by_who_wrote_it_last()
    {
        var path = _scratch.File("status");
        var ours = new StatusFile(path);
        new StatusFile(path).Remove();
        ours.Write([]);
        // Made while ours still exists, so that it cannot get the same inode.
        File.WriteAllText(path + ".other", "9:9\n");
        File.Move(path + ".other", path, overwrite: true);
        ours.Remove();
        Assert.True(File.Exists(path));
        ours.Write([]);
        ours.Remove();
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void A_link_in_the_way_is_replaced_and_not_followed()
    {
        var path = _scratch.File("status");
        _scratch.Write("precious", "keep me\n");
        File.CreateSymbolicLink($"{path}.{Environment.ProcessId}", _scratch.File("precious"));
        new StatusFile(path).Write([]);
        Assert.Equal("keep me\n", File.ReadAllText(_scratch.File("precious")));
        Assert.Null(new FileInfo(path).LinkTarget);
    }

    [Fact]
    public void A_place_where_no_file_can_be_made_is_known_at_once()
    {
        var path = _scratch.File("missing/status");
        var error = Assert.Throws<OperatorException>(() => new StatusFile(path));
        Assert.Equal(($"failed to open file:{path}: No such file or directory", 1), (error.Message, error.ExitCode));
    }
}
