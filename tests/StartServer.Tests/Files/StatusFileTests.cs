using System.Text;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
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

    /// <summary><c>--status-file /dev/null</c>, by root.</summary>
    [Theory]
    [InlineData("pipe", "it is no regular file")]
    [InlineData("device", "it is no regular file")]
    [InlineData("link", "it is a symbolic link; name the file itself")]
    [InlineData("text", "it holds something else than GENERATION:PID lines and is not replaced; remove it or name another file")]
    public async Task What_is_not_of_our_making_is_refused_and_stays(string what, string why)
    {
        var (path, precious) = (_scratch.File("status"), _scratch.Write("precious", "1:2\n"));
        switch (what)
        {
            case "pipe": Assert.True((await SystemPrograms.RunAsync("mkfifo", path)).IsSuccess); break;
            case "device":
                Assert.SkipUnless((await SystemPrograms.RunAsync("mknod", path, "c", "1", "3")).IsSuccess, "only root may make a device");
                break;
            case "link": File.CreateSymbolicLink(path, precious); break;
            default: _scratch.Write("status", "1:2\nnot ours\n"); break;
        }
        var before = FileIdentity.Of(path);

        var error = Assert.Throws<OperatorException>(() => new StatusFile(path));
        Assert.Equal(($"failed to open file:{path}: {why}", 1), (error.Message, error.ExitCode));
        Assert.Equal(before, FileIdentity.Of(path));
        Assert.Equal(2, Directory.GetFileSystemEntries(_scratch.Path).Length);

        // One that comes there while we run.
        File.Move(path, path + ".away");
        var status = new StatusFile(path);
        File.Move(path + ".away", path);
        Assert.Equal(why, status.Write([new Generation(1, 2)]));
        status.Remove();
        Assert.Equal(before, FileIdentity.Of(path));
        Assert.Equal("1:2\n", File.ReadAllText(precious));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1:2\n3:4\n")]
    [InlineData("11:4\n2:20\n")]
    public void What_an_earlier_server_has_left_is_replaced(string content)
    {
        var path = _scratch.Write("status", content);
        var status = new StatusFile(path);
        Assert.Null(status.Write([new Generation(1, 2)]));
        Assert.Equal("1:2\n", File.ReadAllText(path));
        status.Remove();
        Assert.Empty(Directory.GetFileSystemEntries(_scratch.Path));
    }

    [Fact]
    public void A_place_where_no_file_can_be_made_is_known_at_once()
    {
        var path = _scratch.File("missing/status");
        var error = Assert.Throws<OperatorException>(() => new StatusFile(path));
        Assert.Equal(($"failed to open file:{path}: No such file or directory", 1), (error.Message, error.ExitCode));
    }
}
