using Microsoft.AspNetCore.Http.Features;

namespace StarletNet.Hosting.Server;

/// <summary>
/// <c>HttpContext.Items</c> of one running request after another, with PSGI's harakiri: an application that finds
/// <c>psgix.harakiri</c> may set <c>psgix.harakiri.commit</c>, and the worker is replaced after that request. It needs no reference to
/// us for that; one that has it may use <see cref="IHarakiriFeature"/>. The items are made when somebody asks for them: an application that does not costs nothing.
/// </summary>
internal sealed class HarakiriItems : IItemsFeature, IHarakiriFeature
{
    private const string Offer = "psgix.harakiri", CommitKey = "psgix.harakiri.commit";

    private IDictionary<object, object?>? _items;
    private bool _committed;

    public IDictionary<object, object?> Items
    {
        get => _items ??= new Dictionary<object, object?> { [Offer] = true };
        set => _items = value;
    }

    public bool IsCommitted => _committed || (_items is not null && _items.TryGetValue(CommitKey, out var commit) && commit is true or "1");

    public void Commit() => _committed = true;

    /// <summary>After a request. Not cleared but let go: the application may still hold what it put there.</summary>
    internal void Reset()
    {
        _items = null;
        _committed = false;
    }
}
