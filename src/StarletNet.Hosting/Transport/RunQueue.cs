namespace StarletNet.Hosting.Transport;

/// <summary>A continuation that a pipe or a connection has scheduled.</summary>
/// <param name="Connection">Whose application code it is; null for a part of the transport, which never blocks.</param>
internal readonly record struct Scheduled(Action<object?> Action, object? State, ConnectionDispatch? Connection)
{
    internal void Run() => Action(State);

    /// <summary>Away from the loop: what it does with its thread decides where the next one runs.</summary>
    internal void RunObserved()
    {
        if (Connection is null) Run();
        else Connection.RunObserved(this);
    }
}

/// <summary>A ring that grows. Used by the owner of a loop only, hence without any synchronisation.</summary>
internal sealed class RunQueue
{
    private Scheduled[] _ring = new Scheduled[64];
    private int _first;

    internal int Count { get; private set; }

    internal void Enqueue(in Scheduled entry)
    {
        if (Count == _ring.Length) Grow();
        _ring[(_first + Count++) & (_ring.Length - 1)] = entry;
    }

    internal Scheduled Dequeue()
    {
        ref var place = ref _ring[_first];
        var entry = place;
        place = default;
        _first = (_first + 1) & (_ring.Length - 1);
        Count--;
        return entry;
    }

    private void Grow()
    {
        var larger = new Scheduled[_ring.Length * 2];
        for (var index = 0; index < Count; index++) larger[index] = _ring[(_first + index) & (_ring.Length - 1)];
        (_ring, _first) = (larger, 0);
    }
}
