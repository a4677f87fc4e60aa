namespace StarletNet.Shared.Errors;

/// <summary>Every exit code the two programs use on their own account.</summary>
internal static class ExitCodes
{
    /// <summary>A stop that was asked for; <c>--help</c>, <c>--version</c>.</summary>
    internal const int Success = 0;

    /// <summary>The start failed: a port in use, an application that does not boot. start_server: bad option grammar, as in Server::Starter.</summary>
    internal const int Failure = 1;

    /// <summary>starletnet: bad command line, environment or configuration. Nothing was started.</summary>
    internal const int Usage = 2;

    /// <summary>start_server: nobody serves, and no generation could be started within <c>--max-start-attempts</c>.</summary>
    internal const int GaveUp = 5;

    /// <summary>start_server: usage errors found after parsing (no program, bad port), as in Server::Starter.</summary>
    internal const int StartServerUsage = 255;

    /// <summary><c>start_server --restart</c>, <c>--stop</c>: a file that tells where the server is cannot be opened, as in Server::Starter.</summary>
    internal const int FileMissing = 2;

    /// <summary>Clients of start_server, and <c>starletnet status</c>: no server is there, or it ended meanwhile.</summary>
    internal const int NoServer = 3;

    /// <summary>
    /// <c>start_server --restart</c>: the new generation did not start; the old one serves on. <c>--upgrade</c>: the new version cannot
    /// take over; the old one goes on.
    /// </summary>
    internal const int CandidateFailed = 10;

    /// <summary>start_server's clients: not done within <c>--timeout</c>. <c>starletnet status</c>: no answer.</summary>
    internal const int TimedOut = 11;

    /// <summary><c>start_server --restart</c>: another deploy is under way.</summary>
    internal const int Busy = 12;

    /// <summary><c>start_server --restart</c>: the new generation was accepted, failed while it was watched, and the previous one took over again.</summary>
    internal const int RolledBack = 13;
}
