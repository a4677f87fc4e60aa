using StarletNet.Shared.CommandLine;

namespace StartServer.CommandLine;

/// <summary>What <c>--help</c> and <c>--version</c> print.</summary>
internal static class ManualPage
{
    /// <summary><c>0.1.0</c>.</summary>
    internal static string Number => typeof(ManualPage).Assembly.GetName().Version?.ToString(3) ?? "";

    /// <summary>The contract's version stands in it, for scripts that look for it.</summary>
    internal static readonly string Version = $"start_server {Number} (Server::Starter 0.35 compatible)\n";

    private const string Summary = "owns listening sockets and swaps the program behind them without losing a connection";

    /// <summary><c>--man</c>.</summary>
    internal static string Roff => ManPage.Of("start_server", Summary, Version.Split(" (")[0], Text);

    /// <summary>What <c>start_server</c> alone prints, and all help begins with.</summary>
    internal const string Usage = """
        Usage: start_server [options] -- program [argument...]
               start_server --restart|--stop|--list|--upgrade --control SOCKET
               start_server --reconfigure --control SOCKET [options] -- program [argument...]

        """;

    // Each is parsed by a test.
    private const string Examples = """
        Examples:
          $ start_server --port 80 --control /run/shop.sock -- starletnet /srv/shop/app.dll
              Serves an application. Its listeners stay open while it is replaced.
          $ start_server --restart --control /run/shop.sock
              Deploys: starts a new generation, waits until it serves, ends the old one.
          $ start_server --list --control /run/shop.sock
              Shows the generations, and how the last one failed.

        """;

    /// <summary><c>--help</c>: what most people need, on one screen. A test compares the names with the table.</summary>
    internal const string Short = $"""
        start_server - {Summary}

        {Usage}
        {Examples}
        Options that most people use:
          --port [HOST:]PORT        listen on TCP; may be repeated
          --path FILE               listen on a Unix socket; may be repeated
          --dir DIR                 directory the program starts in
          --envdir DIR              a file for each variable of the program
          --control SOCKET          where the commands below reach it
          --log-file FILE           append all output there; USR1 opens it anew
          --pid-file FILE           its pid, locked while it runs
          --daemonize               run in the background; needs --log-file
          --ready-timeout SECONDS   how long a start may take (60)
          --ready-probe URL         ask there before a start counts as done
          --watch SECONDS           keep the old generation for so long, to go back to
          --drain-timeout SECONDS   kill old generations after so long (0: never)
          --stop-timeout SECONDS    the same when it stops (0: never)
          --check                   say what a start with these options would be refused for

        Commands to a running start_server, with --control SOCKET:
          --restart                 deploy
          --list                    show the generations and listeners
          --stop                    stop it
          --upgrade                 replace it by the version that is installed now
          --reconfigure             give it this command line, and deploy

        Signals: HUP deploys, TERM stops, USR1 opens --log-file anew, USR2 upgrades.

        All options, exit codes, signals and files: start_server --help all, or man start_server.
        Completion: eval "$(start_server --completion bash)"; also zsh and fish.

        """;

    /// <summary><c>--help all</c>, and the manual page.</summary>
    internal static readonly string Text = $"""
        start_server - {Summary}

        {Usage}
        Binds the listeners, starts the program as a child that inherits them, and restarts it when it dies. On HUP a new
        generation of the program is started beside the old one; only when it has started well does the old one get its
        signal. If it does not start, the old one serves on and the attempt is repeated.

        {Examples}
        {HelpText.Of(OptionTable.Options)}
        Names of options are read in any case, with one dash or two; the value follows as '=VALUE' or as the next word. The options
        that Server::Starter 0.35 has may be abbreviated, the others not.

        What the program gets:
          SERVER_STARTER_PORT        NAME=FD of each listener, separated by ';'; empty if there are none
          SERVER_STARTER_GENERATION  1 for the first attempt, one more for each further one
          NOTIFY_SOCKET              where it may send sd_notify(3) messages; one that does is accepted with READY=1
          START_SERVER_READY_TIMEOUT within so many seconds it must be ready; not set if that is not limited
          PWD                        the directory it starts in by the name it was given, links and all, with --dir or a link

        Signals to start_server:
          HUP          start a new generation, then retire the old; one that is not ready yet is given up for it
          TERM, QUIT   send --signal-on-term to all generations, wait for them, exit
          INT          the same, with TERM
                       a second one, a second or more later, repeats it; a third sends KILL
          USR1         open --log-file anew, for us and for generations started from now on; running ones keep the old file
          USR2         go on as the version that is at start_server's path now, if that one can take over; nothing else changes
          all others   logged and ignored, if they can be caught

        Exit codes:
          0    stopped as asked
          1    unreadable options, or the start failed: an address in use, a file that cannot be opened
          5    nobody serves, and --max-start-attempts are used up
          255  wrong usage: no program, a bad port, an unknown host or signal
        of the commands to a running start_server also:
          2    the pid file or the status file cannot be opened
          3    no start_server is there, or it ended meanwhile
          10   the new generation did not start; the old one serves on;
               of --upgrade: the new version cannot take over, the old one goes on;
               of --reconfigure: either, and the former command line is in force
          11   not done within --timeout; what was begun goes on
          12   another --restart is under way, and its caller still waits; nothing was done (--abort cancels it)
          13   the new generation failed during --watch; the one before it serves again

        Files:
          pid file       the pid of start_server, with a lock for as long as it lives; removed at the end (--pid-file)
          status file    a line GENERATION:PID for each generation that lives; removed at the end (--status-file)
          control        the Unix socket for commands, with mode 0600; removed at the end (--control)
          log file       opened for appending, never truncated; USR1 opens it anew (--log-file)
          envdir         read before each start of the program, never written (--envdir)

        {HelpText.CompatibilityOf(OptionTable.Options)}
        See also:
          starletnet(1), sd_notify(3), systemd.socket(5)

        """;
}
