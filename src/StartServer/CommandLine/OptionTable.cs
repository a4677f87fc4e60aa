using StarletNet.Shared.CommandLine;

namespace StartServer.CommandLine;

/// <summary>Every option of start_server, as data. Server::Starter's are in its manual's order; ours are marked as extensions.</summary>
internal static class OptionTable
{
    internal const string Port = "port", Path = "path", Dir = "dir", Interval = "interval", SignalOnHup = "signal-on-hup",
        SignalOnTerm = "signal-on-term", PidFile = "pid-file", StatusFile = "status-file", KillOldDelay = "kill-old-delay",
        EnvDir = "envdir", ListenFds = "listen-fds", Orphans = "orphans", Check = "check", Man = "man", Backlog = "backlog", LogFile = "log-file", ReadyTimeout = "ready-timeout", Daemonize = "daemonize",
        Restart = "restart", Stop = "stop",
        Control = "control", List = "list", Attempts = "attempts", Timeout = "timeout", Json = "json",
        EnableAutoRestart = "enable-auto-restart", AutoRestartInterval = "auto-restart-interval", Ready = "ready", ReadyProbe = "ready-probe",
        MaxStartAttempts = "max-start-attempts", Watch = "watch", DrainTimeout = "drain-timeout", MaxOldGenerations = "max-old-generations",
        StopTimeout = "stop-timeout", Upgrade = "upgrade", Reconfigure = "reconfigure", Abort = "abort", Help = "help", All = "all", Completion = "completion", Version = "version";

    internal static readonly IReadOnlyList<Option> Options =
    [
        new(Port, ValueForm.Text,
            "Listen on PORT, HOST:PORT or [IPv6]:PORT. 'u' before the port number makes it UDP; '=N' at the end hands the socket to "
            + "the program as descriptor N. A bare PORT is IPv4 only; two options make a dual stack.")
        { ValueName = "SPEC", Repeatable = true, Section = Listeners },
        new(Path, ValueForm.Text, "Listen on a Unix stream socket at this path, with mode 0777.")
        { ValueName = "FILE", Repeatable = true, Section = Listeners },
        new(Backlog, ValueForm.Integer, "Length of the accept queues; 0 and negative numbers mean the default.")
        { ValueName = "N", Default = "as long as the kernel allows", Section = Listeners },
        new(ListenFds, ValueForm.Switch,
            "Hands the listeners over as systemd's socket activation does, too: LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES, at descriptors "
            + "3, 4, ... SERVER_STARTER_PORT names the same sockets.")
        { Extension = true, Section = Listeners },
        new(Dir, ValueForm.Text, "Directory the program starts in. The other options' files stay relative to where start_server was started.")
        { ValueName = "DIR", Section = Program },
        new(EnvDir, ValueForm.Text,
            "Directory with a file for each variable of the program: the name is the file's, the value its first line. Read anew before "
            + "each start; a variable whose file is gone is again what start_server was started with. The environment forms of other "
            + "options take effect from there at once, and win.")
        { ValueName = "DIR", EnvironmentTwin = PolicyVariables.EnvDirectory, Section = Program },
        new(Interval, ValueForm.Integer,
            "Seconds after which a program that has said nothing on NOTIFY_SOCKET and is still alive counts as started; and the least "
            + "time between two attempts.")
        { ValueName = "SECONDS", Default = "1", Section = Deploys },
        new(ReadyTimeout, ValueForm.Integer,
            "Seconds within which a program that speaks on NOTIFY_SOCKET must have sent READY=1; otherwise it is stopped and started "
            + "anew while the old generation serves on. 0 waits for ever.")
        { ValueName = "SECONDS", Default = "60", Extension = true, Section = Deploys },
        new(Ready, ValueForm.Text,
            "When the program counts as started: 'notify' with READY=1 on NOTIFY_SOCKET, 'alive' when it is alive after --interval, "
            + "whatever it says; 'auto' holds it to READY=1 if it says anything there within --interval, and is 'alive' if it does not.")
        { ValueName = "auto|notify|alive", Default = "auto", Extension = true, Section = Deploys },
        new(ReadyProbe, ValueForm.Text,
            "Asked once the program counts as started, and again until it answers or --ready-timeout is over; only then is it accepted. "
            + "http://HOST:PORT/PATH or http://unix:/SOCKET:/PATH must answer with a status from 200 to 399; tcp://HOST:PORT or "
            + "tcp://unix:/SOCKET must take a connection; tcp: somebody must take one from the first --port. %g stands for the number of "
            + "the generation, %p for its pid. Beware of the old generation, which answers too on the sockets that both have: give an address of the "
            + "new one's own (http://unix:/run/app.%p:/), or a path with %g to which a program answers 421 if that is not its "
            + "SERVER_STARTER_GENERATION, which counts as no answer at all. 'tcp' therefore tells something of first starts only.")
        { ValueName = "URL|tcp", Extension = true, Section = Deploys },
        new(MaxStartAttempts, ValueForm.Integer,
            "Failed attempts after which a deploy is given up: the old generation serves on, and the next HUP tries anew. If nobody serves, "
            + "start_server exits with code 5. 0 tries for ever.")
        { ValueName = "N", Default = "0", Extension = true, Section = Deploys },
        new(Watch, ValueForm.Integer,
            "Seconds for which a new generation is watched after it has taken over: the one before it gets no signal and serves beside it. If the "
            + "new one dies, or fails its probe, the one before is the current one again. 0 does not watch.")
        { ValueName = "SECONDS", Default = "0", Extension = true, Section = Deploys },
        new(SignalOnHup, ValueForm.Text, "What old generations get once the new one has started: a name or a number.")
        { ValueName = "SIGNAL", Default = "TERM", Section = Deploys },
        new(KillOldDelay, ValueForm.Integer, "Seconds to wait before old generations get their signal; after --watch, if that is given.")
        {
            ValueName = "SECONDS", Default = "0, or 5 with --enable-auto-restart", EnvironmentTwin = PolicyVariables.KillOldDelay, Section = Deploys,
        },
        new(DrainTimeout, ValueForm.Integer,
            "Seconds after their signal when old generations that are still there are killed. 0 lets them take their time.")
        { ValueName = "SECONDS", Default = "0", Extension = true, Section = Deploys },
        new(MaxOldGenerations, ValueForm.Integer,
            "How many old generations there may be: when a deploy begins and would leave more, the oldest are killed. The one that --watch keeps "
            + "is not. 0 sets no limit.")
        { ValueName = "N", Default = "0", Extension = true, Section = Deploys },
        new(EnableAutoRestart, ValueForm.Switch,
            "Starts a new generation by itself every --auto-restart-interval, counted from the last start, once no old one is left; after "
            + "twice that time also if one is.")
        { EnvironmentTwin = PolicyVariables.EnableAutoRestart, Section = Compatible },
        new(AutoRestartInterval, ValueForm.Integer, "Seconds between automatic restarts; at least 1.")
        { ValueName = "SECONDS", Default = "360", EnvironmentTwin = PolicyVariables.AutoRestartInterval, Section = Compatible },
        new(SignalOnTerm, ValueForm.Text, "What all generations get when start_server gets TERM.")
        { ValueName = "SIGNAL", Default = "TERM", Section = Stops },
        new(StopTimeout, ValueForm.Integer,
            "Seconds after that signal when generations that are still there are killed. 0 waits for ever, as Server::Starter does.")
        { ValueName = "SECONDS", Default = "0", Extension = true, Section = Stops },
        new(Orphans, ValueForm.Text,
            "What becomes of generations when start_server itself is killed and can stop nobody: 'stop' sends them --signal-on-term, so "
            + "that the next start_server can have the addresses; 'keep' lets them serve on without a supervisor.")
        { ValueName = "stop|keep", Default = "stop", Extension = true, Section = Stops },
        new(PidFile, ValueForm.Text, "Holds start_server's pid, and a lock for as long as it lives.") { ValueName = "FILE", Section = Files },
        new(StatusFile, ValueForm.Text, "Holds a line GENERATION:PID for each live generation.") { ValueName = "FILE", Section = Compatible },
        new(LogFile, ValueForm.Text,
            "Appends stdout and stderr, ours and the program's, to this file once all sockets are bound; USR1 opens it anew. Or, as "
            + "'| COMMAND', hands them to a command, which is started again when it dies (by a shell if it has a shell's characters).")
        { ValueName = "FILE", Section = Files },
        new(Daemonize, ValueForm.Switch,
            "Runs in the background, in a session of its own, with stdin from /dev/null; needs --log-file. Returns 0 once the first generation serves. If "
            + "it does not start, or the caller goes before, nothing is left running.")
        { Section = Files },
        new(Control, ValueForm.Text,
            "Unix socket, with mode 0600, on which start_server takes commands from its own user and root: --restart, --abort, --stop, --list, --upgrade, --reconfigure. With these it says "
            + "where the start_server is that is meant.")
        { ValueName = "SOCKET", Extension = true, Section = Clients },
        new(Restart, ValueForm.Switch,
            "Deploys, and returns when a new generation serves and those before it have ended, or have only long-lived connections left that may stay. With --control: makes one attempt, shows how "
            + "it goes, and says why it failed. With --pid-file and --status-file: the same, silently; a server that cannot be asked by its pid, as "
            + "Server::Starter's, gets HUP, and its status file is looked at.")
        { Section = Clients },
        new(Attempts, ValueForm.Integer, "How many new generations may fail before --restart --control, or --reconfigure, gives up; 0 is any number.")
        { ValueName = "N", Default = "1", Extension = true, Section = Clients },
        new(Abort, ValueForm.Switch,
            "Cancels the deploy of the start_server of --control that is under way: the new generation is stopped and the one before it keeps serving. "
            + "Where none serves, the start is cancelled and begins anew.")
        { Extension = true, Section = Clients },
        new(Stop, ValueForm.Switch, "Stops the start_server of --control or --pid-file, and returns when it has ended.") { Section = Clients },
        new(List, ValueForm.Switch,
            "Shows all generations of the start_server of --control, with their state and age, how the last one failed, and the listeners with their ports.")
        { Extension = true, Section = Clients },
        new(Upgrade, ValueForm.Switch,
            "Replaces the start_server of --control, in place, by the version that is at its path now: same pid, sockets and generations. A version that "
            + "cannot take over is refused. USR2 does the same without an answer.")
        { Extension = true, Section = Clients },
        new(Reconfigure, ValueForm.Switch,
            "Gives the start_server of --control this command line instead of its own, in place as --upgrade does, and deploys it as --restart does. Listeners that "
            + "both name stay as they are, queues included; new ones are bound first; those that are named no more are closed when the new generation "
            + "serves. If anything of it fails, all is as before. --pid-file, --status-file, --control, --log-file and --orphans must stay.")
        { Extension = true, Section = Clients },
        new(Timeout, ValueForm.Integer, "How long these commands wait; 0 is for ever.")
        { ValueName = "SECONDS", Default = "600 for --restart, --upgrade and --reconfigure, 0 for --stop, 10 for --list and --abort", Extension = true, Section = Clients },
        new(Json, ValueForm.Switch, "With --control: writes each event, or the list, as one line of JSON.") { Extension = true, Section = Clients },
        new(Check, ValueForm.Switch,
            "Says 'ok', or what a start with this command line would be refused for, the program, --dir and --envdir included, and exits as it would. Binds, creates "
            + "and starts nothing; whether addresses and files are in use is not asked, so that it can be used while the service runs.")
        { Extension = true, Section = Other },
        new(Help, ValueForm.Switch, "Shows the options that most people use; '--help all' shows all of them.") { ThirdPosition = All, Section = Other },
        new(Man, ValueForm.Switch, "Prints the manual page, for man(1).") { Extension = true, Section = Other },
        new(Completion, ValueForm.Text, "Prints the completion script for that shell: eval \"$(start_server --completion bash)\".")
        { ValueName = string.Join('|', ShellCompletion.Shells), Extension = true, Section = Other },
        new(Version, ValueForm.Switch, "Shows the version and exits.") { Section = Other },
    ];

    private const string Listeners = "Listeners", Program = "Program", Deploys = "Deploys", Stops = "Stops", Files = "Files", Clients = "Commands to a running start_server", Other = "Other",
        Compatible = HelpText.Compatibility + " with Server::Starter";
}
