using StarletNet.Shared.Interop;

namespace StartServer.Output;

/// <summary>
/// Our stderr is a regular file: what it has grown by since a generation was started is what that generation has written, and
/// whoever else writes there.
/// </summary>
internal sealed unsafe class LoggedOutput : GenerationOutput
{
    /// <summary>More than that of the file's end is never read.</summary>
    private const int Most = 16 * 1024;

    /// <summary>Names the file also after it has been renamed or deleted.</summary>
    private const string Name = "/proc/self/fd/2";

    private readonly Dictionary<int, (FileIdentity? File, long Size)> _begun = [];

    internal override FileDescriptor? Begin(int generation)
    {
        _begun[generation] = (FileIdentity.Of(2), FileIdentity.SizeOf(2));
        return null;
    }

    internal override IReadOnlyList<string> LastLines(int generation)
    {
        if (!_begun.TryGetValue(generation, out var begun)) return [];
        var size = FileIdentity.SizeOf(2);
        // The log is another file by now, or has been emptied: all that is there is new.
        var from = begun.File == FileIdentity.Of(2) && begun.Size <= size ? begun.Size : 0;
        var number = LibC.open(Name, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        // A log that we may write and not read: nothing is known.
        if (number < 0) return [];
        using var file = new FileDescriptor(number);
        return Read(number, Math.Max(from, size - Most));
    }

    private static IReadOnlyList<string> Read(int file, long from)
    {
        var tail = new LineTail(LastLinesKept);
        var buffer = stackalloc byte[4096];
        for (var at = from; at < from + Most;)
        {
            var length = LibC.pread(file, buffer, 4096, at);
            if (length <= 0) break;
            tail.Add(new ReadOnlySpan<byte>(buffer, (int)length));
            at += length;
        }
        return tail.Lines;
    }

    internal override void Forget(int generation) => _begun.Remove(generation);

    internal override IReadOnlyList<KeptOutput> Keep() =>
        [.. _begun.Select(one => new KeptOutput(one.Key, null, false, [], one.Value.File, one.Value.Size))];

    internal override void GoOnWith(IReadOnlyList<KeptOutput> kept)
    {
        foreach (var one in kept) _begun[one.Generation] = (one.File, one.Size);
    }

    public override void Dispose()
    {
    }
}
