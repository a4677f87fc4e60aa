using StarletNet.Master.Workers;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Workers;

/// <summary>A file system of its own stands for the machine's.</summary>
public sealed class ContainerMemoryTests : IDisposable
{
    private const string Version2 = "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate";
    private const string Version1 = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory";
    private const string OtherController = "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu";

    private readonly ScratchDirectory _root = new();

    public ContainerMemoryTests() => Write("proc/meminfo", "MemTotal:        8388608 kB\nMemFree:          100 kB\n");

    public void Dispose() => _root.Dispose();

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_root.File(path))!);
        _root.Write(path, text);
    }

    private void Machine(string groups, params string[] mounts)
    {
        Write("proc/self/cgroup", groups);
        Write("proc/self/mountinfo", string.Join('\n', mounts.Prepend("23 1 8:1 / / rw - ext4 /dev/sda1 rw")) + "\n");
    }

    private ContainerMemory? Find() => ContainerMemory.Find(_root.File(""));

    [Fact]
    public void The_limit_of_a_container_that_sees_only_itself()
    {
        Machine("0::/\n", Version2);
        Write("sys/fs/cgroup/memory.max", "536870912\n");

        Assert.Equal(new ContainerMemory(512 << 20, "/sys/fs/cgroup/memory.max"), Find());
    }

    [Fact]
    public void The_smallest_of_the_own_group_and_those_above_it()
    {
        Machine("0::/system.slice/app.service\n", Version2);
        Write("sys/fs/cgroup/system.slice/app.service/memory.max", "max\n");
        Assert.Null(Find());

        Write("sys/fs/cgroup/system.slice/memory.max", "1073741824\n");
        Assert.Equal(new ContainerMemory(1 << 30, "/sys/fs/cgroup/system.slice/memory.max"), Find());

        Write("sys/fs/cgroup/system.slice/app.service/memory.max", "104857600\n");
        Assert.Equal(new ContainerMemory(100 << 20, "/sys/fs/cgroup/system.slice/app.service/memory.max"), Find());
        // A group beside ours is not ours.
        Write("sys/fs/cgroup/system.slice/other.service/memory.max", "1048576\n");
        Assert.Equal(100 << 20, Find()!.Bytes);
    }

    [Fact]
    public void Version_1_has_a_tree_of_its_own_for_memory()
    {
        Machine("4:memory:/docker/abc\n3:cpuset:/docker/abc\n0::/\n", OtherController, Version1);
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        Assert.Null(Find());

        Write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "268435456\n");
        Assert.Equal(new ContainerMemory(256 << 20, "/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes"), Find());
    }

    [Fact]
    public void A_mount_of_a_part_of_the_tree_begins_at_that_part()
    {
        Machine("4:memory:/docker/abc/inner\n", "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory");
        Write("sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "9223372036854771712\n");
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "67108864\n");

        Assert.Equal(new ContainerMemory(64 << 20, "/sys/fs/cgroup/memory/memory.limit_in_bytes"), Find());
    }

    [Theory]
    [InlineData("8589934592", true)]
    [InlineData("8589934591", false)]
    public void A_limit_of_all_that_the_machine_has_is_none(string limit, bool isNone)
    {
        Machine("0::/\n", Version2);
        Write("sys/fs/cgroup/memory.max", limit);

        Assert.Equal(isNone, Find() is null);
    }

    [Theory]
    [InlineData("0::/../other\n")]
    [InlineData("0::/gone/away\n")]
    public void A_group_that_cannot_be_seen_is_not_looked_for_elsewhere(string group)
    {
        Machine(group, Version2);
        Write("sys/fs/other/memory.max", "1048576");
        Write("sys/fs/cgroup/memory.max", "1073741824");

        Assert.Equal("/sys/fs/cgroup/memory.max", Find()!.File);
    }

    [Fact]
    public void Without_proc_nothing_is_known() => Assert.Null(Find());
}
