namespace StarletNet.Bench.Peers;

/// <summary>The bare epoll server in C: what the kernel lets anybody have.</summary>
internal static class LimitPeers
{
    internal const string Family = "limit";

    internal static Peer Of(int workers) => new($"limit-{workers}", $"bare C epoll server, {workers} processes", Family, workers, (ground, place) =>
        place.Door is Door.Http or Door.Unix
            ? new Launch(ground.Limit, [place.Door == Door.Unix ? $"unix:{place.Path}" : $"tcp:{place.Port}", $"{workers}"])
            : throw new NotThereException("it speaks plain HTTP/1.1 only"))
    {
        CanBlock = false,
    };
}
