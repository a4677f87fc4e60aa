using System.Globalization;
using StarletNet.Shared.Interop;

namespace StartServer.Upgrade;

/// <summary>A snapshot that cannot be taken over; the message says what is wrong with it.</summary>
internal sealed class SnapshotException(string message) : Exception(message);

/// <summary>
/// The fields of a snapshot, a line <c>name=value</c> each, names of nested records joined by dots. A record is described once, by a
/// function that gives each field its name and takes its value from here; written, that is the value given, and read, the one that
/// was written. So what is written and what is read cannot differ.
/// </summary>
internal abstract class Fields
{
    private readonly List<int> _descriptors = [];
    private string _prefix = "";

    /// <summary>Those among the fields: they must stay open in the exec.</summary>
    internal IReadOnlyList<int> Descriptors => _descriptors;

    /// <summary>A field that is there in any case.</summary>
    internal string Text(string name, string? given) => Exchange(_prefix + name, given);

    internal int Number(string name, int? given) => Parse(name, Text(name, given?.ToString(CultureInfo.InvariantCulture)), (text, style) => int.Parse(text, style, CultureInfo.InvariantCulture));

    internal long Long(string name, long? given) => Parse(name, Text(name, given?.ToString(CultureInfo.InvariantCulture)), (text, style) => long.Parse(text, style, CultureInfo.InvariantCulture));

    internal bool Flag(string name, bool? given) => Number(name, given is null ? null : given.Value ? 1 : 0) != 0;

    internal TimeSpan Time(string name, TimeSpan? given) => TimeSpan.FromTicks(Long(name, given?.Ticks));

    internal int Descriptor(string name, int? given)
    {
        var number = Number(name, given);
        _descriptors.Add(number);
        return number;
    }

    internal FileIdentity Identity(string name, FileIdentity? given) => Record(name, given, (f, identity) => new FileIdentity(
        (uint)f.Number("major", (int?)identity?.DeviceMajor),
        (uint)f.Number("minor", (int?)identity?.DeviceMinor),
        (ulong)f.Long("inode", (long?)identity?.Inode),
        f.Number("kind", identity?.Kind)));

    /// <summary>One nested record.</summary>
    internal TResult Record<TGiven, TResult>(string name, TGiven given, Func<Fields, TGiven, TResult> record)
    {
        var before = _prefix;
        _prefix += name + ".";
        var result = record(this, given);
        _prefix = before;
        return result;
    }

    /// <summary>One that may be missing.</summary>
    internal T? Optional<T>(string name, T? given, Func<Fields, T?, T> record)
        where T : class =>
        Number(name, given is null ? 0 : 1) == 0 ? null : Record(name, given, record);

    internal FileIdentity? Optional(string name, FileIdentity? given) =>
        Number(name, given is null ? 0 : 1) == 0 ? null : Identity(name, given);

    internal int? Optional(string name, int? given) =>
        Number(name, given is null ? 0 : 1) == 0 ? null : Number(name + ".value", given);

    internal int? OptionalDescriptor(string name, int? given) =>
        Number(name, given is null ? 0 : 1) == 0 ? null : Descriptor(name + ".fd", given);

    internal string? Optional(string name, string? given) =>
        Number(name, given is null ? 0 : 1) == 0 ? null : Text(name + ".value", given);

    internal IReadOnlyList<T> List<T>(string name, IReadOnlyList<T>? given, Func<Fields, T?, T> record)
    {
        var count = Number(name, given?.Count);
        if (count is < 0 or > 1_000_000) throw new SnapshotException($"'{_prefix}{name}' is no length: {count}");
        var list = new T[count];
        for (var i = 0; i < count; i++)
            list[i] = Record(name + "." + i.ToString(CultureInfo.InvariantCulture), given is null ? default : given[i], record);
        return list;
    }

    internal IReadOnlyList<int> Numbers(string name, IReadOnlyList<int>? given) => List(name, given, (f, number) => f.Number("value", number));

    internal IReadOnlyList<string> Texts(string name, IReadOnlyList<string>? given) => List<string>(name, given, (f, text) => f.Text("value", text));

    protected abstract string Exchange(string name, string? given);

    private T Parse<T>(string name, string text, Func<string, NumberStyles, T> parse)
    {
        try
        {
            return parse(text, NumberStyles.AllowLeadingSign);
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            throw new SnapshotException($"'{_prefix}{name}' is not a number: '{text}'");
        }
    }
}

internal sealed class FieldWriter : Fields
{
    private readonly List<string> _lines = [];

    internal string Lines => string.Concat(_lines);

    protected override string Exchange(string name, string? given)
    {
        var value = given ?? throw new ArgumentNullException(name);
        _lines.Add($"{name}={value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\n");
        return value;
    }
}

internal sealed class FieldReader : Fields
{
    private readonly Dictionary<string, string> _left = [];

    /// <exception cref="SnapshotException">Not lines of fields.</exception>
    internal FieldReader(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            var equals = line.IndexOf('=');
            if (equals < 0 || !_left.TryAdd(line[..equals], line[(equals + 1)..])) throw new SnapshotException($"the line '{line}' is no new field");
        }
    }

    /// <summary>To be called at the end: what nobody has asked for would be lost.</summary>
    /// <exception cref="SnapshotException">There is such a field.</exception>
    internal void RefuseRest()
    {
        if (_left.Count > 0) throw new SnapshotException($"the field '{_left.Keys.Order(StringComparer.Ordinal).First()}' is unknown");
    }

    protected override string Exchange(string name, string? given)
    {
        if (!_left.Remove(name, out var value)) throw new SnapshotException($"the field '{name}' is missing");
        // A backslash only ever stands before another one or an n.
        return value.Replace("\\\\", "\0", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal).Replace("\0", "\\", StringComparison.Ordinal);
    }
}
