namespace StarletNet.Hosting.Transport;

/// <summary>
/// A callback that has cost its thread the loop, before it is held against its route or connection. A thread whose allocation begins
/// a collection waits for the collector's own thread; on a busy machine that one takes milliseconds to come, and only then is the process
/// stopped and the collection counted. So a collection soon afterwards acquits.
/// </summary>
internal struct Accusation
{
    /// <summary>Of the monitor, without a collection, until the accusation holds.</summary>
    internal const int Looks = 5;

    private readonly ConnectionDispatch? _accused;
    private readonly int _route;
    private readonly Place _deserved;
    private readonly int _collections;
    private int _looks;

    /// <param name="accused">Whose callback it is, and still runs.</param>
    /// <param name="deserved">Where it should have run.</param>
    /// <param name="collections">By the garbage collector, so far.</param>
    internal Accusation(ConnectionDispatch? accused, Place deserved, int collections) =>
        (_accused, _route, _deserved, _collections) = (accused, accused?.CurrentRoute ?? 0, deserved, collections);

    internal readonly bool IsOpen => _accused is not null;

    /// <summary>At each look of the monitor; at once if another callback is about to be accused: those that block come one after another.</summary>
    internal void Judge(int collections, bool atOnce)
    {
        if (_accused is null || (++_looks < Looks && !atOnce && collections == _collections)) return;
        if (collections == _collections) _accused.HasBlocked(_route, _deserved);
        this = default;
    }
}
