using System.Collections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// A connection's features: its own, answered without a table, and the few that Kestrel and connection middleware add.
/// A dictionary for each connection would cost more than all the rest of accepting it.
/// </summary>
internal sealed class ConnectionFeatures(EpollConnection connection) : IFeatureCollection
{
    private KeyValuePair<Type, object?>[] _added = new KeyValuePair<Type, object?>[8];
    private int _count;

    public bool IsReadOnly => false;

    public int Revision { get; private set; }

    public object? this[Type key]
    {
        get
        {
            var index = IndexOf(key);
            return index >= 0 ? _added[index].Value : Own(key);
        }
        set
        {
            Revision++;
            // A feature that was taken away stays in its place as null: it may hide one of the connection's own.
            var index = IndexOf(key);
            if (index >= 0)
            {
                _added[index] = new(key, value);
                return;
            }
            if (_count == _added.Length) Array.Resize(ref _added, _count * 2);
            // Counted last: the drain looks for features from a thread of its own while Kestrel is still adding them.
            _added[_count] = new(key, value);
            Volatile.Write(ref _count, _count + 1);
        }
    }

    public TFeature? Get<TFeature>() => (TFeature?)this[typeof(TFeature)];

    public void Set<TFeature>(TFeature? instance) => this[typeof(TFeature)] = instance;

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator()
    {
        foreach (var type in OwnTypes)
        {
            if (IndexOf(type) < 0) yield return new(type, connection);
        }
        for (var index = 0; index < _count; index++)
        {
            if (_added[index].Value is { } value) yield return new(_added[index].Key, value);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static readonly Type[] OwnTypes =
    [
        typeof(IConnectionIdFeature), typeof(IConnectionTransportFeature), typeof(IConnectionItemsFeature),
        typeof(IConnectionLifetimeFeature), typeof(IConnectionEndPointFeature), typeof(IMemoryPoolFeature),
    ];

    // By hand: Kestrel asks for each feature that nobody has, several times per request, and Array.IndexOf would ask a comparer.
    private EpollConnection? Own(Type key)
    {
        foreach (var type in OwnTypes)
        {
            if (type == key) return connection;
        }
        return null;
    }

    private int IndexOf(Type key)
    {
        var count = Volatile.Read(ref _count);
        for (var index = 0; index < count; index++)
        {
            if (_added[index].Key == key) return index;
        }
        return -1;
    }
}
