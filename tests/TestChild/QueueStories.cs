using System.Collections;
using System.Globalization;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Notify;
using StarletNet.Shared.Processes;

namespace StarletNet.TestChild;

/// <summary>
/// What EventQueueTests cannot do in a test runner's process, whose other threads do not block the signals. Each story prints the
/// batches it takes, a line each. Everything a batch is to hold is pending before it is taken: nothing here is a matter of time.
/// </summary>
internal static unsafe class QueueStories
{
    /// <summary>In the environment of a story that has executed itself anew.</summary>
    private const string Continued = "STORY_CONTINUED";

    private static readonly EventQueue Queue = new();

    internal static void Tell(string story)
    {
        switch (story)
        {
            case "last words": LastWords(); break;
            case "children": Children(); break;
            case "signals": Signals(); break;
            case "values": Values(); break;
            case "ignored": Ignored(); break;
            case "threads": Threads(); break;
            case "exec": Exec(); break;
            default: throw new ArgumentException(story);
        }
    }

    private static void LastWords()
    {
        Queue.Handle();
        using var receiver = NotifyReceiver.Create();
        Queue.Watch(receiver.Socket, receiver);
        var child = Start(
            "use Socket; my $n = $ENV{NOTIFY_SOCKET}; $n =~ s/^@/\\0/; socket(my $s, AF_UNIX, SOCK_DGRAM, 0); send($s, 'READY=1', 0, pack_sockaddr_un($n)); exit 4",
            receiver.Address);
        Queue.SetTimer("timer", TimeSpan.Zero);
        AwaitDeath(child);
        Take();
        Console.WriteLine($"{receiver.Receive()!.Text}, {(Signal.Term.SendTo(child.Pid) ? "not reaped" : "reaped")}");
    }

    private static void Children()
    {
        Queue.Handle(Signal.Hup);
        var children = Enumerable.Range(0, 5).Select(code => Start($"exit {code}")).ToArray();
        foreach (var child in children) AwaitDeath(child);
        Signal.Hup.SendTo(Environment.ProcessId);
        Take();
    }

    private static void Signals()
    {
        Queue.Handle(Signal.Hup, Signal.Usr1, Signal.Term);
        Send(Signal.Hup, Signal.Usr1, Signal.Hup, Signal.Term);
        Take();
    }

    /// <summary>A standard signal that is pending keeps the value of the first one; the second one is lost.</summary>
    private static void Values()
    {
        Queue.Handle(Signal.Hup, Signal.Usr1, Signal.Term, Signal.Quit);
        var own = Environment.ProcessId;
        Signal.Term.SendTo(own, 7);
        Signal.Term.SendTo(own);
        Signal.Hup.SendTo(own);
        Signal.Hup.SendTo(own, 8);
        using var pidfd = new FileDescriptor(LibC.pidfd_open(own));
        Signal.Usr1.SendByPidfd(pidfd.Number, -9);
        Signal.Quit.SendByPidfd(pidfd.Number, int.MaxValue);
        Take();
    }

    private static void Ignored()
    {
        Signal.Hup.Ignore();
        Signal.Winch.Ignore();
        Signal.Chld.Ignore();
        Queue.Handle(Signal.Hup, Signal.Winch);
        Send(Signal.Winch, Signal.Hup);
        Take();
        AwaitDeath(Start("exit 7"));
        Take();
    }

    /// <summary>Threads of every kind there is; not one of them may take a signal away from the queue.</summary>
    private static void Threads()
    {
        Queue.Handle(Signal.Hup, Signal.Term);
        using var stop = new ManualResetEventSlim();
        var threads = Enumerable.Range(0, 4).Select(_ => new Thread(stop.Wait)).ToArray();
        foreach (var thread in threads) thread.Start();
        using var pooled = new CountdownEvent(4);
        for (var i = 0; i < 4; i++) ThreadPool.QueueUserWorkItem(_ => { pooled.Signal(); stop.Wait(); });
        pooled.Wait();
        GC.Collect();
        foreach (var task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            var blocked = File.ReadLines($"{task}/status").Single(line => line.StartsWith("SigBlk", StringComparison.Ordinal));
            Console.WriteLine($"blocked {ulong.Parse(blocked.AsSpan(8), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 0x14001:x}");
        }
        for (var round = 0; round < 100; round++)
        {
            Send(Signal.Hup);
            Take();
        }
        stop.Set();
    }

    /// <summary>Pending signals and children stay across an exec.</summary>
    private static void Exec()
    {
        Queue.Handle(Signal.Hup, Signal.Term);
        if (Environment.GetEnvironmentVariable(Continued) is not null)
        {
            Take();
            return;
        }
        Send(Signal.Hup, Signal.Term);
        AwaitDeath(Start("exit 9"));
        LibC.setenv(Continued, "1", 1);
        OwnProgram.Restart();
        throw SystemCallException.Of("execve");
    }

    private static void Send(params ReadOnlySpan<Signal> signals)
    {
        foreach (var signal in signals) signal.SendTo(Environment.ProcessId);
    }

    private static ChildProcess Start(string script, string notifyAddress = "") => Queue.Start(new ChildSpec
    {
        Program = "perl",
        Arguments = ["-e", script],
        Environment = new Dictionary<string, string>(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(entry => KeyValuePair.Create((string)entry.Key, (string)entry.Value!)))
        { ["NOTIFY_SOCKET"] = notifyAddress },
    });

    /// <summary>Without reaping. The kernel sends SIGCHLD in the same step, so that is pending by then.</summary>
    private static void AwaitDeath(ChildProcess child)
    {
        var siginfo = stackalloc byte[128];
        while (LibC.waitid(LibC.P_PID, child.Pid, siginfo, LibC.WEXITED | LibC.WNOWAIT) != 0)
            if (Errno.Last != Errno.EINTR) throw SystemCallException.Of("waitid");
    }

    private static void Take() => Console.WriteLine(string.Join(", ", Queue.Take().Select(Describe)));

    private static string Describe(Event happened) => happened switch
    {
        Readable => "readable",
        ChildExited exited => exited.Exit.ToString(),
        SignalReceived { Value: { } value } received => $"{received.Signal.Name} {value.Value} from {(value.Sender == Environment.ProcessId ? "itself" : value.Sender)}",
        SignalReceived received => received.Signal.Name,
        TimerFired fired => (string)fired.Key,
        _ => throw new ArgumentException(happened.ToString()),
    };
}
