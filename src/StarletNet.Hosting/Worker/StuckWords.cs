using System.Text;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Worker;

/// <summary>
/// What a worker that is taken for stuck has to say, on its own thread, which may be the only one that still runs: so it writes to the
/// descriptor itself, since a console's lock may be what the others wait for.
/// </summary>
internal static class StuckWords
{
    private const int MostListed = 20;

    internal static void Write(IReadOnlyCollection<string> running)
    {
        var more = running.Count > MostListed ? $", and {running.Count - MostListed} more" : "";
        var what = running.Count == 0 ? "no request is running" : $"{running.Count} requests are running: {string.Join(", ", running.Take(MostListed))}{more}";
        var text = $"starletnet worker {Environment.ProcessId}: {ThreadPool.ThreadCount} threads in the pool, {ThreadPool.PendingWorkItemCount} items wait for one; {what}";
        // One line, whatever a client has put into its path.
        FileDescriptor.WriteAll(2, Encoding.UTF8.GetBytes(PrintableText.Of(text) + "\n"));
    }
}
