namespace StarletNet.Shared.Contract;

/// <summary>
/// What master and worker say to each other over the control channel, a pair of SOCK_SEQPACKET sockets: one message is one
/// packet of UTF-8 text, a verb and, after a space, free text to the end. End of file says that the other side is gone; a
/// worker then drains as if told to.
/// </summary>
internal static class ControlMessage
{
    /// <summary>Longest message in bytes; a longer text is cut by the sender.</summary>
    internal const int MaxLength = 4096;

    /// <summary>Worker → master: bound, started, accepting.</summary>
    internal const string Ready = "ready";

    /// <summary>Worker → master: no new connections are taken from now on (a drain has begun, on whoever's word).</summary>
    internal const string Draining = "draining";

    /// <summary>
    /// Worker → master: wants to leave, and serves on until it is told to, which is when another serves in its place. The text says why:
    /// <see cref="ForRequests"/>, <see cref="ForHarakiri"/> or <see cref="ForOverdue"/>.
    /// </summary>
    internal const string Retire = "retire";

    internal const string ForRequests = "requests", ForHarakiri = "harakiri", ForOverdue = "overdue";

    /// <summary>Worker → master: got QUIT, and wants its stacks to be written down before it is told to <see cref="Drain"/>.</summary>
    internal const string Dump = "dump";

    /// <summary>Worker → master: started, and not ready yet; the text says what it waits for, in one line for people. Said again when that changes.</summary>
    internal const string Unready = "unready";

    /// <summary>Worker → master: the paths that it has answered most. See <see cref="WarmUpPaths"/>.</summary>
    internal const string Paths = "paths";

    /// <summary>Worker → master: cannot serve; the text says why, in one line for people. The worker exits non-zero next.</summary>
    internal const string Failed = "failed";

    /// <summary>
    /// Master → worker: stop accepting, finish what is there within the two clocks, exit 0. The text says how many milliseconds upgraded
    /// connections may stay before that; without text they may not. Said again, it can only make that time shorter.
    /// </summary>
    internal const string Drain = "drain";

    /// <summary>
    /// Worker → master: nothing is left but upgraded connections that may stay; the text is their number. Said again when it changes.
    /// </summary>
    internal const string Lingering = "lingering";

    /// <summary>Master → worker: give up what is unfinished and exit now; used when an operator asks a second time.</summary>
    internal const string Abort = "abort";

    /// <summary>Master → worker: say on stderr which requests are running; it is taken for stuck, or a request of it goes on beyond its time.</summary>
    internal const string Report = "report";

    /// <summary>
    /// Master → worker: log files have been opened anew. The text names them, in the order of the descriptors that the packet carries:
    /// <see cref="AccessLog"/>, <see cref="ErrorLog"/>. Worker → master, without text: somebody asks the worker (USR2) to have that done.
    /// </summary>
    internal const string Reopen = "reopen";

    internal const string AccessLog = "access", ErrorLog = "error";

    internal static string Format(string verb, string text = "") => text.Length == 0 ? verb : verb + " " + text;

    internal static (string Verb, string Text) Parse(string message)
    {
        var space = message.IndexOf(' ', StringComparison.Ordinal);
        return space < 0 ? (message, "") : (message[..space], message[(space + 1)..]);
    }
}
