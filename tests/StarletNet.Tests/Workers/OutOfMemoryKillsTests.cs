using StarletNet.Master.Workers;
using StarletNet.Shared.Processes;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Workers;

/// <summary>A file system of its own stands for the machine's.</summary>
public sealed class OutOfMemoryKillsTests : IDisposable
{
    private static readonly ChildExit Killed = new(9), Terminated = new(15), Failed = new(9 << 8);

    private readonly ScratchDirectory _root = new();

    public void Dispose() => _root.Dispose();

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_root.File(path))!);
        _root.Write(path, text);
    }

    private void Machine(string groups, string mount)
    {
        Write("proc/self/cgroup", groups);
        Write("proc/self/mountinfo", mount + "\n");
    }

    private void Version2(int kills)
    {
        Machine("0::/app.service\n", "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate");
        Write("sys/fs/cgroup/app.service/memory.events", $"low 0\nhigh 0\nmax 7\noom 3\noom_kill {kills}\noom_group_kill 0\n");
    }

    [Fact]
    public void A_worker_that_died_by_KILL_when_the_counter_rose_was_probably_killed_for_its_memory()
    {
        Version2(4);
        var kills = new OutOfMemoryKills(_root.File(""));
        Assert.Null(kills.Killer(Killed));

        Version2(5);
        Assert.Null(kills.Killer(Terminated));
        Assert.Null(kills.Killer(Failed));
        Assert.Equal($"probably the out-of-memory killer (oom_kill in {_root.File("sys/fs/cgroup/app.service/memory.events")} is 5)", kills.Killer(Killed));
        // Each kill explains one death.
        Assert.Null(kills.Killer(Killed));
    }

    [Fact]
    public void Two_kills_before_the_first_is_looked_at_explain_two_deaths()
    {
        Version2(0);
        var kills = new OutOfMemoryKills(_root.File(""));
        Version2(2);

        Assert.NotNull(kills.Killer(Killed));
        Assert.NotNull(kills.Killer(Killed));
        Assert.Null(kills.Killer(Killed));
    }

    [Fact]
    public void Version_1_counts_in_another_file()
    {
        Machine("4:memory:/app\n", "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory");
        Write("sys/fs/cgroup/memory/app/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
        var kills = new OutOfMemoryKills(_root.File(""));
        Write("sys/fs/cgroup/memory/app/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");

        Assert.NotNull(kills.Killer(Killed));
    }

    [Fact]
    public void Without_a_counter_nothing_is_said()
    {
        Assert.Null(new OutOfMemoryKills(_root.File("")).Killer(Killed));
        Machine("0::/app.service\n", "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate");
        Assert.Null(new OutOfMemoryKills(_root.File("")).Killer(Killed));
    }
}
