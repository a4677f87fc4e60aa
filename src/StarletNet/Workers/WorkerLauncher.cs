using StarletNet.Master.Applications;
using StarletNet.Master.Listening;
using StarletNet.Master.Output;
using StarletNet.Master.Pool;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;

namespace StarletNet.Master.Workers;

/// <summary>Turns a worker of the pool into a process.</summary>
/// <param name="arguments">The application's own.</param>
/// <param name="share">How many requests it may answer.</param>
/// <param name="accessLog">Null: there is none.</param>
internal sealed class WorkerLauncher(
    WorkerEnvironment environment, IReadOnlyList<Listener> listeners, ScoreboardPlaces scoreboard, IReadOnlyList<string> arguments,
    RequestShare share, AccessLog? accessLog = null)
{
    /// <exception cref="SystemCallException">No process, or no descriptor, could be had.</exception>
    internal WorkerHandle Start(EventQueue queue, Worker worker, int workers, Application application)
    {
        var (ours, theirs) = FileDescriptor.MessagePair();
        var place = scoreboard.Take(worker.Slot, worker.Generation);
        // Nothing secret hangs on these dice.
#pragma warning disable CA5394
        var requests = share.Draw(Random.Shared);
#pragma warning restore CA5394
        try
        {
            using (theirs)
            {
                // The worker finds each descriptor under the number it has here; it makes them close-on-exec itself.
                int[] handed = [.. listeners.Select(listener => listener.FdOf(worker.Slot)), theirs.Number, scoreboard.Descriptor, .. AccessLogs(), .. Own(application)];
                var variables = environment.Of(worker, workers, theirs.Number, place is { } known ? (scoreboard.Descriptor, known) : null, requests, application.Certificates?.Number, Locks(application), accessLog?.Descriptor,
                    application.Identity, application.HeapLimit);
                var process = queue.Start(new ChildSpec
                {
                    Program = application.Program,
                    Title = environment.ShowsTitles ? $"starletnet worker {worker.Slot} gen={worker.Generation}" : null,
                    Arguments = [.. application.LeadingArguments, .. arguments],
                    Environment = variables,
                    Descriptors = [.. handed.Distinct().Select(fd => new HandedDescriptor(fd, fd))],
                    WorkingDirectory = application.Directory,
                    // The terminal's ^C is for the master alone, which drains its workers.
                    Scope = ProcessScope.OwnGroup,
                });
                return new WorkerHandle(worker.Id, process, new ControlChannel(ours), scoreboard, place)
                {
                    MaxRequests = requests,
                    DiagnosticFiles = DiagnosticFiles.Of(process.Pid, variables.GetValueOrDefault("TMPDIR"), application.Directory ?? Environment.CurrentDirectory),
                };
            }
        }
        catch
        {
            scoreboard.Release(place);
            ours.Dispose();
            throw;
        }
    }

    // Standard output it has anyway.
    private int[] AccessLogs() => accessLog?.FileName is null ? [] : [accessLog.Descriptor];

    private static IEnumerable<int> Own(Application application) =>
        new[] { application.Certificates, application.Copy?.Lock }.OfType<FileDescriptor>().Select(descriptor => descriptor.Number);

    private static int[] Locks(Application application) => application.Copy is { } copy ? [copy.Lock.Number] : [];
}
