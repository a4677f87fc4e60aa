using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.CommandLine;
using StartServer.Output;

namespace StartServer.Control;

/// <summary>
/// <c>--stop</c>: TERM to the server of the pid file, then waiting for its end: pid file, status file and socket files are gone by then.
/// </summary>
internal static class StopByPidFileCommand
{
    /// <summary>Between two looks at the time.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <exception cref="OperatorException">It cannot be stopped, or not in time.</exception>
    internal static void Run(StopByPidFile options)
    {
        using var server = RunningServer.Find(options.PidFile);
        StandardError.WriteLine(Messages.StoppingServer(LibC.getpid(), server.Pid));
        var deadline = new Deadline(options.Timeout);
        server.Send(Signal.Term);
        while (!server.HasEnded(Look))
        {
            if (deadline.IsOver)
                throw new OperatorException($"start_server (pid {server.Pid}) has not ended within {deadline}; it goes on stopping", ExitCodes.TimedOut);
        }
    }
}
