using System.Runtime.CompilerServices;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Processes;

/// <summary>
/// Blocks signals in every thread of this process, so that they stay pending until a signalfd reads them. One thread that does not
/// block them is one too many: the kernel gives it to that one, and the default action ends us.
/// </summary>
/// <remarks>
/// Threads inherit the mask of the one that makes them, so what matters is those that are there before Main. In native code that
/// is the finalizer's alone, which a finalizer reaches. The portable runtime has several more that nothing reaches; then the
/// program executes itself anew, once, with the mask set: execve(2) keeps it, and everything is born with it. (Not so for native
/// code: it would cost 2.5 ms at each start, while the garbage collection costs nothing to be measured.)
/// The signals that the runtime uses itself (SEGV, FPE, a real-time one to suspend threads) are never given here.
/// </remarks>
internal static unsafe class SignalMask
{
    /// <summary>To be called before anything is opened or started that an exec must not lose, and before any other thread is made.</summary>
    /// <exception cref="SystemCallException">Some thread does not block them, and nothing helps.</exception>
    internal static void BlockInEveryThread(params ReadOnlySpan<Signal> signals)
    {
        var wanted = BitsOf(signals);
        var inherited = Block(wanted);
        if ((inherited & wanted) == wanted) return;
        if (BlockInFinalizerThread(wanted) && NobodyElseIsThere()) return;
        OwnProgram.Restart();
        throw SystemCallException.Of("execve of this program by itself, to block signals in all its threads");
    }

    /// <summary>For a thread that waits for something else than the queue, and is to be ended by them in the meantime.</summary>
    internal static void UnblockInThisThread(params ReadOnlySpan<Signal> signals)
    {
        sigset_t set;
        LibC.sigemptyset(&set);
        foreach (var signal in signals) LibC.sigaddset(&set, signal.Number);
        LibC.pthread_sigmask(LibC.SIG_UNBLOCK, &set, null);
    }

    private static ulong BitsOf(ReadOnlySpan<Signal> signals)
    {
        var bits = 0UL;
        foreach (var signal in signals) bits |= Bit(signal.Number);
        return bits;
    }

    // As the kernel numbers them in its sets.
    private static ulong Bit(int number) => 1UL << (number - 1);

    /// <returns>What the thread blocked before.</returns>
    private static ulong Block(ulong signals)
    {
        sigset_t set, before;
        LibC.sigemptyset(&set);
        for (var number = 1; number <= Signal.Max; number++)
            if ((signals & Bit(number)) != 0) LibC.sigaddset(&set, number);
        var error = LibC.pthread_sigmask(LibC.SIG_BLOCK, &set, &before);
        if (error != 0) throw new SystemCallException("pthread_sigmask", new Errno(error));
        return *(ulong*)&before;
    }

    private static bool BlockInFinalizerThread(ulong signals)
    {
        Abandon(signals);
        GC.Collect(0);
        GC.WaitForPendingFinalizers();
        return Volatile.Read(ref BlocksWhenFinalized.Done);
    }

    // In a frame of its own, so that nothing refers to it any more when that has returned.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Abandon(ulong signals) => _ = new BlocksWhenFinalized(signals);

    private sealed class BlocksWhenFinalized(ulong signals)
    {
        internal static bool Done;

        ~BlocksWhenFinalized()
        {
            Block(signals);
            Volatile.Write(ref Done, true);
        }
    }

    /// <summary>But this thread and the finalizer's.</summary>
    private static bool NobodyElseIsThere()
    {
        // Not by File, whose code nothing else here has in memory yet.
        var number = LibC.open("/proc/self/status", LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        if (number < 0) return false;
        using var file = new FileDescriptor(number);
        const int Enough = 4096;
        var text = stackalloc byte[Enough];
        var length = LibC.read(number, text, Enough);
        return length > 0 && new ReadOnlySpan<byte>(text, (int)length).IndexOf("\nThreads:\t2\n"u8) >= 0;
    }
}
