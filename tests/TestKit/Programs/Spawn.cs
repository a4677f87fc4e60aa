using System.Runtime.InteropServices;
using StarletNet.Shared.Interop;

namespace StarletNet.TestKit;

/// <summary>
/// posix_spawn of a program into a session of its own, all signals at their defaults and unblocked. Process.Start would
/// hand on the runtime's ignored SIGPIPE and cannot start a session.
/// </summary>
internal static unsafe class Spawn
{
    /// <summary>
    /// Held while a program is started, and while a file is written that may be executed: a child has our descriptors until its
    /// exec, and nobody can execute a file that some process has open for writing (ETXTBSY).
    /// </summary>
    internal static readonly Lock Gate = new();

    internal static int Run(string path, IReadOnlyList<string> argv, IReadOnlyList<string> environment, IReadOnlyList<(int Ours, int Theirs)> descriptors)
    {
        posix_spawnattr_t attributes;
        posix_spawn_file_actions_t actions;
        Check(LibC.posix_spawnattr_init(&attributes), "posix_spawnattr_init");
        Check(LibC.posix_spawn_file_actions_init(&actions), "posix_spawn_file_actions_init");
        var copies = descriptors.Select(d => FileDescriptor.Duplicate(d.Ours, 200)).ToList();
        try
        {
            SetSignalsAndSession(&attributes);
            // From copies with high numbers: a target may be the number of another source.
            for (var i = 0; i < descriptors.Count; i++)
                Check(LibC.posix_spawn_file_actions_adddup2(&actions, copies[i].Number, descriptors[i].Theirs), "adddup2");
            return Run(path, argv, environment, &actions, &attributes);
        }
        finally
        {
            copies.ForEach(c => c.Dispose());
            _ = LibC.posix_spawn_file_actions_destroy(&actions);
            _ = LibC.posix_spawnattr_destroy(&attributes);
        }
    }

    private static void SetSignalsAndSession(posix_spawnattr_t* attributes)
    {
        sigset_t set;
        _ = LibC.sigfillset(&set);
        Check(LibC.posix_spawnattr_setsigdefault(attributes, &set), "setsigdefault");
        _ = LibC.sigemptyset(&set);
        Check(LibC.posix_spawnattr_setsigmask(attributes, &set), "setsigmask");
        var flags = LibC.POSIX_SPAWN_SETSID | LibC.POSIX_SPAWN_SETSIGDEF | LibC.POSIX_SPAWN_SETSIGMASK;
        Check(LibC.posix_spawnattr_setflags(attributes, (short)flags), "setflags");
    }

    private static int Run(string path, IReadOnlyList<string> argv, IReadOnlyList<string> environment, posix_spawn_file_actions_t* actions, posix_spawnattr_t* attributes)
    {
        var arguments = Strings(argv);
        var variables = Strings(environment);
        try
        {
            pid_t pid;
            // It returns when the child has executed the program.
            lock (Gate) Check(LibC.posix_spawn(&pid, path, actions, attributes, arguments, variables), $"posix_spawn {path}");
            return pid;
        }
        finally
        {
            Free(arguments);
            Free(variables);
        }
    }

    private static byte** Strings(IReadOnlyList<string> values)
    {
        var array = (byte**)NativeMemory.AllocZeroed((nuint)(values.Count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < values.Count; i++) array[i] = (byte*)Marshal.StringToCoTaskMemUTF8(values[i]);
        return array;
    }

    private static void Free(byte** array)
    {
        for (var p = array; *p != null; p++) Marshal.FreeCoTaskMem((nint)(*p));
        NativeMemory.Free(array);
    }

    private static void Check(int error, string call)
    {
        if (error != 0) throw new InvalidOperationException($"{call}: {new Errno(error).Text}");
    }
}
