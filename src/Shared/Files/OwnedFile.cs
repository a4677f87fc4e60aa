using System.Security.Cryptography;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Files;

/// <summary>
/// Files that a program of ours writes and removes: pid file and status file. A path that was given by mistake may lead to anything, so what is there is
/// replaced only if it is a file of the kind that we write.
/// </summary>
internal static unsafe class OwnedFile
{
    /// <summary>No file of ours is longer.</summary>
    private const int Longest = 64 * 1024;

    /// <summary>Looks at a file, and at what it holds.</summary>
    internal delegate bool Holds(ReadOnlySpan<byte> content);

    /// <summary>To be asked before anything is started. What is there may change afterwards: whoever replaces it asks again.</summary>
    /// <param name="path">No link is followed at its end.</param>
    /// <param name="kind">What a file of ours holds, for the message: <c>a pid</c>.</param>
    /// <param name="holds">Whether the content is of that kind.</param>
    /// <returns>Why it must be left alone; null if it may be replaced, or nothing is there.</returns>
    internal static string? WhyForeign(string path, string kind, Holds holds)
    {
        // Looked at before it is opened: to open a device may already do something.
        if (FileIdentity.Of(path) is not { } found) return null;
        if (found.IsLink) return "it is a symbolic link; name the file itself";
        if (!found.IsRegular) return found.IsDirectory ? "it is a directory" : "it is no regular file";
        using var file = new FileDescriptor(LibC.open(path, LibC.O_RDONLY | LibC.O_NOFOLLOW | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0));
        // Removed meanwhile, or we may not read it: then whoever writes it says what is wrong.
        return file.IsInvalid ? null : WhyForeign(file.Number, kind, holds);
    }

    /// <inheritdoc cref="WhyForeign(string, string, Holds)"/>
    /// <param name="file">Open for reading.</param>
    internal static string? WhyForeign(int file, string kind, Holds holds)
    {
        if (FileIdentity.Of(file) is not { IsRegular: true }) return "it is no regular file";
        var content = new byte[Math.Min(FileIdentity.SizeOf(file), Longest + 1)];
        var length = 0;
        fixed (byte* start = content)
        {
            for (ssize_t count; length < content.Length && (count = LibC.pread(file, start + length, content.Length - length, length)) > 0;) length += (int)count;
        }
        // An empty file holds nothing that could be lost: many make one beforehand, to give it to a user.
        return length <= Longest && holds(content.AsSpan(0, length)) ? null : $"it holds something else than {kind} and is not replaced; remove it or name another file";
    }

    /// <summary>A new file in the same directory, to be renamed over the path.</summary>
    /// <param name="path">Where it will be.</param>
    /// <param name="temporary">Where it is. A random name: nothing is ever removed to make room for it.</param>
    /// <param name="error">Why there is none.</param>
    /// <returns>Open for reading and writing, of mode 0666 less the umask; null if it cannot be made.</returns>
    internal static FileDescriptor? CreateBeside(string path, out string temporary, out Errno error)
    {
        while (true)
        {
            temporary = $"{path}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
            var number = LibC.open(temporary, LibC.O_RDWR | LibC.O_CREAT | LibC.O_EXCL | LibC.O_CLOEXEC, 0x1b6 /* 0666 */);
            error = number < 0 ? Errno.Last : Errno.None;
            if (number >= 0) return new FileDescriptor(number);
            if (error.Number != LibC.EEXIST) return null;
        }
    }
}
