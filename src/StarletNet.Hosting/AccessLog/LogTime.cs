using System.Text;

namespace StarletNet.Hosting.AccessLog;

/// <summary>Times in the letters of strftime(3), as far as <see cref="StarletNet.Shared.Contract.AccessLogFormat.TimeLetters"/> goes.</summary>
internal static class LogTime
{
    /// <summary>Of <c>%t</c>: <c>[10/Oct/2000:13:55:36 -0700]</c>.</summary>
    internal const string Usual = "[%d/%b/%Y:%H:%M:%S %z]";

    internal static void Add(ref LineBuffer line, DateTimeOffset time, string format)
    {
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%')
            {
                _ = Rune.DecodeFromUtf16(format.AsSpan(at), out var rune, out var consumed);
                line.Add(rune);
                at += consumed - 1;
                continue;
            }
            switch (format[++at])
            {
                case 'Y': line.AddFormatted(time, "yyyy"); break;
                case 'y': line.AddFormatted(time, "yy"); break;
                case 'm': line.AddFormatted(time, "MM"); break;
                case 'b': line.AddFormatted(time, "MMM"); break;
                case 'B': line.AddFormatted(time, "MMMM"); break;
                case 'd': line.AddFormatted(time, "dd"); break;
                case 'e': line.AddFormatted(time, time.Day < 10 ? "' 'd" : "dd"); break;
                case 'j': line.AddFormatted(time.DayOfYear, "000"); break;
                case 'a': line.AddFormatted(time, "ddd"); break;
                case 'A': line.AddFormatted(time, "dddd"); break;
                case 'H': line.AddFormatted(time, "HH"); break;
                case 'M': line.AddFormatted(time, "mm"); break;
                case 'S': line.AddFormatted(time, "ss"); break;
                case 'F': line.AddFormatted(time, "yyyy-MM-dd"); break;
                case 'T': line.AddFormatted(time, "HH:mm:ss"); break;
                case 's': line.Add(time.ToUnixTimeSeconds()); break;
                case 'z':
                    line.Add(time.Offset < TimeSpan.Zero ? '-' : '+');
                    line.AddFormatted((Math.Abs(time.Offset.Hours) * 100) + Math.Abs(time.Offset.Minutes), "0000");
                    break;
                default: line.Add('%'); break;
            }
        }
    }
}
