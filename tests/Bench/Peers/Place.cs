using StarletNet.TestKit;

namespace StarletNet.Bench.Peers;

/// <summary>How clients reach a server.</summary>
internal enum Door
{
    Http,
    Http2,
    Unix,
    Tls,
}

/// <summary>Where one server is to listen: a TCP port of 127.0.0.1, or for <see cref="Door.Unix"/> a path.</summary>
internal sealed record Place(Door Door, int Port, string Path)
{
    internal Target Target => Door == Door.Unix ? Target.Unix(Path) : Target.Tcp(Port);

    internal string Url(string path) => Door switch
    {
        Door.Unix => $"http://localhost{path}",
        Door.Tls => $"https://127.0.0.1:{Port}{path}",
        _ => $"http://127.0.0.1:{Port}{path}",
    };

    /// <summary>A place nobody listens at.</summary>
    internal static Place New(Door door, ScratchDirectory scratch) =>
        new(door, door == Door.Unix ? 0 : FreePort.Next(), scratch.File($"{Guid.NewGuid():N}"[..8] + ".sock"));
}
