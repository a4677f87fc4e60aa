using StarletNet.Shared.Contract;

namespace StarletNet.Master.Workers;

/// <summary>Hands out the places of the scoreboard. A slot will not do: while it is taken over, two workers share it.</summary>
internal sealed class ScoreboardPlaces : IDisposable
{
    /// <summary>Twice the most workers there may be. Memory that is never touched is never used.</summary>
    internal const int Count = 2048;

    // One more, the last, for the sums of those that are gone.
    private readonly Scoreboard _scoreboard = Scoreboard.Create(Count + 1);
    private readonly SortedSet<int> _taken = [];
    private int _inUse;

    internal int Descriptor => _scoreboard.Memory.Number;

    /// <summary>The lowest free place, empty; null if there is none, and the worker then keeps its figures to itself.</summary>
    internal int? Take(int slot, int generation)
    {
        var place = 0;
        foreach (var taken in _taken)
            if (taken == place) place++;
        if (place == Count) return null;
        _taken.Add(place);
        if (place >= _inUse) _scoreboard.SetPlacesInUse(_inUse = place + 1);
        _scoreboard.Prepare(place, slot, generation, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        return place;
    }

    internal void Release(int? place)
    {
        if (place is not { } known) return;
        Departed = Scoreboard.Sum(Departed, _scoreboard.Read(known));
        _scoreboard.PublishDeparted(Departed);
        _scoreboard.Clear(known);
        _taken.Remove(known);
    }

    internal WorkerFigures? Read(int? place) => place is { } known ? _scoreboard.Read(known) : null;

    /// <summary>Each worker reads it: the service stops.</summary>
    internal void SayStopping() => _scoreboard.SetPhase(Count, Environment.ProcessId, WorkerPhase.Draining);

    /// <summary>What all workers that are gone have counted.</summary>
    internal WorkerFigures Departed { get; private set; }

    public void Dispose() => _scoreboard.Dispose();
}
