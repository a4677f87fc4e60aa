using System.Globalization;
using System.Text;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.CommandLine;
using StartServer.Listeners;
using StartServer.Output;

namespace StartServer.Upgrade;

/// <summary>
/// The two ends of an upgrade. The old program writes the snapshot to a memfd and executes its successor in its own place: same pid,
/// same children, same descriptors; signals that come meanwhile stay pending, because they are blocked (see <see cref="SignalMask"/>).
/// The new one finds the memfd's number in its environment, and those of what leads back (see <see cref="Succession"/>).
/// </summary>
internal static unsafe class TakeOver
{
    /// <summary>
    /// Not on the command line, which stays what the operator wrote. Numbers of descriptors: the snapshot; from the old program to the
    /// new one also its executable file and its command line, <c>7:8:9</c>.
    /// </summary>
    private const string Variable = "START_SERVER_TAKES_OVER";

    /// <summary>Why the new program gives everything back to the old one.</summary>
    private const string RefusalVariable = "START_SERVER_GOES_ON_BECAUSE";

    /// <summary>
    /// First argument of a trial run. A control character, so that no person means it; an option, so that a version that knows nothing
    /// of upgrades refuses it instead of starting a service.
    /// </summary>
    internal const string TrialRole = "--\u0001upgrade-trial";

    /// <summary>Where the one that is tried finds the snapshot.</summary>
    internal const int TrialSnapshot = 3;

    /// <summary>Where it finds a client of its control socket.</summary>
    internal const int TrialControl = 4;

    /// <summary>The last line of a successful trial.</summary>
    internal const string TrialPassed = "can take over";

    /// <summary>Whether <see cref="FromPredecessor"/> will find something.</summary>
    internal static bool IsDue => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>A memfd with the snapshot, close-on-exec.</summary>
    internal static FileDescriptor Store(string snapshot) => Store(Encoding.UTF8.GetBytes(snapshot));

    private static FileDescriptor Store(byte[] content)
    {
        var number = LibC.memfd_create("start_server snapshot", LibC.MFD_CLOEXEC);
        if (number < 0) throw SystemCallException.Of("memfd_create");
        var file = new FileDescriptor(number);
        if (StandardError.WriteAll(number, content)) return file;
        file.Dispose();
        throw new SystemCallException("write to a memfd", Errno.ENOMEM);
    }

    /// <summary>Becomes the program at the path. Returns only if that fails, and then everything is as before.</summary>
    /// <param name="path">The executable file.</param>
    /// <param name="commandLine">All of it, argv[0] included.</param>
    /// <param name="snapshot">To go on from.</param>
    /// <exception cref="SystemCallException">There are no descriptors or no memory for it; everything is as before.</exception>
    internal static Errno Execute(string path, string[] commandLine, Snapshot snapshot)
    {
        using var state = Store(snapshot.Write(out var descriptors));
        using var words = Store(File.ReadAllBytes("/proc/self/cmdline"));
        using var program = OwnProgram.OpenFile();
        int[] kept = [.. descriptors, state.Number, program.Number, words.Number];
        try
        {
            foreach (var number in kept) FileDescriptor.KeepInExec(number);
            LibC.setenv(Variable, string.Create(CultureInfo.InvariantCulture, $"{state.Number}:{program.Number}:{words.Number}"), 1);
            OwnProgram.Execute(path, commandLine);
            return Errno.Last;
        }
        finally
        {
            LibC.unsetenv(Variable);
            foreach (var number in kept) FileDescriptor.SetCloseOnExec(number);
        }
    }

    /// <summary>For the program before us, which is about to be executed again.</summary>
    internal static void Announce(string refusal, int state)
    {
        LibC.setenv(Variable, state.ToString(CultureInfo.InvariantCulture), 1);
        LibC.setenv(RefusalVariable, refusal, 1);
    }

    /// <summary>To be called before the environment is read by anybody else.</summary>
    /// <returns>What to go on from, still to be read; null in a process that was started afresh.</returns>
    /// <exception cref="OperatorException">What the environment says is not of start_server's making.</exception>
    internal static Succession? FromPredecessor()
    {
        if (Take(Variable) is not { } value) return null;
        var numbers = value.Split(':').Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1).ToArray();
        if (numbers.Length is not (1 or 3) || numbers.Any(number => !FileDescriptor.IsOpen(number)))
            throw new OperatorException($"{Variable}={value} in the environment is not of start_server's making; unset it", ExitCodes.Failure);
        foreach (var number in numbers) FileDescriptor.SetCloseOnExec(number);
        FileDescriptor? at(int index) => numbers.Length > index ? new FileDescriptor(numbers[index]) : null;
        return new Succession(at(0)!, at(1), at(2), Take(RefusalVariable));
    }

    /// <summary>Both copies: .NET's, from which children get theirs, and libc's, which an exec would hand on.</summary>
    private static string? Take(string variable)
    {
        var value = Environment.GetEnvironmentVariable(variable);
        Environment.SetEnvironmentVariable(variable, null);
        LibC.unsetenv(variable);
        return value;
    }

    /// <summary>The part of the one that is tried: reads everything it would read, answers as it would, and touches nothing.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="OperatorException">The command line means nothing, or nothing good, to this version.</exception>
    internal static int Try(string[] arguments)
    {
        if (StartServerOptions.Parse(arguments, Environment.GetEnvironmentVariable) is not StartServerOptions options)
            throw new OperatorException("the command line does not ask for a service", ExitCodes.StartServerUsage);
        try
        {
            var snapshot = Snapshot.Read(Content(TrialSnapshot), out _);
            if (snapshot.Change is { Phase: ChangePhase.Begins }) Check(options, snapshot);
            TrialAnswer.Give(TrialControl, snapshot);
        }
        catch (SnapshotException error)
        {
            throw new OperatorException(error.Message, ExitCodes.Failure);
        }
        StandardError.Write(1, TrialPassed + "\n");
        return ExitCodes.Success;
    }

    /// <summary>Of a new command line, what can be known without binding anything. Names are looked up here, where that may take its time.</summary>
    private static void Check(StartServerOptions options, Snapshot snapshot)
    {
        HeldOptions.RefuseChange(snapshot.Held, options);
        var inherited = snapshot.Listeners.Count(kept => kept.Listener.SystemdName is not null && !kept.Removed);
        if (options.ListenFds) HandedListeners.RefuseOverlap(options.Ports, inherited, options.Paths.Count);
        foreach (var port in options.Ports) port.Resolve();
    }

    internal static string Content(int number) => Encoding.UTF8.GetString(Bytes(number));

    /// <summary>All of a file, wherever it is being read.</summary>
    internal static byte[] Bytes(int number)
    {
        var content = new byte[FileIdentity.SizeOf(number)];
        fixed (byte* start = content)
        {
            for (var at = 0; at < content.Length;)
            {
                var count = (int)LibC.pread(number, start + at, content.Length - at, at);
                if (count <= 0) throw new SnapshotException("it cannot be read");
                at += count;
            }
        }
        return content;
    }
}
