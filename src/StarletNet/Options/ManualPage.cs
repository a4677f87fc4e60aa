using StarletNet.Shared.CommandLine;

namespace StarletNet.Master.Options;

/// <summary>What <c>--help</c> and <c>--man</c> print.</summary>
internal static class ManualPage
{
    private const string Summary = "serves an ASP.NET Core application with several worker processes";

    /// <summary><c>--man</c>.</summary>
    internal static string Roff => ManPage.Of("starletnet", Summary, "starletnet", Text);

    private const string Usage = """
        usage: starletnet [options] [APPLICATION [its arguments]]
               starletnet status [PID] [--json] [--watch] [--interval TIME]
               starletnet stacks PID

        """;

    // Each is parsed by a test.
    private const string Examples = """
        Examples:
          $ starletnet --port 8080 app.dll
              Serves app.dll on port 8080, with one worker for each CPU.
          $ starletnet --workers 4 --listen unix:/run/shop.sock --ready-path /health /srv/shop/app.dll
              Serves behind a proxy, with four workers that serve once /health answers.
          $ start_server --port 80 -- starletnet --max-reqs-per-child 100000 /srv/shop/current/app.dll
              Serves under start_server, which holds the port while releases are replaced.

        """;

    /// <summary><c>--help</c>: what most people need, on one screen. A test compares the names with the table.</summary>
    internal const string Short = $"""
        starletnet - {Summary}

        {Usage}
        {Examples}
        Options that most people use; they stand before the application:
          -p, --port N              TCP port (5000)
          -l, --listen ADDRESS      HOST:PORT, unix:PATH or @NAME; may be repeated
          -w, --workers N           worker processes, or auto
          -E, --env NAME            production, development, ...
          --ssl, --ssl-cert FILE, --ssl-key FILE
                                    https
          --ready-path PATH         ask the application before a worker serves
          --timeout TIME            how long a client may take
          --request-timeout TIME    how long the application may take for a request
          --max-body SIZE           largest body of a request
          --max-reqs-per-child N    replace a worker after so many requests
          --worker-max-memory SIZE  replace a worker that uses more
          --graceful-timeout TIME   how long a worker that leaves may take
          --user USER               run as that user once everything is open
          --access-log FILE         a line for each request; - is standard output
          --error-log FILE          everything else that is printed
          --metrics ADDRESS         figures for Prometheus
          --reload                  restart when files change; with --project DIR, build first
          --config FILE             read options from a file
          --check-config            print what holds, and where it was set

        Each option --some-name is also the variable STARLETNET_SOME_NAME.
        Signals: HUP restarts the workers, TERM stops, USR2 opens log files anew.

        All options, exit codes, signals and files: starletnet --help all, or man starletnet.
        Completion: eval "$(starletnet --completion bash)"; also zsh and fish.

        """;

    /// <summary><c>--help all</c>, and the manual page.</summary>
    internal static readonly string Text = $"""
        starletnet - {Summary}

        {Usage}
        Runs the application in worker processes that share the listeners, replaces workers that die, and restarts them one by
        one on HUP without losing a request. Options stand before the application; what stands behind it is the application's.

        {Examples}
        {HelpText.Of(Table, MasterOption.Twin)}
        TIME is in seconds, or a number with ms, s, m or h. SIZE is in bytes, or a number with K, M or G.
        Options without a value are set by --NAME, --enable-NAME or --NAME=yes and taken back by --no-NAME,
        --disable-NAME or --NAME=no.

        Environment:
          STARLETNET_SOME_NAME  the option --some-name, for each option with an effect on serving: --max-workers is
                                STARLETNET_MAX_WORKERS. The command line wins over the environment, that over the file
                                of --config, and that over --preset
          STARLETNET_DEBUG      1 is --log-level debug
          PLACK_QUIET           1 is --quiet
          ASPNETCORE_ENVIRONMENT, DOTNET_ENVIRONMENT, PLACK_ENV  what --env is if it is not given
          SERVER_STARTER_PORT, LISTEN_FDS  listeners of start_server, or of systemd; they replace --listen and its relatives
          NOTIFY_SOCKET         told READY=1, RELOADING=1, STOPPING=1 and STATUS=, as sd_notify(3) has it

        Signals to the master:
          HUP              restart the workers one by one; certificates and --config are read again
          TERM, INT, QUIT  stop gracefully; a second one, a second or more later, hurries, a third kills
          USR1             the same; with --spawn-interval one worker after the other
          USR2             open --error-log and --access-log anew
          TTIN, TTOU       one worker more, one worker less
          all others       logged and ignored, if they can be caught

        Exit codes:
          0   stopped as asked
          1   the start failed: an address in use, no application at the path, no worker that starts
          2   wrong usage: an option, a variable or a file that cannot be read; no application named
        of starletnet status and starletnet stacks also:
          3   no starletnet, or no such process, is there
          11  it does not answer

        Files:
          app.dll          in the current directory: the application, if none is named
          pid file         the pid of the master, with a lock while it runs; removed at the end (--pid)
          configuration    one option to a line, name = value; # begins a comment (--config)
          log files        opened for appending, never truncated; USR2 opens them anew (--error-log, --access-log, --master-log)
          status socket    an abstract Unix socket that is named after the master's pid, for its user and root (--status-socket)
          copies           of the application, removed when no worker runs from them (--shadow-copy, --shadow-dir)

        {HelpText.CompatibilityOf(Table, MasterOption.Twin)}
        See also:
          start_server(1), sd_notify(3), systemd.socket(5)

        """;

    private static IReadOnlyList<Option> Table => [.. OptionTable.Entries.Select(entry => entry.Declared)];
}
