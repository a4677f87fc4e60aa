namespace StarletNet.Shared.CommandLine;

/// <summary>
/// How a program's command line is read. No library keeps both Getopt::Long's grammar and the rule that parsing stops at the
/// wrapped command, which is why there is a parser here at all.
/// </summary>
internal sealed record Dialect
{
    /// <summary>Exit code of a command line that cannot be read.</summary>
    internal required int ErrorExitCode { get; init; }

    /// <summary><c>-port 80</c> means <c>--port 80</c>, names in any case, and any unambiguous beginning of a name (Getopt::Long).</summary>
    internal bool LooseNames { get; init; }

    /// <summary><c>-w4</c> means <c>-w 4</c>, and <c>_</c> stands for <c>-</c> inside names (Plack's runner).</summary>
    internal bool ShortOptions { get; init; }

    /// <summary>A switch may be written <c>--ssl=1</c>, <c>--enable-ssl</c>, <c>--disable-ssl</c> or <c>--no-ssl</c> (Plack's runner).</summary>
    internal bool SwitchForms { get; init; }

    /// <summary>start_server: the wording of Getopt::Long, exit 1.</summary>
    internal static readonly Dialect Getopt = new() { ErrorExitCode = Errors.ExitCodes.Failure, LooseNames = true };

    /// <summary>starletnet: the wording of our own, exit 2.</summary>
    internal static readonly Dialect Plack = new() { ErrorExitCode = Errors.ExitCodes.Usage, ShortOptions = true, SwitchForms = true };
}
