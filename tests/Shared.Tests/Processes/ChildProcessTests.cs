using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StarletNet.TestKit;

namespace StarletNet.Shared.Tests.Processes;

public sealed partial class ChildProcessTests : IDisposable
{
    internal static readonly string LauncherPath = Path.Combine(AppContext.BaseDirectory, "StarletNet.TestChild");

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    /// <summary>What a child of ours needs to get to its program: the launcher is a .NET program here.</summary>
    internal static Dictionary<string, string> BareEnvironment
    {
        get
        {
            var bare = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")! };
            if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { } root) bare["DOTNET_ROOT"] = root;
            return bare;
        }
    }

    private static ChildSpec Perl(string script, params string[] arguments) => new()
    {
        Program = "perl",
        Arguments = ["-e", script, .. arguments],
        Environment = BareEnvironment,
        LauncherPath = LauncherPath,
    };

    /// <summary>Runs a child to its end; what it wrote to stdout, how it ended, and why it was not launched.</summary>
    private (string[] Lines, ChildExit Exit, LaunchFailure? Failure, int Pid) Run(ChildSpec spec)
    {
        var (read, write) = FileDescriptor.Pipe();
        using (read)
        {
            ChildProcess child;
            using (write) child = ChildProcess.Start(spec with { Descriptors = [.. spec.Descriptors, new HandedDescriptor(write.Number, 1)] });
            using var stream = new FileStream(new SafeFileHandle(read.Number, ownsHandle: false), FileAccess.Read);
            var lines = new StreamReader(stream).ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return (lines, Reap(child.Pid), child.TakeLaunchFailure(), child.Pid);
        }
    }

    private static unsafe ChildExit Reap(int pid)
    {
        int status;
        Assert.Equal(pid, (int)LibC.wait4(pid, &status, 0, null));
        return new ChildExit(status);
    }

    [Fact]
    public void The_exit_of_a_child_is_reported()
    {
        var (_, exit, failure, _) = Run(Perl("exit 3"));
        Assert.Equal((768, 3, null), (exit.RawStatus, exit.Code, failure));
        Assert.Equal(Signal.Kill, Run(Perl("kill 9, $$; sleep 60")).Exit.Signal);
    }

    [Fact]
    public void Descriptors_arrive_at_their_numbers_also_when_they_change_places_and_no_others_come_along()
    {
        using var a = At(310, "a");
        using var b = At(311, "b");
        using var c = At(312, "c");
        using var d = At(313, "d");
        var spec = Perl("opendir(my $d, '/proc/self/fd'); print map { \"$_ \" . readlink(\"/proc/self/fd/$_\") . \"\\n\" } grep { /\\d/ && $_ != fileno $d } readdir $d") with
        {
            Descriptors = [new(310, 311), new(311, 310), new(312, 312)],
        };
        // The list itself holds a descriptor of the directory it reads; perl opens it without one of ours in its way.
        var found = Run(spec).Lines.Select(line => line.Split(' ')).ToDictionary(part => int.Parse(part[0]), part => part[1]);
        Assert.Equal((_scratch.File("b"), _scratch.File("a"), _scratch.File("c")), (found[310], found[311], found[312]));
        var mayBeThere = found.Keys.Where(number => number <= 2 || LibC.fcntl(number, LibC.F_GETFD, 0) == 0);
        Assert.Equal([310, 311, 312], found.Keys.Except(mayBeThere).Order());
    }

    private FileDescriptor At(int number, string name)
    {
        using var file = File.Create(_scratch.File(name));
        var copy = FileDescriptor.Duplicate((int)file.SafeFileHandle.DangerousGetHandle(), number);
        Assert.Equal(number, copy.Number);
        return copy;
    }

    [Fact]
    public void The_environment_is_the_given_one_and_nothing_else()
    {
        var environment = new Dictionary<string, string>(BareEnvironment) { ["ONE"] = "1=x y", ["EMPTY"] = "", ["ÜML"] = "ä" };
        var lines = Run(Perl("print map { \"$_=$ENV{$_}\\n\" } sort keys %ENV") with { Environment = environment }).Lines;
        Assert.Equal(environment.Select(v => $"{v.Key}={v.Value}").Order(StringComparer.Ordinal), lines.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Listen_pid_is_the_childs_own()
    {
        var (lines, _, _, pid) = Run(Perl("print \"$ENV{LISTEN_PID} $$\"") with { SetListenPid = true });
        Assert.Equal($"{pid} {pid}", lines.Single());
    }

    [Fact]
    public void Arguments_arrive_as_they_are_and_argv_0_is_the_title()
    {
        const string script = "open(my $f, '<', '/proc/self/cmdline'); local $/; print join(\"\\n\", split(/\\0/, <$f>, -1))";
        var lines = Run(Perl(script, "a b", "$HOME", "ä", "*") with { Title = "renamed" }).Lines;
        Assert.Equal("renamed", lines[0]);
        Assert.Equal(["a b", "$HOME", "ä", "*"], lines[^4..]);
    }

    [Fact]
    public void The_program_is_looked_up_in_the_childs_path_after_the_change_of_directory()
    {
        Directory.CreateDirectory(_scratch.File("there"));
        _scratch.Write("there/tool", "#!/bin/sh\necho tool in $(pwd)\n", executable: true);
        var spec = Perl("") with { Program = "tool", Arguments = [], WorkingDirectory = _scratch.File("there") };
        var path = BareEnvironment["PATH"];
        Assert.Equal($"tool in {_scratch.File("there")}", Run(spec with { Environment = new Dictionary<string, string>(BareEnvironment) { ["PATH"] = $"{path}:." } }).Lines.Single());
        Assert.Equal($"tool in {_scratch.File("there")}", Run(spec with { Program = "./tool" }).Lines.Single());
        Assert.Equal(new LaunchFailure(LaunchStep.Execute, Errno.ENOENT), Run(spec).Failure);
    }

    [Theory]
    [InlineData("Inherited")]
    [InlineData("OwnGroup")]
    [InlineData("OwnSession")]
    public void Group_and_session_are_as_asked(string scope)
    {
        var ours = ProcessEntry.Read(Environment.ProcessId)!;
        var (lines, _, _, pid) = Run(Perl("open(my $f, '<', '/proc/self/stat'); print join(' ', (split ' ', <$f>)[4, 5])") with { Scope = Enum.Parse<ProcessScope>(scope) });
        Assert.Equal(scope switch
        {
            "Inherited" => $"{ours.Group} {ours.Session}",
            "OwnGroup" => $"{pid} {ours.Session}",
            _ => $"{pid} {pid}",
        }, lines.Single());
    }

    [Fact]
    public void No_signal_is_blocked_or_ignored_whatever_the_parent_does()
    {
        using var blocked = new BlockedSignal(12);
        new Signal(23).Ignore(); // URG: nobody here needs it
        var lines = Run(Perl("") with { Program = "grep", Arguments = ["^Sig", "/proc/self/status"] }).Lines;
        new Signal(23).StopIgnoring();
        Assert.Equal(0UL, Mask(lines, "SigBlk"));
        // 32 and 33 are glibc's own and cannot be reset by anyone else. SIGPIPE, which .NET ignores, is the one that matters.
        Assert.Equal(0UL, Mask(lines, "SigIgn") & ~(3UL << 31));
    }

    private static ulong Mask(string[] lines, string name) => Convert.ToUInt64(lines.Single(line => line.StartsWith(name, StringComparison.Ordinal))[8..], 16);

    [Fact]
    public void A_launch_that_fails_says_at_which_step_and_why()
    {
        var spec = Perl("");
        _scratch.Write("plain", "no program");
        Assert.Equal(new LaunchFailure(LaunchStep.Execute, Errno.ENOENT), Failed(spec with { Program = _scratch.File("missing") }));
        Assert.Equal(new LaunchFailure(LaunchStep.Execute, Errno.EACCES), Failed(spec with { Program = _scratch.File("plain") }));
        Assert.Equal(new LaunchFailure(LaunchStep.ChangeDirectory, Errno.ENOENT), Failed(spec with { WorkingDirectory = _scratch.File("missing") }));
        Assert.Equal(new LaunchFailure(LaunchStep.ChangeDirectory, Errno.ENOTDIR), Failed(spec with { WorkingDirectory = _scratch.File("plain") }));
    }

    private LaunchFailure? Failed(ChildSpec spec)
    {
        var (_, exit, failure, _) = Run(spec);
        Assert.Equal(255, exit.Code);
        return failure;
    }

    [Fact]
    public void Without_a_launcher_there_is_no_process()
    {
        var error = Assert.Throws<SystemCallException>(() => ChildProcess.Start(Perl("") with { LauncherPath = _scratch.File("missing") }));
        Assert.Equal(("posix_spawn", Errno.ENOENT), (error.Call, error.Errno));
    }

    /// <summary>A signal blocked in this thread, which is the one that spawns.</summary>
    private sealed unsafe partial class BlockedSignal : IDisposable
    {
        private readonly ulong[] _set = new ulong[16];

        internal BlockedSignal(int number)
        {
            _set[0] = 1UL << (number - 1);
            Change(0);
        }

        public void Dispose() => Change(1);

        private void Change(int how)
        {
            fixed (ulong* set = _set) Assert.Equal(0, pthread_sigmask(how, set, null));
        }

        [LibraryImport("libc")]
        private static partial int pthread_sigmask(int how, ulong* set, ulong* old);
    }
}
