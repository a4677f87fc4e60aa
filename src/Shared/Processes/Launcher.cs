using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Processes;

/// <summary>
/// What a child does between its birth and its program. A program of ours starts <em>itself</em> in this role (a native
/// executable is up in about a millisecond), because a .NET process must not fork: only the forking thread would live on.
/// The role does nothing but set up and exec; it never touches a file of the parent's, so a failed deploy harms nobody.
/// </summary>
internal static unsafe class Launcher
{
    /// <summary>First argument of the role: a control character, so that no command line of a person's can mean it.</summary>
    private const string Role = "\u0001launch";

    /// <summary>Exit code of a launch that failed, as of Server::Starter's child.</summary>
    internal const int FailureExitCode = 255;

    /// <summary>
    /// Takes effect in any managed process that starts with it, a launcher that runs on CoreCLR among them: it travels as an
    /// argument and is set just before the program is executed. What a hook does is meant for the program alone.
    /// </summary>
    internal const string HooksVariable = "DOTNET_STARTUP_HOOKS";

    internal static string[] Arguments(ChildSpec spec, int reportFd) =>
    [
        Role,
        reportFd.ToString(CultureInfo.InvariantCulture),
        spec.SetListenPid ? "1" : "0",
        spec.WhenParentDies is { } signal ? string.Create(CultureInfo.InvariantCulture, $"{signal.Number}:{LibC.getpid()}") : "",
        spec.Environment.GetValueOrDefault(HooksVariable) ?? "",
        spec.WorkingDirectory ?? "",
        spec.Program,
        spec.Title ?? spec.Program,
        .. spec.Arguments,
    ];

    /// <summary>To be called first in Main: if this process is a launcher, it becomes its program and never returns.</summary>
    internal static void BecomeProgramIfLauncher(string[] args)
    {
        if (args.Length < 8 || args[0] != Role) return;
        var reportFd = int.Parse(args[1], CultureInfo.InvariantCulture);
        if (args[3].Length > 0) DieWithParent(args[3].Split(':'));
        if (args[4].Length > 0) LibC.setenv(HooksVariable, args[4], 1);
        Report(reportFd, Launch(reportFd, args[2] == "1", args[5], args[6], args.AsSpan(7)));
        LibC._exit(FailureExitCode);
    }

    private static void DieWithParent(string[] signalAndParent)
    {
        LibC.prctl(LibC.PR_SET_PDEATHSIG, nuint.Parse(signalAndParent[0], CultureInfo.InvariantCulture), 0, 0, 0);
        // Gone before we could ask to be told: then nobody would ever tell us.
        if (LibC.getppid() != int.Parse(signalAndParent[1], CultureInfo.InvariantCulture)) LibC._exit(FailureExitCode);
    }

    private static LaunchFailure Launch(int reportFd, bool setListenPid, string directory, string program, ReadOnlySpan<string> argv)
    {
        // The parent reads end of file from this descriptor as "executed".
        FileDescriptor.SetCloseOnExec(reportFd);
        if (setListenPid) LibC.setenv(EnvironmentNames.ListenPid, ((int)LibC.getpid()).ToString(CultureInfo.InvariantCulture), 1);
        if (directory.Length > 0 && LibC.chdir(directory) < 0) return new LaunchFailure(LaunchStep.ChangeDirectory, Errno.Last);

        // posix_spawn gave us default dispositions, but our own runtime has since ignored SIGPIPE, and exec keeps what is ignored.
        for (var number = 1; number <= Signal.Max; number++) new Signal(number).StopIgnoring();

        // The portable runtime, which is not what is shipped, has opened one that the program's own could not open any more: exec keeps pid and
        // start time, and with them the name.
        if (RuntimeFeature.IsDynamicCodeSupported) LibC.unlink(DiagnosticSocket.PathOf("self", Environment.GetEnvironmentVariable("TMPDIR")));

        using var name = new NativeStrings([program]);
        using var list = new NativeStrings(argv);
        LibC.execvp(name.Pointer[0], list.Pointer);
        return new LaunchFailure(LaunchStep.Execute, Errno.Last);
    }

    private static void Report(int reportFd, LaunchFailure failure)
    {
        var record = stackalloc int[2] { (int)failure.Step, failure.Errno.Number };
        // A parent that is gone cannot be told; nothing else is left to do here.
        LibC.write(reportFd, (byte*)record, 2 * sizeof(int));
    }

    /// <summary>Reads a report without waiting; null if there is none (the program was executed, or was killed before).</summary>
    internal static LaunchFailure? ReadReport(FileDescriptor reportEnd)
    {
        var record = stackalloc int[2];
        var length = LibC.read(reportEnd.Number, (byte*)record, 2 * sizeof(int));
        return length == 2 * sizeof(int) ? new LaunchFailure((LaunchStep)record[0], new Errno(record[1])) : null;
    }
}

/// <summary>A null-terminated array of UTF-8 C strings, as execve(2) takes it.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly int _count;

    internal NativeStrings(ReadOnlySpan<string> strings)
    {
        _count = strings.Length;
        Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < _count; i++) Pointer[i] = Copy(strings[i]);
    }

    internal byte** Pointer { get; }

    private static byte* Copy(string text)
    {
        if (OriginalBytes.Of(text) is not { } original) return (byte*)Marshal.StringToCoTaskMemUTF8(text);
        var copy = (byte*)Marshal.AllocCoTaskMem(original.Length + 1);
        original.CopyTo(new Span<byte>(copy, original.Length));
        copy[original.Length] = 0;
        return copy;
    }

    public void Dispose()
    {
        for (var i = 0; i < _count; i++) Marshal.FreeCoTaskMem((nint)Pointer[i]);
        NativeMemory.Free(Pointer);
    }
}
