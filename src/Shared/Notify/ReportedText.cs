using System.Globalization;
using System.Text;

namespace StarletNet.Shared.Notify;

/// <summary>A value that another process has sent, fit to be shown: it may hold commands to a terminal, or be of any length.</summary>
internal static class ReportedText
{
    /// <summary>Longer texts are cut there.</summary>
    internal const int Longest = 1024;

    /// <summary>Control characters as <c>\x1b</c>.</summary>
    internal static string Of(string value)
    {
        if (value.Length <= Longest && !value.Any(char.IsControl)) return value;
        var text = new StringBuilder();
        foreach (var letter in value)
        {
            if (text.Length >= Longest) return text.Append('…').ToString();
            if (char.IsControl(letter)) text.Append(CultureInfo.InvariantCulture, $"\\x{(int)letter:x2}");
            else text.Append(letter);
        }
        return text.ToString();
    }
}
