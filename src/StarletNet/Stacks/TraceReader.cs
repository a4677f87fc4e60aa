using System.Buffers.Binary;
using System.Text;

namespace StarletNet.Master.Stacks;

/// <summary>
/// Reads as much of a nettrace stream as stacks need: which thread was seen with which addresses on its stack, and afterwards which methods
/// have these addresses. See NetTraceFormat.md of microsoft/perfview, version 4.
/// </summary>
/// <param name="read">Fills a buffer with what follows in the stream.</param>
internal sealed class TraceReader(TraceReader.Fill read)
{
    private const byte NullReference = 1, BeginObject = 5, EndObject = 6;
    private const string Profiler = "Microsoft-DotNETCore-SampleProfiler", Rundown = "Microsoft-Windows-DotNETRuntimeRundown";

    /// <summary>MethodDCEndVerbose: a method and where its code is, told at the end.</summary>
    private const int MethodEvent = 144;

    private const int MostBlock = 64 << 20;

    private readonly Dictionary<int, (string Provider, int Event)> _kinds = [];
    private readonly Dictionary<int, ulong[]> _stacks = [];
    private readonly Dictionary<long, ulong[]> _threads = [];
    private readonly SortedDictionary<ulong, string> _names = [];
    private ulong[]? _wanted;
    private long _position;

    internal delegate void Fill(Span<byte> buffer);

    /// <summary>The latest stack of each thread, innermost first.</summary>
    internal IReadOnlyDictionary<long, ulong[]> Threads => _threads;

    /// <summary>Null: code of no method that is known.</summary>
    internal string? NameOf(ulong address) => _names.GetValueOrDefault(address);

    /// <summary>To the end.</summary>
    /// <exception cref="InvalidDataException">It is not of that form.</exception>
    internal void Read()
    {
        Expect("Nettrace"u8);
        if (Number() != 20) throw Malformed();
        Expect("!FastSerialization.1"u8);
        while (Tag() == BeginObject) ReadObject();
    }

    private void ReadObject()
    {
        if (Tag() != BeginObject || Tag() != NullReference) throw Malformed();
        _ = Number();
        _ = Number();
        var name = Encoding.ASCII.GetString(Bytes(Number()));
        if (Tag() != EndObject) throw Malformed();
        if (name == "Trace")
        {
            Bytes(48);
        }
        else
        {
            var size = Number();
            // Blocks begin at multiples of four bytes from the stream's beginning.
            Bytes((int)((4 - (_position % 4)) % 4));
            ReadBlock(name, Bytes(size));
        }
        if (Tag() != EndObject) throw Malformed();
    }

    private void ReadBlock(string name, byte[] block)
    {
        switch (name)
        {
            case "StackBlock": ReadStacks(new Cursor(block)); break;
            case "MetadataBlock": ReadEvents(new Cursor(block), ReadKind); break;
            case "EventBlock": ReadEvents(new Cursor(block), ReadEvent); break;
            // From here on the numbers of stacks are given anew.
            case "SPBlock": _stacks.Clear(); break;
        }
    }

    private void ReadStacks(Cursor cursor)
    {
        var first = cursor.Int32();
        var count = cursor.Int32();
        for (var i = 0; i < count; i++)
        {
            var addresses = new ulong[cursor.Int32() / sizeof(ulong)];
            for (var frame = 0; frame < addresses.Length; frame++) addresses[frame] = cursor.UInt64();
            _stacks[first + i] = addresses;
        }
    }

    private delegate void Handle(int kind, long thread, int stack, ReadOnlySpan<byte> payload);

    private static void ReadEvents(Cursor cursor, Handle handle)
    {
        var headerSize = cursor.Int16();
        var isCompressed = (cursor.Int16() & 1) != 0;
        cursor.Skip(headerSize - 4);
        if (!isCompressed) throw Malformed();
        var (kind, thread, stack, length) = (0, 0L, 0, 0);
        // Each header says what differs from the one before.
        while (!cursor.IsAtEnd)
        {
            var flags = cursor.Byte();
            if ((flags & 1) != 0) kind = (int)cursor.Compressed();
            if ((flags & 2) != 0)
            {
                cursor.Compressed(); // sequence number
                cursor.Compressed(); // capturing thread
                cursor.Compressed(); // processor
            }
            if ((flags & 4) != 0) thread = (long)cursor.Compressed();
            if ((flags & 8) != 0) stack = (int)cursor.Compressed();
            cursor.Compressed(); // time
            if ((flags & 16) != 0) cursor.Skip(16);
            if ((flags & 32) != 0) cursor.Skip(16);
            if ((flags & 128) != 0) length = (int)cursor.Compressed();
            handle(kind, thread, stack, cursor.Take(length));
        }
    }

    private void ReadKind(int kind, long thread, int stack, ReadOnlySpan<byte> payload)
    {
        var cursor = new Cursor(payload);
        var id = cursor.Int32();
        var provider = cursor.Text();
        _kinds[id] = (provider, cursor.Int32());
    }

    private void ReadEvent(int kind, long thread, int stack, ReadOnlySpan<byte> payload)
    {
        if (!_kinds.TryGetValue(kind, out var known)) return;
        if (known.Provider == Profiler && _stacks.TryGetValue(stack, out var addresses)) _threads[thread] = addresses;
        if (known.Provider == Rundown && known.Event == MethodEvent) ReadMethod(new Cursor(payload));
    }

    private void ReadMethod(Cursor cursor)
    {
        cursor.Skip(16);
        var (start, size) = (cursor.UInt64(), cursor.UInt32());
        // All samples come before all methods, so only the few that matter are kept.
        _wanted ??= [.. _threads.Values.SelectMany(stack => stack).Distinct().Order()];
        var at = Array.BinarySearch(_wanted, start);
        if (at < 0) at = ~at;
        if (at == _wanted.Length || _wanted[at] >= start + size) return;
        cursor.Skip(8);
        var name = $"{cursor.Text()}.{cursor.Text()}";
        for (; at < _wanted.Length && _wanted[at] < start + size; at++) _names[_wanted[at]] = name;
    }

    private byte Tag() => Bytes(1)[0];

    private int Number() => BinaryPrimitives.ReadInt32LittleEndian(Bytes(4));

    private void Expect(ReadOnlySpan<byte> text)
    {
        if (!Bytes(text.Length).AsSpan().SequenceEqual(text)) throw Malformed();
    }

    private byte[] Bytes(int count)
    {
        if (count is < 0 or > MostBlock) throw Malformed();
        var bytes = new byte[count];
        read(bytes);
        _position += count;
        return bytes;
    }

    private static InvalidDataException Malformed() => new("what the runtime sends is of a form that is not known");

    /// <summary>A place in a block.</summary>
    private ref struct Cursor(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _left = bytes;

        internal readonly bool IsAtEnd => _left.IsEmpty;

        internal byte Byte() => Take(1)[0];

        internal short Int16() => BinaryPrimitives.ReadInt16LittleEndian(Take(2));

        internal int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

        internal uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

        internal ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

        /// <summary>Seven bits a byte, the lowest first.</summary>
        internal ulong Compressed()
        {
            var number = 0ul;
            for (var shift = 0; ; shift += 7)
            {
                var next = Byte();
                number |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80) return number;
            }
        }

        /// <summary>UTF-16 up to a zero.</summary>
        internal string Text()
        {
            var text = new StringBuilder();
            while (Int16() is var next and not 0) text.Append((char)next);
            return text.ToString();
        }

        internal void Skip(int count) => Take(count);

        internal ReadOnlySpan<byte> Take(int count)
        {
            if (count < 0 || count > _left.Length) throw Malformed();
            var taken = _left[..count];
            _left = _left[count..];
            return taken;
        }
    }
}
