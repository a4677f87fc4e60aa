using StarletNet.Shared.Events;

namespace StartServer.Output;

/// <summary>Where <c>--log-file</c> sends stdout and stderr, ours and the generations'.</summary>
internal interface ILog : IDisposable
{
    /// <summary>Makes it stdout and stderr, ours and that of every child from now on.</summary>
    public void Redirect();

    /// <summary>USR1: log rotation.</summary>
    public void Reopen();

    /// <returns>Whether the event was the log's own affair, and nobody else's.</returns>
    public bool Takes(Event happened);

    /// <summary>To be called when all generations have ended and the last line is written.</summary>
    /// <param name="stopTimeout">How long it may take; zero: nobody says.</param>
    public void Finish(TimeSpan stopTimeout);
}
