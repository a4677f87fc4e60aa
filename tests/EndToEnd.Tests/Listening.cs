using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

public enum Transport
{
    Tcp,
    Unix,
}

/// <summary>Where a service listens, as clients and both programs say it.</summary>
internal sealed record Listening(Target Target, string StartServerOption, string StarletNetOption, string? SocketFile)
{
    internal static Listening On(Transport transport, ScratchDirectory scratch)
    {
        if (transport == Transport.Unix)
        {
            var path = scratch.File("socket");
            return new Listening(Target.Unix(path), $"--path={path}", $"--listen=unix:{path}", path);
        }

        var port = FreePort.Next();
        return new Listening(Target.Tcp(port), $"--port=127.0.0.1:{port}", $"--listen=127.0.0.1:{port}", null);
    }

    /// <summary>The same for clients that speak HTTP/2 from the first byte.</summary>
    internal Listening WithHttp2() => this with { StarletNetOption = StarletNetOption + "?http=h2" };
}
