using System.Globalization;
using System.Text;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Processes;

/// <summary>
/// What a daemon says to the process that was called with <c>--daemonize</c> and waits at the other end of a pipe (<see cref="Detachment"/>).
/// Lines: <c>say TEXT</c> for its stderr, then <c>exit CODE</c>, which is the end.
/// </summary>
internal static unsafe class DaemonReport
{
    private const string SayVerb = "say ", ExitVerb = "exit ";

    /// <summary>
    /// A line of the protocol for each line of the text. What a program wrote may hold commands to a terminal, or what looks like the end of
    /// a line: neither is to be carried out by the caller.
    /// </summary>
    internal static string Say(string text) =>
        string.Concat(text.Split('\n').Select(line => SayVerb + PrintableText.Of(line, keepsTabs: true) + "\n"));

    internal static string Exit(int code) => string.Create(CultureInfo.InvariantCulture, $"{ExitVerb}{code}\n");

    /// <summary>The caller's side: shows what the daemon says until it ends.</summary>
    /// <param name="pipe">The end to read from.</param>
    /// <param name="show">Takes a line.</param>
    /// <returns>The exit code; null if the daemon ended without one.</returns>
    internal static int? Listen(FileDescriptor pipe, Action<string> show)
    {
        var line = new List<byte>();
        for (byte one; Read(pipe, &one);)
        {
            if (one != (byte)'\n')
            {
                line.Add(one);
                continue;
            }
            var text = Encoding.UTF8.GetString([.. line]);
            line.Clear();
            if (text.StartsWith(SayVerb, StringComparison.Ordinal)) show(text[SayVerb.Length..]);
            if (text.StartsWith(ExitVerb, StringComparison.Ordinal)
                && int.TryParse(text.AsSpan(ExitVerb.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
                return code;
        }
        return null;
    }

    private static bool Read(FileDescriptor pipe, byte* one)
    {
        ssize_t count;
        while ((count = LibC.read(pipe.Number, one, 1)) < 0 && Errno.Last == Errno.EINTR) { }
        return count > 0;
    }
}
