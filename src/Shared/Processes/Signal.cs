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

    /// <summary>Highest signal number the kernel has.</summary>
    internal const int Max = 64;

    private static readonly string?[] Names =
    [
        null, "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary><c>HUP</c>, without prefix; the number for signals that have no name.</summary>
    internal string Name => Number > 0 && Number < Names.Length ? Names[Number]! : Number.ToString(CultureInfo.InvariantCulture);

    public override string ToString() => Name;

    /// <summary>Reads <c>usr1</c>, <c>SIGUSR1</c> or <c>10</c>. False for anything else; 0 is no signal.</summary>
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
    /// Signals that mean nothing to a supervisor and whose default action would end it and orphan its children: STKFLT, XCPU,
    /// VTALRM, PROF, IO, PWR.
    /// </summary>
    internal static readonly Signal[] Meaningless = [new(16), new(24), new(26), new(27), new(29), new(30)];

    internal unsafe void Ignore() => LibC.signal(Number, LibC.SIG_IGN);
}
