using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.CommandLine;
using StartServer.Files;
using StartServer.Output;
using StartServer.Supervision;

namespace StartServer.Control;

/// <summary>
/// <c>--restart</c> with pid file and status file. A start_server of ours is asked, at the name that goes by its pid, and says what comes of
/// it. Any other (Server::Starter's, one in another network namespace) gets HUP, and then the status file is looked at until a generation
/// newer than all there were is current and all of those are gone. Newer by more than one, too: failed attempts have numbers of their own.
/// </summary>
/// <remarks>
/// The file tells who was accepted and who is left, not that an attempt has failed; that server tries on, and so this goes on waiting,
/// at most for <c>--timeout</c>.
/// </remarks>
internal static class RestartByFilesCommand
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>A server that ends removes its status file first; so long it may take it to be gone.</summary>
    private static readonly TimeSpan LastMoment = TimeSpan.FromSeconds(1);

    /// <exception cref="OperatorException">The deploy was not done, or not in time.</exception>
    internal static void Run(RestartByFiles options)
    {
        using var server = RunningServer.Find(options.PidFile);
        var before = Read(options.StatusFile, server);
        if (before.Count == 0) throw new OperatorException("no active process found in the status file", ExitCodes.StartServerUsage);
        var asked = new RestartByControl(ControlDoor.NameOf(server.Pid), Attempts: 1, options.Timeout, Json: false);
        using var link = ControlLink.OpenByPid(server.Pid, new RestartRequest(asked.Attempts));
        // Silent, as Server::Starter's is: cron jobs rely on it.
        if (link is not null) ControlCommand.Follow(link, asked, progress: null);
        else WaitForFiles(options, server, before);
    }

    private static void WaitForFiles(RestartByFiles options, RunningServer server, IReadOnlyList<Generation> before)
    {
        var target = before.Max(generation => generation.Number) + 1;
        var deadline = new Deadline(options.Timeout);
        server.Send(Signal.Hup);
        while (true)
        {
            if (!server.IsThere) throw Gone(server);
            var now = Read(options.StatusFile, server);
            if (now.Count > 0 && now.All(generation => generation.Number >= target))
            {
                var first = now.MinBy(generation => generation.Number)!;
                if (first.Number > target) StandardError.WriteLine(Messages.AttemptsBefore(first));
                return;
            }
            if (deadline.IsOver) throw TooLate(now, target, deadline);
            Thread.Sleep(Look);
        }
    }

    private static IReadOnlyList<Generation> Read(string path, RunningServer server)
    {
        try
        {
            return StatusFile.Parse(File.ReadAllText(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (error is FileNotFoundException && Ends(server)) throw Gone(server);
            var reason = error is FileNotFoundException or DirectoryNotFoundException ? Errno.ENOENT.Text : error.Message;
            throw new OperatorException($"failed to open file:{path}: {reason}", ExitCodes.FileMissing);
        }
        catch (FormatException error)
        {
            throw new OperatorException($"{path} is not a status file: {error.Message}", ExitCodes.StartServerUsage);
        }
    }

    private static bool Ends(RunningServer server)
    {
        var deadline = new Deadline(LastMoment);
        while (server.IsThere)
        {
            if (deadline.IsOver) return false;
            Thread.Sleep(Look);
        }
        return true;
    }

    private static OperatorException Gone(RunningServer server) =>
        new($"start_server (pid {server.Pid}) has ended before the deploy was done", ExitCodes.NoServer);

    private static OperatorException TooLate(IReadOnlyList<Generation> now, int target, Deadline deadline)
    {
        var old = string.Join(", ", now.Where(generation => generation.Number < target).Select(generation => $"{generation.Number} (pid {generation.Pid})"));
        return new(now.Any(generation => generation.Number >= target)
            ? $"a new generation serves, but generation {old} has not ended within {deadline}"
            : $"no new generation has started within {deadline}; generation {old} serves on, and start_server goes on trying: see its log", ExitCodes.TimedOut);
    }
}
