using System.Text;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Worker;

/// <summary>
/// What happens to a worker, on stderr, with <c>--log-level debug</c>. Not by way of the application's logging, which has levels and places of its
/// own, and does not exist yet when the first of it happens.
/// </summary>
internal static class DebugWords
{
    /// <summary>Set once, at the beginning.</summary>
    internal static bool AreWanted { get; set; }

    internal static void Write(string text)
    {
        if (!AreWanted) return;
        // One write for one line, whatever others write meanwhile.
        FileDescriptor.WriteAll(2, Encoding.UTF8.GetBytes($"starletnet worker {Environment.ProcessId}: debug: {text.ReplaceLineEndings(" ")}\n"));
    }
}
