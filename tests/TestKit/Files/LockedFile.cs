using Microsoft.Win32.SafeHandles;
using StarletNet.Shared.Interop;

namespace StarletNet.TestKit;

/// <summary>Reads a file that another process holds locked: .NET itself opens no file without asking for a lock of its own.</summary>
public static class LockedFile
{
    public static string ReadAllText(string path)
    {
        var fd = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        if (fd < 0) throw new TestKitException($"open {path}: {Errno.Last.Text}");
        using var file = new FileStream(new SafeFileHandle(fd, ownsHandle: true), FileAccess.Read);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }
}
