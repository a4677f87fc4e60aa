using System.Globalization;
using System.Text;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.CommandLine;
using StartServer.Output;

namespace StartServer.Upgrade;

/// <summary>
/// The two ends of an upgrade. The old program writes the snapshot to a memfd and executes its successor in its own place: same pid,
/// same children, same descriptors; signals that come meanwhile stay pending, because they are blocked (see <see cref="SignalMask"/>).
/// The new one finds the memfd's number in its environment.
/// </summary>
internal static unsafe class TakeOver
{
    /// <summary>Not on the command line, which stays what the operator wrote.</summary>
    private const string Variable = "START_SERVER_TAKES_OVER";

    /// <summary>
    /// First argument of a trial run. A control character, so that no person means it; an option, so that a version that knows nothing
    /// of upgrades refuses it instead of starting a service.
    /// </summary>
    internal const string TrialRole = "--\u0001upgrade-trial";

    /// <summary>Where the one that is tried finds the snapshot.</summary>
    internal const int TrialSnapshot = 3;

    /// <summary>The last line of a successful trial.</summary>
    internal const string TrialPassed = "can take over";

    /// <summary>A memfd with the snapshot, close-on-exec.</summary>
    internal static FileDescriptor Store(string snapshot)
    {
        var number = LibC.memfd_create("start_server snapshot", LibC.MFD_CLOEXEC);
        if (number < 0) throw SystemCallException.Of("memfd_create");
        var file = new FileDescriptor(number);
        if (StandardError.WriteAll(number, Encoding.UTF8.GetBytes(snapshot))) return file;
        file.Dispose();
        throw new SystemCallException("write to a memfd", Errno.ENOMEM);
    }

    /// <summary>Becomes the program at the path. Returns only if that fails, and then everything is as before.</summary>
    internal static Errno Execute(string path, Snapshot snapshot)
    {
        using var file = Store(snapshot.Write(out var descriptors));
        foreach (var kept in descriptors.Append(file.Number)) FileDescriptor.KeepInExec(kept);
        LibC.setenv(Variable, file.Number.ToString(CultureInfo.InvariantCulture), 1);
        OwnProgram.Execute(path);
        var error = Errno.Last;
        LibC.unsetenv(Variable);
        foreach (var kept in descriptors) FileDescriptor.SetCloseOnExec(kept);
        return error;
    }

    /// <summary>To be called before the environment is read by anybody else.</summary>
    /// <returns>What to go on from; null in a process that was started afresh.</returns>
    /// <exception cref="OperatorException">There is something that this version cannot go on from.</exception>
    internal static Snapshot? FromPredecessor()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } value) return null;
        Environment.SetEnvironmentVariable(Variable, null);
        LibC.unsetenv(Variable);
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || !FileDescriptor.IsOpen(number))
            throw new OperatorException($"{Variable}={value} in the environment is not of start_server's making; unset it", ExitCodes.Failure);
        using var file = new FileDescriptor(number);
        try
        {
            var snapshot = Snapshot.Read(Content(number), out var descriptors);
            foreach (var kept in descriptors) FileDescriptor.SetCloseOnExec(kept);
            return snapshot;
        }
        catch (SnapshotException error)
        {
            throw new OperatorException($"the state in {Variable}={value} cannot be taken over: {error.Message}", ExitCodes.Failure);
        }
    }

    /// <summary>The part of the one that is tried: reads everything it would read, and touches nothing.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="OperatorException">The command line means nothing, or nothing good, to this version.</exception>
    internal static int Try(string[] arguments)
    {
        if (StartServerOptions.Parse(arguments, Environment.GetEnvironmentVariable) is not StartServerOptions)
            throw new OperatorException("the command line does not ask for a service", ExitCodes.StartServerUsage);
        try
        {
            Snapshot.Read(Content(TrialSnapshot), out _);
        }
        catch (SnapshotException error)
        {
            throw new OperatorException(error.Message, ExitCodes.Failure);
        }
        StandardError.Write(1, TrialPassed + "\n");
        return ExitCodes.Success;
    }

    private static string Content(int number)
    {
        var content = new byte[FileIdentity.SizeOf(number)];
        fixed (byte* start = content)
        {
            for (nint at = 0; at < content.Length;)
            {
                var count = LibC.pread(number, start + at, content.Length - at, at);
                if (count <= 0) throw new SnapshotException("it cannot be read");
                at += count;
            }
        }
        return Encoding.UTF8.GetString(content);
    }
}
