namespace StarletNet.Shared.Contract;

/// <summary>
/// Why start_server sends a generation the signal that ends it. The signal is the same in both cases, so the meaning travels in the
/// signal's value (sigqueue(3), <c>si_code</c> SI_QUEUE). A program that does not read values sees a plain signal.
/// </summary>
internal enum SignalMeaning
{
    /// <summary>No value, or a value that is unknown here: kill(1), systemd, Perl's start_server. It means a stop.</summary>
    None = 0,

    /// <summary>The service stops.</summary>
    Stop = 0x53744e01,

    /// <summary>A newer generation serves. Connections that may stay (<c>--drain-websockets</c>) stay.</summary>
    Replaced = 0x53744e02,
}
