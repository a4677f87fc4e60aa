namespace StarletNet.Hosting.Transport;

/// <summary>Where the application's code runs.</summary>
internal enum LoopMode
{
    /// <summary>On the thread pool, as with Kestrel's own transport.</summary>
    Pool,

    /// <summary>On the loop's own thread. A handler that blocks it loses the loop to a spare thread.</summary>
    Inline,
}

/// <summary>The transport's numbers. The buffer sizes are those of Kestrel's socket transport.</summary>
internal sealed record TransportOptions
{
    internal LoopMode Loop { get; init; } = LoopMode.Inline;

    /// <summary>Event loops, each with a thread of its own.</summary>
    internal int Loops { get; init; } = 1;

    /// <summary>Threads for loops and for handlers that block, together; at least two for each loop.</summary>
    internal int MaxThreads { get; init; } = 256;

    /// <summary>Told how many connections are open whenever that changes; must not wait.</summary>
    internal Action<int>? ConnectionsChanged { get; init; }

    /// <summary>How many connections the sibling has that has the fewest, among the processes that share the listeners; null without any.</summary>
    internal Func<int>? FewestOfSiblings { get; init; }

    /// <summary>
    /// Whether new connections should be left to a sibling, because we have many requests and it has not; told whether they are left already. Null: never.
    /// </summary>
    internal Func<bool, bool>? IsFull { get; init; }

    /// <summary>
    /// How much of a second a worker that is clearly ahead may leave waiting connections to a sibling that has been woken and has no processor
    /// yet. Enough for one on a busy machine; where it is in vain, 5 % of the time in which it would have accepted.
    /// </summary>
    internal TimeSpan Courtesy { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Bytes received and not yet consumed at which reading pauses; it resumes at half of them.</summary>
    internal int MaxReadBufferSize { get; init; } = 1024 * 1024;

    /// <summary>Bytes written and not yet taken by the kernel at which the application's writes wait; they go on at half of them.</summary>
    internal int MaxWriteBufferSize { get; init; } = 64 * 1024;

    /// <summary>
    /// Bytes sent to one connection before the loop's others get their turn: a client that takes all at once must not keep the loop to itself. At several
    /// gigabytes a second on loopback about 0.1 ms.
    /// </summary>
    internal int SentPerTurn { get; init; } = 512 * 1024;

    /// <summary>How long after the client's FIN a running HTTP/1 request may stay silent before the client counts as gone.</summary>
    internal TimeSpan HalfCloseSilence { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the client's own FIN is awaited after ours. See <see cref="EpollConnection"/>.</summary>
    internal TimeSpan Linger { get; init; } = TimeSpan.FromSeconds(2);
}
