using System.Text;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Worker;

/// <summary>
/// The short name of the process, which top(1) and the kernel's messages show: that of its first thread. The long one is argv[0], by which the
/// master has started us; where it left that alone, this stays, too.
/// </summary>
internal static class WorkerName
{
    private const string Title = "starletnet worker ";

    /// <summary>To be called on the first thread.</summary>
    internal static unsafe void Show()
    {
        // With its zero; the kernel takes sixteen bytes.
        var name = Encoding.ASCII.GetBytes($"starletnet w{Environment.GetEnvironmentVariable(EnvironmentNames.WorkerSlot)}\0");
        if (!IsTitled()) return;
        fixed (byte* pointer = name) _ = LibC.prctl(LibC.PR_SET_NAME, (nint)pointer);
    }

    private static bool IsTitled()
    {
        using var arguments = File.OpenRead("/proc/self/cmdline");
        Span<byte> beginning = stackalloc byte[Title.Length];
        return arguments.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false) == beginning.Length && Encoding.ASCII.GetString(beginning) == Title;
    }
}
