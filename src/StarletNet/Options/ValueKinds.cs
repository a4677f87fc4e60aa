using System.Globalization;

namespace StarletNet.Master.Options;

/// <summary>The kinds of value that options have.</summary>
internal static class ValueKinds
{
    private const string NoLimit = "unlimited";

    /// <summary>Seconds, or a number with a unit.</summary>
    internal static readonly ValueKind<TimeSpan> Time = new("TIME", ReadTime, Seconds);

    /// <summary>The same, where zero would make no sense.</summary>
    internal static ValueKind<TimeSpan> TimeAboveZero(string why) => new("TIME",
        text => ReadTime(text) is var time && time > TimeSpan.Zero ? time : throw new FormatException(why), Seconds);

    /// <summary>The same, where zero means that there is no limit.</summary>
    internal static readonly ValueKind<TimeSpan> TimeOrUnlimited = new("TIME",
        text => IsUnlimited(text) ? TimeSpan.Zero : ReadTime(text), time => time == TimeSpan.Zero ? NoLimit : Seconds(time));

    internal static ValueKind<int> Number(int least, int most, string alternative = "") =>
        new("N", text => ReadNumber(text, least, most, alternative), number => number.ToString(CultureInfo.InvariantCulture));

    /// <summary>0, <c>inf</c> and <c>unlimited</c> all mean no limit, which is 0.</summary>
    internal static readonly ValueKind<int> CountOrUnlimited = new("N",
        text => IsUnlimited(text) ? 0 : ReadNumber(text, 0, int.MaxValue), count => count == 0 ? NoLimit : count.ToString(CultureInfo.InvariantCulture));

    /// <summary>Bytes, or a number with K, M or G; 0 means no limit.</summary>
    internal static readonly ValueKind<long> SizeOrUnlimited = new("SIZE",
        text => IsUnlimited(text) ? 0 : ReadSize(text), size => size == 0 ? NoLimit : WriteSize(size));

    /// <param name="what">For the message about an empty one: <c>a file name</c>.</param>
    internal static ValueKind<string> Text(string name, string what) =>
        new(name, text => text.Length > 0 ? text : throw new FormatException($"is empty; give {what}"), text => text);

    /// <summary>One of a few words, in any case.</summary>
    internal static ValueKind<string> Word(string name, string what, params string[] words) => new(name,
        text => words.FirstOrDefault(word => word.Equals(text, StringComparison.OrdinalIgnoreCase))
            ?? throw new FormatException($"'{text}' is not {what}; there {(words.Length == 1 ? "is" : "are")} {Listed(words)}"),
        text => text)
    { Words = words };

    internal static ValueKind<uint> Octal(string example) => new("MODE", text => ReadOctal(text, example), WriteOctal);

    /// <summary>Not set unless given.</summary>
    internal static ValueKind<T?> Optional<T>(ValueKind<T> kind) where T : struct =>
        new(kind.Name, text => kind.Parse(text), value => value is { } given ? kind.Format(given) : null) { Words = kind.Words };

    /// <inheritdoc cref="Optional{T}"/>
    internal static ValueKind<string?> OptionalText(ValueKind<string> kind) =>
        new(kind.Name, text => kind.Parse(text), value => value) { Words = kind.Words };

    private static bool IsUnlimited(string text) => text is "inf" or NoLimit;

    private static TimeSpan ReadTime(string text)
    {
        if (!Duration.TryParse(text, out var time)) throw new FormatException($"'{text}' is not a time; write seconds (0.5) or a number with ms, s, m or h");
        // Zero often means something of its own, and no clock here counts less than that.
        if (time > TimeSpan.Zero && time < Duration.Shortest) throw new FormatException($"'{text}' is less than a millisecond; write 1ms or more");
        return time;
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);

    private static int ReadNumber(string text, int least, int most, string alternative = "") =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException(IsTooMany(text) ? $"'{text}' is more than {int.MaxValue}, the most there can be" : $"'{text}' is not {alternative}a whole number {Range(least, most)}");

    private static bool IsTooMany(string text) => text.Length > 0 && text.All(char.IsAsciiDigit) && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static string Range(int least, int most) => most == int.MaxValue ? $"of at least {least}" : $"from {least} to {most}";

    private static long ReadSize(string text)
    {
        var unit = text.Length > 0 ? "KMG".IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal) + 1 : 0;
        var digits = unit > 0 ? text[..^1] : text;
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= long.MaxValue >> (10 * unit)
            ? number << (10 * unit)
            : throw new FormatException($"'{text}' is not a size; write bytes or a number with K, M or G");
    }

    internal static string WriteSize(long size)
    {
        var unit = 0;
        while (unit < 3 && size % 1024 == 0) (size, unit) = (size / 1024, unit + 1);
        return size.ToString(CultureInfo.InvariantCulture) + (unit == 0 ? "" : "KMG"[unit - 1]);
    }

    private static uint ReadOctal(string text, string example) =>
        text.Length is > 0 and <= 4 && text.All(digit => digit is >= '0' and <= '7') && Convert.ToUInt32(text, 8) is <= 0x1ff and var mode
            ? mode
            : throw new FormatException($"'{text}' is not an octal mode such as {example}");

    private static string WriteOctal(uint mode) => "0" + Convert.ToString((int)mode, 8).PadLeft(3, '0');

    private static string Listed(string[] words) =>
        words.Length == 1 ? words[0] : string.Join(", ", words[..^1]) + " and " + words[^1];
}
