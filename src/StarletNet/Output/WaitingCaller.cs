using System.Globalization;
using System.Text;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Output;

/// <summary>
/// The process that was called with <c>--daemonize</c> and waits at the other end of a pipe. Lines: <c>say TEXT</c> for its stderr, then
/// <c>exit CODE</c>, which is the end. Until our stderr is redirected we write to the caller's ourselves.
/// </summary>
internal sealed class WaitingCaller : IDisposable
{
    private const string SayVerb = "say ", ExitVerb = "exit ";

    internal WaitingCaller(FileDescriptor pipe)
    {
        // A caller that was stopped (^Z) loses lines; it does not stop us.
        FileDescriptor.SetNonBlocking(pipe.Number, true);
        Pipe = pipe;
    }

    /// <summary>Readable when the caller has gone.</summary>
    internal FileDescriptor Pipe { get; }

    /// <summary>The caller has been told how it ended, or has gone.</summary>
    internal bool IsOver => Pipe.IsClosed;

    /// <summary>Our stderr is not the caller's any more.</summary>
    internal bool IsApart { get; set; }

    internal void Say(string text)
    {
        if (!IsOver && IsApart) StandardStreams.Write(Pipe.Number, SayVerb + text + "\n");
    }

    /// <summary>What the caller is to return. Only the first time counts.</summary>
    internal void End(int exitCode)
    {
        if (IsOver) return;
        StandardStreams.Write(Pipe.Number, string.Create(CultureInfo.InvariantCulture, $"{ExitVerb}{exitCode}\n"));
        Dispose();
    }

    /// <summary>The caller's side: shows what the daemon says until it ends.</summary>
    /// <returns>The exit code; null if the daemon ended without one.</returns>
    internal static int? Listen(FileDescriptor pipe)
    {
        using var stream = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(pipe.Number, ownsHandle: false), FileAccess.Read, bufferSize: 1);
        using var lines = new StreamReader(stream, Encoding.UTF8);
        while (lines.ReadLine() is { } line)
        {
            if (line.StartsWith(SayVerb, StringComparison.Ordinal)) StandardStreams.WriteError($"starletnet: {line[SayVerb.Length..]}");
            if (line.StartsWith(ExitVerb, StringComparison.Ordinal)) return int.Parse(line.AsSpan(ExitVerb.Length), CultureInfo.InvariantCulture);
        }
        return null;
    }

    public void Dispose() => Pipe.Dispose();
}
