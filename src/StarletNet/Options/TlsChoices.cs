using StarletNet.Shared.Contract;

namespace StarletNet.Master.Options;

/// <summary>TLS, as it was asked for; no file has been looked at.</summary>
internal sealed record TlsChoices
{
    /// <summary>On every TCP listener that does not say otherwise.</summary>
    internal bool Everywhere { get; init; }

    internal string? Certificate { get; init; }

    internal string? Key { get; init; }

    internal string? PasswordFile { get; init; }

    internal string? Authorities { get; init; }

    /// <summary>Null: not said, and then <see cref="ClientCertificates.None"/>.</summary>
    internal ClientCertificates? Clients { get; init; }
}
