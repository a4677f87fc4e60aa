using System.Collections.Concurrent;
using System.Runtime.Versioning;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;
using StarletNet.TestKit;

namespace StarletNet.Shared.Tests.Files;

[SupportedOSPlatform("linux")]
public sealed class PidFileTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    private string File => _scratch.File("pid");

    public void Dispose() => _scratch.Dispose();

    // File.Open asks for a lock of its own, and the owner holds an exclusive one.
    private static string Read(string path)
    {
        using var reader = new StreamReader(new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC, 0), ownsHandle: true), FileAccess.Read));
        return reader.ReadToEnd();
    }

    [Fact]
    public void It_holds_the_pid_and_goes_with_its_owner()
    {
        using (PidFile.Create(File, 4711, 1)) Assert.Equal("4711\n", Read(File));
        Assert.False(System.IO.File.Exists(File));
    }

    [Theory]
    [InlineData("4712\n")]
    [InlineData("47\n")]
    [InlineData("47111\n")]
    [InlineData("")]
    public void One_in_which_somebody_has_written_another_pid_is_left_alone(string content)
    {
        using (PidFile.Create(File, 4711, 1)) Overwrite(content);
        Assert.Equal(content, Read(File));
    }

    [Theory]
    [InlineData("4711")]
    [InlineData("4711\nmore\n")]
    public void One_in_which_our_pid_stands_in_another_way_is_still_ours(string content)
    {
        using (PidFile.Create(File, 4711, 1)) Overwrite(content);
        Assert.False(System.IO.File.Exists(File));
    }

    // The same inode, past the lock.
    private void Overwrite(string content)
    {
        using var file = new FileDescriptor(LibC.open(File, LibC.O_WRONLY | LibC.O_TRUNC | LibC.O_CLOEXEC, 0));
        Assert.Null(FileDescriptor.WriteAll(file.Number, System.Text.Encoding.ASCII.GetBytes(content)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_reads_it_while_it_is_written_finds_a_pid_or_no_file(bool isStale)
    {
        var isOver = false;
        var reader = Task.Run(() =>
        {
            var found = new SortedSet<string>(StringComparer.Ordinal);
            while (!Volatile.Read(ref isOver))
                if (ReadOrNull() is { } text) found.Add(text.Trim());
            return found;
        }, TestContext.Current.CancellationToken);

        for (var round = 0; round < 500; round++)
        {
            if (isStale) System.IO.File.Move(_scratch.Write("stale", "123456789\n"), File, overwrite: true);
            PidFile.Create(File, 7, 1).Dispose();
        }

        Volatile.Write(ref isOver, true);
        Assert.Subset(new HashSet<string> { "7", "123456789" }, await reader);
        Assert.Empty(Directory.GetFileSystemEntries(_scratch.Path));
    }

    private unsafe string? ReadOrNull()
    {
        using var file = new FileDescriptor(LibC.open(File, LibC.O_RDONLY | LibC.O_CLOEXEC, 0));
        if (file.IsInvalid) return null;
        var buffer = stackalloc byte[64];
        return System.Text.Encoding.ASCII.GetString(buffer, (int)LibC.read(file.Number, buffer, 64));
    }

    [Fact]
    public void One_that_somebody_has_removed_is_nothing_to_complain_of()
    {
        using var file = PidFile.Create(File, 4711, 1);
        System.IO.File.Delete(File);
    }

    [Fact]
    public void A_successor_takes_it_over_in_one_step_and_the_predecessor_leaves_it_alone()
    {
        System.IO.File.CreateSymbolicLink(_scratch.File("link"), File);
        var first = PidFile.Create(_scratch.File("link"), 1, 1);
        using (var second = PidFile.TakeOver(_scratch.File("link"), 2, 1, "cannot write "))
        {
            Assert.Equal("2\n", Read(File));
            first.Dispose();
            Assert.Equal("2\n", Read(File));
            Assert.Throws<OperatorException>(() => PidFile.Create(File, 3, 1));
        }
        Assert.Equal(["link"], Directory.GetFileSystemEntries(_scratch.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void What_cannot_be_taken_over_is_said() => Assert.Equal(
        $"cannot write {_scratch.File("no/pid")}: No such file or directory",
        Assert.Throws<OperatorException>(() => PidFile.TakeOver(_scratch.File("no/pid"), 2, 1, "cannot write ")).Message);

    [Fact]
    public void Links_that_go_round_in_a_ring_are_said_and_end_nothing()
    {
        var file = PidFile.Create(File, 1, 1);
        System.IO.File.Delete(File);
        System.IO.File.CreateSymbolicLink(File, File);
        Assert.StartsWith($"cannot follow the link {File}: ", Assert.Throws<OperatorException>(() => PidFile.TakeOver(File, 2, 1, "cannot write ")).Message);
        // It is not its own any more.
        file.Dispose();
        Assert.NotNull(new FileInfo(File).LinkTarget);
    }

    /// <summary>With the rights that we would give it, or with others, which stay.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite)]
    public void A_longer_pid_from_before_is_overwritten_as_a_whole(UnixFileMode? rights)
    {
        _scratch.Write("pid", "123456789\nmore\n");
        if (rights is { } mode) System.IO.File.SetUnixFileMode(File, mode);
        var before = System.IO.File.GetUnixFileMode(File);
        using (PidFile.Create(File, 7, 1))
        {
            Assert.Equal("7\n", Read(File));
            Assert.Equal(before, System.IO.File.GetUnixFileMode(File));
            Assert.Throws<OperatorException>(() => PidFile.Create(File, 8, 1));
        }
        Assert.Empty(Directory.GetFileSystemEntries(_scratch.Path));
    }

    [Fact]
    public void Of_many_who_find_one_that_is_left_one_gets_it()
    {
        for (var round = 0; round < 100; round++)
        {
            _scratch.Write("pid", "123456789\n");
            var owners = new ConcurrentBag<(int Pid, PidFile File)>();
            // Threads of their own, and all at once.
            using var gate = new Barrier(4);
            var threads = Enumerable.Range(1, 4).Select(pid => new Thread(() =>
            {
                gate.SignalAndWait();
                try
                {
                    owners.Add((pid, PidFile.Create(File, pid, 1)));
                }
                catch (OperatorException)
                {
                    // Locked by another of them.
                }
            })).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());

            var owner = Assert.Single(owners);
            Assert.Equal($"{owner.Pid}\n", Read(File));
            owner.File.Dispose();
            Assert.Empty(Directory.GetFileSystemEntries(_scratch.Path));
        }
    }

    [Fact]
    public async Task A_pipe_or_a_device_is_never_replaced_by_a_file()
    {
        System.IO.File.Delete(File);
        Assert.True((await SystemPrograms.RunAsync("mkfifo", "-m", "644", File)).IsSuccess);
        Assert.Equal($"failed to write file:{File}: Invalid argument", Assert.Throws<OperatorException>(() => PidFile.Create(File, 7, 1)).Message);
        Assert.Equal($"cannot write {File}: it is no regular file", Assert.Throws<OperatorException>(() => PidFile.TakeOver(File, 7, 1, "cannot write ")).Message);
        Assert.True(FileIdentity.Of(File)!.Value.IsPipe);
        Assert.Equal(["pid"], Directory.GetFileSystemEntries(_scratch.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_second_owner_is_refused_with_the_first_ones_pid_and_the_file_is_untouched()
    {
        using var first = PidFile.Create(File, 4711, 1);
        var error = Assert.Throws<OperatorException>(() => PidFile.Create(File, 5, 9));
        Assert.Equal(($"pid file {File} is locked: a server is running already (pid 4711); stop it or use another file", 9), (error.Message, error.ExitCode));
        Assert.Equal("4711\n", Read(File));
    }

    [Fact]
    public void A_file_that_took_its_place_is_left_alone()
    {
        var first = PidFile.Create(File, 1, 1);
        System.IO.File.Move(File, File + ".away");
        using var second = PidFile.Create(File, 2, 1);
        first.Dispose();
        Assert.Equal("2\n", Read(File));
    }

    [Fact]
    public void A_symbolic_link_is_followed()
    {
        System.IO.File.CreateSymbolicLink(File, _scratch.File("target"));
        using (PidFile.Create(File, 3, 1)) Assert.Equal("3\n", Read(_scratch.File("target")));
        // The file goes; the link is somebody else's.
        Assert.False(System.IO.File.Exists(_scratch.File("target")));
        Assert.NotNull(new FileInfo(File).LinkTarget);
    }

    [Fact]
    public void A_place_where_no_file_can_be_made_is_named()
    {
        var path = _scratch.File("missing/pid");
        Assert.Equal($"failed to open file:{path}: No such file or directory", Assert.Throws<OperatorException>(() => PidFile.Create(path, 1, 1)).Message);
    }
}
