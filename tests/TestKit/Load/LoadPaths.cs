namespace StarletNet.TestKit;

/// <summary>
/// What the clients ask of the application. A null path leaves out the clients that need it, so that an application
/// which has less can be driven too.
/// </summary>
public sealed record LoadPaths
{
    /// <summary>A short text; <see cref="Version"/> finds the application's version in it.</summary>
    public string Root { get; init; } = "/";

    /// <summary>The version is group 1 of this expression in the body of <see cref="Root"/>; it must match.</summary>
    public string Version { get; init; } = @"version\W+([\w.+-]+)";

    /// <summary>The pid of the process that answers, as decimal text.</summary>
    public string? Pid { get; init; } = "/pid";

    /// <summary>Answered with 200 after a second.</summary>
    public string? Slow { get; init; } = "/slow?ms=1000";

    /// <summary>A number follows: as many bytes, byte i being (i*31+7)%251, with Content-Length.</summary>
    public string? Large { get; init; } = "/large?bytes=";

    /// <summary>POST; answered with "LENGTH SHA256HEX" of the body.</summary>
    public string? Upload { get; init; } = "/upload";

    /// <summary>A WebSocket that echoes messages.</summary>
    public string? WebSocket { get; init; } = "/ws";
}
