namespace StarletNet.Shared.Processes;

/// <summary>Which process group and session a child starts in.</summary>
internal enum ProcessScope
{
    /// <summary>The parent's group: a terminal's ^C reaches both.</summary>
    Inherited,

    /// <summary>A group of its own in the parent's session: a terminal's ^C stops at the parent.</summary>
    OwnGroup,

    /// <summary>A session of its own, without controlling terminal.</summary>
    OwnSession,
}

/// <summary>A parent's descriptor and the number the child is to find it under.</summary>
/// <remarks>A class: native code of LINQ is made anew for every struct that goes through it, in every combination with others.</remarks>
internal sealed record HandedDescriptor(int Fd, int NumberInChild);

/// <summary>Everything a child starts with. What is not named here is the default, never the parent's accident.</summary>
internal sealed record ChildSpec
{
    /// <summary>Looked up in the child's own PATH, after the change of directory, when it holds no slash.</summary>
    internal required string Program { get; init; }

    /// <summary>The arguments after argv[0], passed as they are; never a shell.</summary>
    internal required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>argv[0]; default the program as given.</summary>
    internal string? Title { get; init; }

    /// <summary>The whole environment of the child.</summary>
    internal required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>
    /// Descriptors the child gets, besides those that are not close-on-exec in this process (0, 1, 2 and what our own parent
    /// left open for us).
    /// </summary>
    internal IReadOnlyList<HandedDescriptor> Descriptors { get; init; } = [];

    /// <summary>Changed to in the child just before it executes the program; default: stay.</summary>
    internal string? WorkingDirectory { get; init; }

    internal ProcessScope Scope { get; init; } = ProcessScope.Inherited;

    /// <summary>Set LISTEN_PID to the child's own pid, which only the child can know in time (sd_listen_fds(3) demands it).</summary>
    internal bool SetListenPid { get; init; }

    /// <summary>What the kernel sends the child when this process is gone, however it ended; null for nothing.</summary>
    /// <remarks>
    /// PR_SET_PDEATHSIG, which follows the <em>thread</em> that has made the child: sound only for children that are started by the main
    /// thread, which ends when the process does. Lost when the child changes its user or executes a set-uid program.
    /// </remarks>
    internal Signal? WhenParentDies { get; init; }

    /// <summary>The executable that plays the launcher: by default this very program, also after its file was replaced.</summary>
    internal string LauncherPath { get; init; } = "/proc/self/exe";
}
