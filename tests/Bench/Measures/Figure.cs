namespace StarletNet.Bench.Measures;

/// <summary>One kind of number that runs give.</summary>
/// <param name="Name">As in the JSON lines; never renamed, so that old results stay readable.</param>
/// <param name="Format">For people, invariant.</param>
/// <param name="Compared">Worth a ratio to plain Kestrel and to the limit.</param>
internal sealed record Figure(string Name, string Format, bool Compared = false)
{
    internal static readonly Figure Rate = new("requests/s", "#,0", true);
    internal static readonly Figure Cost = new("CPU µs/request", "0.0", true);
    internal static readonly Figure Half = new("p50 ms", "0.00");
    internal static readonly Figure P99 = new("p99 ms", "0.00");
    internal static readonly Figure P999 = new("p99.9 ms", "0.00");
    internal static readonly Figure Memory = new("PSS MB", "0.0");
    internal static readonly Figure Errors = new("errors", "0");
    internal static readonly Figure OwnRate = new("x own rate undisturbed", "0.00");
    internal static readonly Figure OwnP99 = new("x own p99 before", "0.0");
    internal static readonly Figure PerConnection = new("KB/idle connection", "0.0", true);
    internal static readonly Figure ToChild = new("exec to child ms", "0.0");
    internal static readonly Figure ToAnswer = new("exec to first answer ms", "0", true);
    internal static readonly Figure ToReady = new("HUP to ready ms", "0");
    internal static readonly Figure SuperdaemonMemory = new("superdaemon RSS MB", "0.0");
    internal static readonly Figure MasterMemory = new("master RSS MB", "0.0");
    internal static readonly Figure FirstWorker = new("one worker PSS MB", "0.0");
    internal static readonly Figure FurtherWorker = new("each further worker PSS MB", "0.0", true);

    /// <summary>In the order of the tables' columns.</summary>
    internal static readonly IReadOnlyList<Figure> All =
    [
        Rate, Cost, Half, P99, P999, OwnRate, OwnP99, PerConnection, Memory, ToChild, ToAnswer, ToReady, SuperdaemonMemory, MasterMemory,
        FirstWorker, FurtherWorker, Errors,
    ];

    /// <exception cref="FormatException">There is none of that name.</exception>
    internal static Figure Named(string name) =>
        All.FirstOrDefault(figure => figure.Name == name) ?? throw new FormatException($"'{name}' is no figure of this bench");
}
