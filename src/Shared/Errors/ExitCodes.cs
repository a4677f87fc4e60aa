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

    /// <summary>start_server: usage errors found after parsing (no program, bad port), as in Server::Starter.</summary>
    internal const int StartServerUsage = 255;
}
