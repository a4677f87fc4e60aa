using StarletNet.Bench.Measures;

namespace StarletNet.Bench.Load;

/// <summary>What a load generator saw. Latencies in milliseconds.</summary>
internal sealed record LoadResult(long Requests, double Seconds, double Half, double P99, double P999, long Errors)
{
    internal double Rate => Requests / Seconds;

    /// <summary>Without an answer there is a rate, nought, but no latency.</summary>
    internal Dictionary<Figure, double> Figures()
    {
        var figures = new Dictionary<Figure, double> { [Figure.Rate] = Rate, [Figure.Errors] = Errors };
        if (Requests > 0) (figures[Figure.Half], figures[Figure.P99], figures[Figure.P999]) = (Half, P99, P999);
        return figures;
    }

    /// <summary>Adds what the server's processes used for this.</summary>
    internal static void AddCost(Dictionary<Figure, double> figures, TimeSpan cpu, LoadResult result)
    {
        if (result.Requests > 0) figures[Figure.Cost] = cpu.TotalMicroseconds / result.Requests;
    }
}
