using System.Globalization;
using StarletNet.Master.Options;

namespace StarletNet.Master.Workers;

/// <summary>
/// How much heap each of several workers may have in a container with a memory limit. Left to itself, each garbage collector takes up to
/// three quarters of the container's memory, as if it were alone there. So the limit is shared: a part for each worker, and one more for the
/// master, for the memory of the workers that is no heap, and for the worker that is there twice while it is replaced.
/// </summary>
/// <param name="Bytes">For <see cref="Variable"/>; null: left to .NET.</param>
/// <param name="Why">In words, for <c>--check-config</c> and the log.</param>
internal sealed record HeapShare(long? Bytes, string Why)
{
    internal const string Variable = "DOTNET_GCHeapHardLimit";

    /// <summary>
    /// A share that is smaller is no help: small applications hold as much in the end, and would fail for want of memory where with care on all
    /// sides (a collector that knows nothing of a limit heeds the container's) they just get by. The least that .NET takes for a container is 20 MB.
    /// </summary>
    internal const long Least = 32 << 20;

    /// <summary>There is a limit, and it is too small to be shared.</summary>
    internal bool IsTooSmall { get; private init; }

    /// <summary>The value of <see cref="Variable"/>: hexadecimal, as the runtime reads numbers there.</summary>
    internal string? Value => Bytes?.ToString("X", CultureInfo.InvariantCulture);

    /// <param name="container">What there is to share; null: no limit.</param>
    /// <param name="workers">How many the master keeps.</param>
    /// <param name="environment">Names of the variables that a worker inherits.</param>
    /// <param name="own">The setting by which the application limits its heap itself; null: it does not.</param>
    internal static HeapShare Of(ContainerMemory? container, int workers, IEnumerable<string> environment, string? own)
    {
        if (container is null) return new HeapShare(null, "no memory limit below what the machine has");
        var memory = $"the {Size(container.Bytes)} of {container.File}";
        if (workers < 2) return new HeapShare(null, $"one worker; .NET takes three quarters of {memory}");
        if (environment.FirstOrDefault(IsLimit) is { } variable) return new HeapShare(null, $"environment {variable}");
        if (own is not null) return new HeapShare(null, $"{own} in the application's runtimeconfig.json");
        // Whole pages: the collector rounds anyway.
        var share = container.Bytes / (workers + 1) & ~0xfffL;
        return share >= Least
            ? new HeapShare(share, $"{memory}, shared by {workers} workers and one more part")
            : new HeapShare(null, $"{memory} leave {Size(share)} for each of {workers} workers, which is too little to set a limit") { IsTooSmall = true };
    }

    /// <summary>GCHeapHardLimit, GCHeapHardLimitPercent, and both for a kind of objects (SOH, LOH, POH), by the older prefix as well.</summary>
    private static bool IsLimit(string variable) =>
        variable.StartsWith(Variable, StringComparison.OrdinalIgnoreCase) || variable.StartsWith("COMPlus_GCHeapHardLimit", StringComparison.OrdinalIgnoreCase);

    internal static string Size(long bytes) => ValueKinds.WriteSize(bytes % (1 << 20) == 0 ? bytes : Math.Max(1, bytes >> 20) << 20);
}
