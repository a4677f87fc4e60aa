using System.Globalization;
using System.Text;
using StarletNet.Shared.Processes;

namespace StartServer.Upgrade;

/// <summary>
/// A command line as a text: words separated by blanks, in which all bytes but the harmless ones are written <c>%20</c>. Nothing of it is
/// lost, neither empty words nor bytes that are not UTF-8.
/// </summary>
internal static class CommandWords
{
    internal static string Encode(IEnumerable<string> words) => string.Join(' ', words.Select(Encode));

    /// <exception cref="FormatException">Not such a text.</exception>
    internal static IReadOnlyList<string> Decode(string text) => [.. text.Split(' ').Select(DecodeWord)];

    private static string Encode(string word)
    {
        var text = new StringBuilder();
        foreach (var one in OriginalBytes.Of(word) ?? Encoding.UTF8.GetBytes(word))
        {
            if (char.IsAsciiLetterOrDigit((char)one) || "-_./:=,@+".Contains((char)one)) text.Append((char)one);
            else text.Append('%').Append(one.ToString("x2", CultureInfo.InvariantCulture));
        }
        return text.ToString();
    }

    private static string DecodeWord(string word)
    {
        var bytes = new List<byte>();
        for (var at = 0; at < word.Length; at++)
        {
            if (word[at] != '%') bytes.AddRange(Encoding.UTF8.GetBytes(word, at, 1));
            else if (at + 2 < word.Length && byte.TryParse(word.AsSpan(at + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var one) && one != 0)
            {
                bytes.Add(one);
                at += 2;
            }
            else throw new FormatException($"'{word}' is no word of a command line");
        }
        return OriginalBytes.Decode([.. bytes], prefix: "");
    }
}
