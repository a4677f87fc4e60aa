using System.Runtime.InteropServices;
using System.Text;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Processes;

/// <summary>What this process was started as, for becoming the same again, or its successor, with execve(2).</summary>
internal static unsafe class OwnProgram
{
    private const string ThisImage = "/proc/self/exe";

    /// <summary>argv, argv[0] included: of <c>dotnet program.dll</c> it is more than what Main is given.</summary>
    internal static string[] CommandLine => Encoding.UTF8.GetString(File.ReadAllBytes("/proc/self/cmdline")).Split('\0')[..^1];

    /// <summary>
    /// The path this process was executed by, as its caller's PATH had it and with no link followed: another program may be there by
    /// now. Null if that cannot be told.
    /// </summary>
    internal static string? Path
    {
        get
        {
            var path = Marshal.PtrToStringUTF8((nint)LibC.getauxval(LibC.AT_EXECFN));
            // An empty element of PATH finds a name without slash in the current directory, where execvp would not look again.
            if (!string.IsNullOrEmpty(path) && !path.StartsWith("/proc/", StringComparison.Ordinal) && !path.StartsWith("/dev/fd/", StringComparison.Ordinal))
                return path.Contains('/') ? path : "./" + path;
            return Find(CommandLine[0]);
        }
    }

    private static string? Find(string name)
    {
        if (name.Contains('/')) return name;
        var path = Environment.GetEnvironmentVariable("PATH") ?? "/bin:/usr/bin";
        return path.Split(':').Select(directory => System.IO.Path.Combine(directory.Length == 0 ? "." : directory, name))
            .FirstOrDefault(candidate => LibC.access(candidate, LibC.X_OK) == 0);
    }

    /// <summary>
    /// Replaces this process by a fresh one of the same executable file, arguments and environment. The pid, the children, blocked and
    /// pending signals and what is not close-on-exec stay. Returns only if it fails, with errno in <see cref="Errno.Last"/>.
    /// </summary>
    internal static void Restart()
    {
        // By path, because the process is known by that name in ps; unless somebody has replaced the file meanwhile.
        if (Path is { } path && FileIdentity.OfTarget(path) == FileIdentity.OfTarget(ThisImage)) Execute(path, CommandLine);
        Execute(ThisImage, CommandLine);
    }

    /// <summary>
    /// The executable file of this process, open: with it the same program can be executed when another has taken its name.
    /// </summary>
    /// <exception cref="SystemCallException">It cannot be opened.</exception>
    internal static FileDescriptor OpenFile()
    {
        var number = LibC.open(ThisImage, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        return number < 0 ? throw SystemCallException.Of("open of our own executable file") : new FileDescriptor(number);
    }

    /// <summary>The same with whatever is at the path now. Never by a shell, as execvp would in its despair.</summary>
    /// <param name="path">Of the executable file.</param>
    /// <param name="commandLine">argv[0] included.</param>
    internal static void Execute(string path, string[] commandLine)
    {
        using var name = new NativeStrings([path]);
        using var argv = new NativeStrings(commandLine);
        LibC.execv(name.Pointer[0], argv.Pointer);
    }

    /// <summary>
    /// Whether the file at the path is a native program for this machine; execve(2) would say no more than "Exec format error", and
    /// execvp would give it to a shell.
    /// </summary>
    internal static bool IsForThisMachine(string path) => Head(path) is { Length: HeadSize } other && other.AsSpan().SequenceEqual(Head(ThisImage));

    /// <summary>e_ident up to the byte order, then e_machine.</summary>
    private const int HeadSize = 8;

    private static byte[] Head(string path)
    {
        var number = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC | LibC.O_NONBLOCK, 0);
        if (number < 0) return [];
        using var file = new FileDescriptor(number);
        const int Elf = 20;
        var head = stackalloc byte[Elf];
        return LibC.read(number, head, Elf) == Elf ? [.. new ReadOnlySpan<byte>(head, 6), head[18], head[19]] : [];
    }
}
