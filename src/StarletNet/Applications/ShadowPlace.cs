using System.Globalization;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Applications;

/// <summary>Where the copies of <c>--shadow-copy</c> are made, and what earlier masters may have left there.</summary>
/// <param name="directory">Holds them.</param>
/// <param name="linked">Names that are linked to instead of copied.</param>
internal sealed class ShadowPlace(string directory, IReadOnlyList<string> linked)
{
    private const string Prefix = "starletnet-copy-";
    private const int Tries = 3, Digits = 12;

    internal static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    /// <summary>The given directory; else XDG_RUNTIME_DIR, if it is there and ours; else TMPDIR, else /tmp.</summary>
    /// <param name="given">By the operator.</param>
    /// <param name="current">What relative paths are relative to.</param>
    /// <param name="environment">Reads a variable.</param>
    internal static string Find(string? given, string current, Func<string, string?> environment)
    {
        if (given is not null) return Path.GetFullPath(given, current);
        // After --user it may still be the one of whom we were before.
        if (environment("XDG_RUNTIME_DIR") is { Length: > 0 } runtime && FileIdentity.OwnerOf(runtime) == LibC.geteuid()) return runtime;
        return environment("TMPDIR") is { Length: > 0 } temporary ? Path.GetFullPath(temporary, current) : "/tmp";
    }

    /// <param name="source">The directory to copy, every link resolved.</param>
    /// <param name="stop">Gives up, between two files.</param>
    /// <exception cref="OperatorException">It cannot be copied; nothing is left of the attempt.</exception>
    /// <exception cref="OperationCanceledException">It was given up; nothing is left of it either.</exception>
    internal ShadowCopy Make(string source, CancellationToken stop = default)
    {
        if ((directory + "/").StartsWith(source == "/" ? source : source + "/", StringComparison.Ordinal))
            throw Failure($"cannot copy {source} to {directory}, which lies in it; give --shadow-dir another directory, or the application one of its own");
        for (var attempt = 1; ; attempt++)
        {
            var copy = Create(source);
            try
            {
                var before = Look(source);
                copy.Fill(linked, stop);
                if (before.SetEquals(Look(source))) return copy;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                copy.Dispose();
                throw Failure($"cannot copy {source} to {directory}: {error.Message}");
            }
            catch
            {
                copy.Dispose();
                throw;
            }
            copy.Dispose();
            if (attempt == Tries)
                throw Failure($"files in {source} change while they are copied; wait until the release is complete, and name what the application writes itself in --shadow-link");
        }
    }

    /// <summary>Removes what is left of masters that were killed. A copy from which somebody still runs is locked, and stays.</summary>
    /// <returns>How many were removed.</returns>
    internal int Sweep()
    {
        var removed = 0;
        try
        {
            foreach (var path in Directory.EnumerateDirectories(directory, Prefix + "*", Everything))
            {
                // In /tmp anybody may have made a directory of that name; and a name like it, or a link, is not of our making.
                if (!IsOurs(Path.GetFileName(path)) || FileIdentity.Of(path) is not { IsDirectory: true }) continue;
                if (FileIdentity.OwnerOf(path) != LibC.geteuid() || TryLock(path, LibC.LOCK_EX | LibC.LOCK_NB) is not { } taken) continue;
                using (taken) Remove(path);
                removed++;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Old files that cannot be removed, or have just been removed by another master, are no reason not to serve.
        }
        return removed;
    }

    // Prefix and twelve hexadecimal digits, as Create makes them.
    private static bool IsOurs(string name) => name.Length == Prefix.Length + Digits && name[Prefix.Length..].All(char.IsAsciiHexDigitLower);

    private ShadowCopy Create(string source)
    {
        while (true)
        {
            var path = Path.Combine(directory, Prefix + Guid.NewGuid().ToString("n")[..Digits]);
            // Exclusive, unlike .NET's own.
            if (LibC.mkdir(path, 0x1c0 /* 0700 */) < 0)
                throw Failure($"cannot make a copy in {directory}: {Errno.Last}; give --shadow-dir another directory");
            // Another master's sweep may find it in the moment before it is locked, and take it away.
            if (TryLock(path, LibC.LOCK_EX) is { } locked) return new ShadowCopy(source, path, locked);
        }
    }

    /// <returns>Null if it is no directory, is locked, or is not there any more.</returns>
    private static FileDescriptor? TryLock(string path, int how)
    {
        var number = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC | LibC.O_NONBLOCK, 0);
        if (number < 0) return null;
        var file = new FileDescriptor(number);
        if (LibC.flock(number, how) == 0 && FileIdentity.Of(path) is { IsDirectory: true } named && named == FileIdentity.Of(number)) return file;
        file.Dispose();
        return null;
    }

    /// <summary>What is left of it if something goes wrong is removed by a later <see cref="Sweep"/>.</summary>
    internal static void Remove(string path)
    {
        try
        {
            LetWrite(new DirectoryInfo(path));
            Directory.Delete(path, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // See above.
        }
    }

    private static void LetWrite(DirectoryInfo directory)
    {
        directory.UnixFileMode |= UnixFileMode.UserWrite;
        foreach (var below in directory.EnumerateDirectories("*", Everything))
            if (below.LinkTarget is null) LetWrite(below);
    }

    // Names, sizes and times of all that is to be copied.
    private HashSet<string> Look(string source)
    {
        var seen = new HashSet<string>();
        var passedOver = linked.Select(name => Path.Combine(source, name)).ToHashSet();
        Look(new DirectoryInfo(source));
        return seen;

        void Look(DirectoryInfo below)
        {
            foreach (var entry in below.EnumerateFileSystemInfos("*", Everything))
            {
                if (passedOver.Contains(entry.FullName)) continue;
                if (entry is DirectoryInfo deeper && deeper.LinkTarget is null) Look(deeper);
                else seen.Add(string.Create(CultureInfo.InvariantCulture, $"{entry.FullName}\0{SizeOf(entry)}\0{entry.LastWriteTimeUtc.Ticks}"));
            }
        }
    }

    private static long SizeOf(FileSystemInfo entry) => entry is FileInfo { LinkTarget: null } file ? file.Length : 0;

    private static OperatorException Failure(string message) => new(message, ExitCodes.Failure);
}
