namespace StarletNet.Shared.Events;

/// <summary>
/// Where a supervisor deals with one input: an event, a client, a datagram, a figure of a worker. An exception costs that one input and nothing else. A
/// supervisor that ends takes the listening sockets with it, so no mistake in the handling of one input is worth its end.
/// </summary>
/// <remarks>
/// State survives: transitions are pure functions, so an exception in one leaves the state as it was. What an action has done before it failed stays done.
/// </remarks>
/// <param name="log">Takes one line. The same failure is written once: an input that comes again and again must not fill the log.</param>
internal sealed class FaultBarrier(Action<string> log)
{
    /// <summary>More different failures than this are not written.</summary>
    private const int MostFailures = 100;

    private readonly HashSet<string> _written = [];

    /// <param name="input">What it is, for the log.</param>
    /// <param name="handle">Deals with it.</param>
    /// <returns>False if that failed.</returns>
    internal bool Run(string input, Action handle)
    {
        try
        {
            handle();
            return true;
        }
#pragma warning disable CA1031 // Of any kind: that is what this is for.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Write(input, error);
            return false;
        }
    }

    private void Write(string input, Exception error)
    {
        // By place and not by message, which may quote the input.
        if (_written.Count < MostFailures && _written.Add($"{input} {error.GetType()} {error.StackTrace}"))
            log($"{input} could not be handled and is passed over; please report this: {error.ToString().ReplaceLineEndings(" ")}");
    }
}
