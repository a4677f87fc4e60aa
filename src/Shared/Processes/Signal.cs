using System.Globalization;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Processes;

/// <summary>A Linux signal; two are equal when their numbers are. Numbers are those of x86-64 and arm64.</summary>
internal readonly record struct Signal(int Number)
{
    internal static readonly Signal Hup = new(1);
    internal static readonly Signal Int = new(2);
    internal static readonly Signal Quit = new(3);
    internal static readonly Signal Abrt = new(6);
    internal static readonly Signal Kill = new(9);
    internal static readonly Signal Usr1 = new(10);
    internal static readonly Signal Usr2 = new(12);
    internal static readonly Signal Pipe = new(13);
    internal static readonly Signal Alrm = new(14);
    internal static readonly Signal Term = new(15);
    internal static readonly Signal Chld = new(17);
    internal static readonly Signal Xfsz = new(25);
    internal static readonly Signal Ttin = new(21);
    internal static readonly Signal Ttou = new(22);
    internal static readonly Signal Winch = new(28);

    /// <summary>
    /// SIGRTMIN+3, by which systemd and container runtimes ask the first process of a container to stop (systemd(1)). Here it means what TERM means.
    /// </summary>
    internal static readonly Signal ContainerStop = new(FirstRealTime + 3);

    /// <summary>SIGRTMIN as glibc has it: 32 and 33 are its own.</summary>
    private const int FirstRealTime = 34;

    /// <summary>Highest signal number the kernel has.</summary>
    internal const int Max = 64;

    private static readonly string?[] Names =
    [
        null, "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary><c>HUP</c>, without prefix; <c>RTMIN+3</c>; the number for signals that have no name.</summary>
    internal string Name => Number > 0 && Number < Names.Length ? Names[Number]!
        : Number is > FirstRealTime and <= Max ? string.Create(CultureInfo.InvariantCulture, $"{RealTime}{Number - FirstRealTime}")
        : Number.ToString(CultureInfo.InvariantCulture);

    private const string RealTime = "RTMIN+";

    public override string ToString() => Name;

    /// <summary>Reads <c>usr1</c>, <c>SIGUSR1</c>, <c>SIGRTMIN+3</c> or <c>10</c>. False for anything else; 0 is no signal.</summary>
    internal static bool TryParse(string text, out Signal signal)
    {
        signal = default;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            if (number is < 1 or > Max) return false;
            signal = new Signal(number);
            return true;
        }
        var name = text.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? text[3..] : text;
        if (name.StartsWith(RealTime, StringComparison.OrdinalIgnoreCase))
        {
            if (!int.TryParse(name[RealTime.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var above) || above > Max - FirstRealTime) return false;
            signal = new Signal(FirstRealTime + above);
            return true;
        }
        var index = Array.FindIndex(Names, known => known is not null && known.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (index < 0) return false;
        signal = new Signal(index);
        return true;
    }

    /// <summary>kill(2). False, with errno in <see cref="Errno.Last"/>, if the process is gone or not ours.</summary>
    internal bool SendTo(int pid) => LibC.kill(pid, Number) == 0;

    /// <summary>sigqueue(3): the receiver can read <paramref name="value"/>.</summary>
    internal bool SendTo(int pid, int value) => LibC.sigqueue(pid, Number, new sigval { sigval_int = value }) == 0;

    /// <summary>The same by pidfd. Without effect if the process has ended.</summary>
    /// <remarks>
    /// The kernel keeps the value in memory that RLIMIT_SIGPENDING bounds. At the limit it still delivers a standard signal, without the
    /// value (kernel/signal.c, __send_signal_locked).
    /// </remarks>
    internal unsafe void SendByPidfd(int pidfd, int value)
    {
        var info = new siginfo_queued { si_signo = Number, si_code = LibC.SI_QUEUE, si_pid = (int)LibC.getpid(), si_uid = LibC.geteuid(), si_value = value };
        _ = LibC.pidfd_send_signal(pidfd, &info);
    }

    /// <summary>
    /// Gives an ignored signal its default action again: our caller's SIG_IGN (nohup, a shell's background job) would be handed on to
    /// every child, and for CHLD it makes the kernel drop exit statuses.
    /// </summary>
    /// <remarks>Only an ignored one: what the runtime has put there stays.</remarks>
    internal unsafe void StopIgnoring()
    {
        sigaction current;
        if (LibC.sigaction(Number, null, &current) == 0 && current.sa_handler == LibC.SIG_IGN) LibC.signal(Number, LibC.SIG_DFL);
    }

    /// <summary>
    /// Signals that mean nothing to a supervisor and whose default action would end it and orphan its children: ILL, TRAP, ABRT, BUS, STKFLT, XCPU,
    /// VTALRM, PROF, IO, PWR, SYS, and the real-time signals but for the one that asks for a stop.
    /// </summary>
    /// <remarks>
    /// ILL, TRAP, ABRT, BUS and SYS are also raised by faults of the process itself. They can be blocked like the others: a fault that raises a blocked
    /// signal ends the process at once with that signal and a core file, as its default action would (force_sig in the kernel; abort(3) unblocks
    /// its own). So whatever is pending was sent by a process. FPE and SEGV are not here: the runtime makes exceptions of those that managed code
    /// raises, and a blocked one would end the process instead. (Of those that a process sends its handler passes over the first, and the next one ends us.) 32 and 33 are glibc's own, and with 34 the runtime suspends its threads.
    /// </remarks>
    internal static readonly Signal[] Meaningless =
    [
        new(4), new(5), Abrt, new(7), new(16), new(24), new(26), new(27), new(29), new(30), new(31),
        .. Enumerable.Range(FirstRealTime + 1, Max - FirstRealTime).Select(number => new Signal(number)).Where(signal => signal != ContainerStop),
    ];

    internal unsafe void Ignore() => LibC.signal(Number, LibC.SIG_IGN);
}
