namespace StarletNet.Master.Workers;

/// <summary>
/// How many requests a worker answers before it is replaced: drawn for each, so that workers which were started together do not all
/// leave together.
/// </summary>
/// <param name="Least">At least 1, at most <paramref name="Most"/>.</param>
/// <param name="Most">0: no limit.</param>
internal readonly record struct RequestShare(int Least, int Most)
{
    /// <returns>Both ends included; 0 for no limit.</returns>
    internal int Draw(Random random) => Most == 0 ? 0 : (int)random.NextInt64(Least, Most + 1L);
}
