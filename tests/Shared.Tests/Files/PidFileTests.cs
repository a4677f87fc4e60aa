using System.Collections.Concurrent;
using System.Net.Sockets;
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
        var first = PidFile.Create(File, 1, 1);
        using (var second = PidFile.TakeOver(File, 2, 1, "cannot write "))
        {
            Assert.Equal("2\n", Read(File));
            first.Dispose();
            Assert.Equal("2\n", Read(File));
            Assert.Throws<OperatorException>(() => PidFile.Create(File, 3, 1));
        }
        Assert.Empty(Directory.GetFileSystemEntries(_scratch.Path));
    }

    [Fact]
    public void What_cannot_be_taken_over_is_said() => Assert.Equal(
        $"cannot write {_scratch.File("no/pid")}: No such file or directory",
        Assert.Throws<OperatorException>(() => PidFile.TakeOver(_scratch.File("no/pid"), 2, 1, "cannot write ")).Message);

    /// <summary>With the rights that we would give it, or with others, which stay.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite)]
    public void A_longer_pid_from_before_is_overwritten_as_a_whole(UnixFileMode? rights)
    {
        _scratch.Write("pid", "1234567890\n");
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

    /// <summary>A path that was given by mistake: <c>--pid-file app.pdb</c>, <c>--pid /dev/null</c>.</summary>
    [Theory]
    [InlineData("pipe", "it is no regular file")]
    [InlineData("directory", "it is a directory")]
    [InlineData("socket", "it is no regular file")]
    [InlineData("link", "it is a symbolic link; name the file itself")]
    [InlineData("link to nothing", "it is a symbolic link; name the file itself")]
    [InlineData("text", "it holds something else than a pid and is not replaced; remove it or name another file")]
    [InlineData("two numbers", "it holds something else than a pid and is not replaced; remove it or name another file")]
    [InlineData("large", "it holds something else than a pid and is not replaced; remove it or name another file")]
    public async Task What_is_not_of_our_making_is_refused_and_stays(string what, string why)
    {
        var precious = _scratch.Write("precious", "7\n");
        // .NET removes the name when it is closed.
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        switch (what)
        {
            case "pipe": Assert.True((await SystemPrograms.RunAsync("mkfifo", "-m", "644", File)).IsSuccess); break;
            case "directory": Directory.CreateDirectory(File); break;
            case "socket": socket.Bind(new UnixDomainSocketEndPoint(File)); break;
            case "link": System.IO.File.CreateSymbolicLink(File, precious); break;
            case "link to nothing": System.IO.File.CreateSymbolicLink(File, _scratch.File("nothing")); break;
            case "text": _scratch.Write("pid", "BSJB\u0001 a file of symbols"); break;
            case "two numbers": _scratch.Write("pid", "1\n2\n"); break;
            default: _scratch.Write("pid", new string('1', 1 << 20)); break;
        }
        var before = (FileIdentity.Of(File), Entries());

        Assert.Equal($"failed to open file:{File}: {why}", Assert.Throws<OperatorException>(() => PidFile.RefuseForeign(File, 1)).Message);
        Assert.Equal($"failed to open file:{File}: {why}", Assert.Throws<OperatorException>(() => PidFile.Create(File, 7, 1)).Message);
        Assert.Equal($"cannot write {File}: {why}", Assert.Throws<OperatorException>(() => PidFile.TakeOver(File, 7, 1, "cannot write ")).Message);
        if (LibC.geteuid() == 0)
            Assert.Equal($"cannot write {File}: {why}", Assert.Throws<OperatorException>(() => PidFile.Create(File, 7, 1, "cannot write ", guarded: true)).Message);

        Assert.Equal(before, (FileIdentity.Of(File), Entries()));
        Assert.Equal("7\n", Read(precious));
    }

    private string Entries() => string.Join(' ', Directory.GetFileSystemEntries(_scratch.Path).Order(StringComparer.Ordinal)
        .Select(file => $"{file}:{(FileIdentity.Of(file) is { IsRegular: true } ? new FileInfo(file).Length : 0)}"));

    [Theory]
    [InlineData("")]
    [InlineData("123")]
    [InlineData(" 123\n")]
    public void What_a_server_or_an_administrator_has_left_is_replaced(string content)
    {
        _scratch.Write("pid", content);
        using (PidFile.Create(File, 7, 1)) Assert.Equal("7\n", Read(File));
        Assert.Empty(Directory.GetFileSystemEntries(_scratch.Path));
    }

    /// <summary>Nothing is removed to make room for ours.</summary>
    [Fact]
    public void A_file_with_the_name_that_a_temporary_one_used_to_have_stays()
    {
        var neighbour = _scratch.Write("pid.7", "mine\n");
        using (PidFile.Create(File, 7, 1)) PidFile.TakeOver(File, 7, 1, "cannot write ").Dispose();
        Assert.Equal("mine\n", System.IO.File.ReadAllText(neighbour));
    }

    [Fact]
    public void A_second_owner_is_refused_with_the_first_ones_pid_and_the_file_is_untouched()
    {
        using var first = PidFile.Create(File, Environment.ProcessId, 1);
        var error = Assert.Throws<OperatorException>(() => PidFile.Create(File, 5, 9));
        Assert.Equal(($"pid file {File} is locked: a server is running already (pid {Environment.ProcessId}); stop it or use another file", 9), (error.Message, error.ExitCode));
        Assert.Equal($"{Environment.ProcessId}\n", Read(File));
    }

    [Fact]
    public async Task A_process_of_our_user_that_holds_the_lock_is_named()
    {
        using var holder = await LockAsync("flock", "--close", "-x", _scratch.Write("pid", "123456789\n"));

        var error = Assert.Throws<OperatorException>(() => PidFile.Create(File, 5, 1));

        Assert.Equal($"pid file {File} is locked: process {holder.Pid} (flock) of user {LibC.getuid()} holds it; stop it or use another file", error.Message);
        Assert.Equal("123456789\n", Read(File));
    }

    /// <summary>Who may read a file may lock it: after a crash that must not keep the server from starting.</summary>
    [Theory]
    [InlineData("-x")]
    [InlineData("-s")]
    public async Task A_strangers_lock_on_a_file_that_was_left_does_not_count(string kind)
    {
        Assert.SkipUnless(LibC.geteuid() == 0, "only root may become somebody else");
        System.IO.File.SetUnixFileMode(_scratch.Path, (UnixFileMode)0x1ed);
        System.IO.File.SetUnixFileMode(_scratch.Write("pid", "123456789\n"), (UnixFileMode)0x1a4);
        using var holder = await LockAsync("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "flock", "--close", kind, File);

        using (var file = PidFile.Create(File, Environment.ProcessId, 1))
        {
            Assert.Equal($"pid file {File} was left by a server that has ended, and process {holder.Pid} (flock) of user 65534 holds a lock on it, which does not count", file.Remark);
            Assert.Equal($"{Environment.ProcessId}\n", Read(File));
            // Ours is locked as any other.
            Assert.StartsWith($"pid file {File} is locked: a server is running already (pid {Environment.ProcessId})", Assert.Throws<OperatorException>(() => PidFile.Create(File, 6, 1)).Message, StringComparison.Ordinal);
        }
        Assert.Empty(Directory.GetFileSystemEntries(_scratch.Path));
    }

    [Fact]
    public async Task Of_many_who_find_a_strangers_lock_one_gets_the_file()
    {
        Assert.SkipUnless(LibC.geteuid() == 0, "only root may become somebody else");
        System.IO.File.SetUnixFileMode(_scratch.Path, (UnixFileMode)0x1ed);
        for (var round = 0; round < 20; round++)
        {
            System.IO.File.SetUnixFileMode(_scratch.Write("pid", "123456789\n"), (UnixFileMode)0x1a4);
            using var holder = await LockAsync("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "flock", "--close", "-x", File);
            var owners = new ConcurrentBag<PidFile>();
            using var gate = new Barrier(4);
            var threads = Enumerable.Range(1, 4).Select(pid => new Thread(() =>
            {
                gate.SignalAndWait();
                // The stranger lets go in the middle of it.
                if (pid == 1 && round % 2 == 1) holder.Send(UnixSignal.Kill);
                try
                {
                    owners.Add(PidFile.Create(File, pid, 1));
                }
                catch (OperatorException)
                {
                    // Locked by another of them.
                }
            })).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());

            Assert.Single(owners).Dispose();
            Assert.Empty(Directory.GetFileSystemEntries(_scratch.Path));
        }
    }

    /// <summary>A process that has locked the file, and holds it until it is ended.</summary>
    private static async Task<ProgramUnderTest> LockAsync(string program, params string[] words)
    {
        var holder = ProgramUnderTest.Start(program, [.. words, "sh", "-c", "echo locked; sleep 1000"]);
        await holder.LineAsync("^locked$");
        return holder;
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
    public void A_place_where_no_file_can_be_made_is_named()
    {
        var path = _scratch.File("missing/pid");
        Assert.Equal($"failed to open file:{path}: No such file or directory", Assert.Throws<OperatorException>(() => PidFile.Create(path, 1, 1)).Message);
    }
}
