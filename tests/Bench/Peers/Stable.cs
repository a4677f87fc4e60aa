using StarletNet.TestKit;

namespace StarletNet.Bench.Peers;

/// <summary>Peers that run, each started when first needed and kept, so that every scenario meets warm servers.</summary>
internal sealed class Stable(Ground ground) : IDisposable
{
    private readonly Dictionary<(string Peer, Door Door), RunningPeer> _running = [];
    private readonly Dictionary<(string Peer, Door Door), string> _failed = [];
    private readonly HashSet<string> _checked = [];

    internal bool Has(Peer peer, Door door) => _running.ContainsKey((peer.Name, door));

    /// <exception cref="NotThereException">It cannot be had here.</exception>
    internal async Task<RunningPeer> OfAsync(Peer peer, Door door)
    {
        var key = (peer.Name, door);
        if (_failed.TryGetValue(key, out var reason)) throw new NotThereException(reason);
        if (_running.TryGetValue(key, out var running))
        {
            if (!running.Program.HasExited) return running;
            throw new TestKitException($"{peer.Name} ended in the middle of the bench\n{running.Program.Describe()}");
        }

        try
        {
            return _running[key] = await NewAsync(peer.Start, door);
        }
        catch (NotThereException e)
        {
            _failed[key] = e.Message;
            throw;
        }
    }

    /// <summary>Whether it can be had at all. Under a superdaemon one that cannot would be tried again and again.</summary>
    /// <exception cref="NotThereException">It cannot.</exception>
    internal async Task CheckAsync(Peer peer)
    {
        if (_checked.Contains(peer.Name)) return;
        _ = await OfAsync(peer, Door.Http);
        _checked.Add(peer.Name);
    }

    /// <summary>Stops all. Those who are needed again are started again.</summary>
    internal void Clear()
    {
        foreach (var peer in _running.Values) peer.Dispose();
        _running.Clear();
    }

    /// <summary>One of its own, for scenarios that ask for a fresh one.</summary>
    internal Task<RunningPeer> NewAsync(Func<Ground, Place, Launch> start, Door door)
    {
        var place = Place.New(door, ground.Scratch);
        return RunningPeer.StartAsync(start(ground, place), place);
    }

    public void Dispose() => Clear();
}
