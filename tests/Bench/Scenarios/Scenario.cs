using StarletNet.Bench.Measures;
using StarletNet.Bench.Peers;

namespace StarletNet.Bench.Scenarios;

/// <summary>What scenarios run on.</summary>
/// <param name="Seconds">Length of one run under load.</param>
internal sealed record Bench(Ground Ground, Stable Stable, int Seconds);

/// <summary>One kind of load or question, put to each peer in the same way.</summary>
internal abstract class Scenario(string name, string words)
{
    internal string Name => name;

    internal string Words => words;

    /// <summary>The figure that the chart and the first ratio are about.</summary>
    internal virtual Figure Main => Figure.Rate;

    /// <summary>Whether a quick run asks it.</summary>
    internal bool IsQuick { get; init; } = true;

    /// <summary>No other server runs meanwhile: it would share the pages of files with the one measured, and take its part of their memory.</summary>
    internal virtual bool Alone => false;

    /// <summary>Gets the peer ready, unmeasured.</summary>
    /// <exception cref="NotThereException">This cannot be asked of this peer here.</exception>
    internal virtual Task PrepareAsync(Bench bench, Peer peer, bool warmUp) => Task.CompletedTask;

    /// <summary>One run.</summary>
    /// <exception cref="NotThereException">As above.</exception>
    internal abstract Task<IReadOnlyDictionary<Figure, double>> RunAsync(Bench bench, Peer peer);
}
