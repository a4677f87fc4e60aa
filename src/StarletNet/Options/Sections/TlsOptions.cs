using System.Globalization;
using StarletNet.Shared.Contract;
using static StarletNet.Master.Options.MasterOption;

namespace StarletNet.Master.Options.Sections;

/// <summary>Where the effective values go: <see cref="Listening.CertificateFiles"/> reads the files, and each worker gets what was read.</summary>
internal static class TlsOptions
{
    private static readonly ValueKind<string?> FileName = ValueKinds.OptionalText(ValueKinds.Text("FILE", "a file name"));

    // The words, and the bits of OpenSSL by way of IO::Socket::SSL: 1 ask, 2 insist, 4 once (which is always so today).
    private static readonly ValueKind<ClientCertificates> Clients = new("MODE", text => text switch
    {
        "none" => ClientCertificates.None,
        "optional" => ClientCertificates.Optional,
        "require" => ClientCertificates.Required,
        _ when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bits) && bits <= 7 =>
            (bits & 1) == 0 ? ClientCertificates.None : (bits & 2) == 0 ? ClientCertificates.Optional : ClientCertificates.Required,
        _ => throw new FormatException($"'{text}' is not a way to verify; there are none, optional and require, or the numbers 0, 1 and 3"),
    }, clients => clients switch { ClientCertificates.None => "none", ClientCertificates.Optional => "optional", _ => "require" })
    { Words = ["none", "optional", "require"] };

    internal static readonly IReadOnlyList<MasterOption> All =
    [
        Switch("ssl", "TLS on every TCP listener; for one alone write ?ssl behind its address. HTTP/2 is negotiated.",
            options => options.Tls.Everywhere, (options, on) => With(options, options.Tls with { Everywhere = on })),
        Value("ssl-cert", FileName,
            "The certificate with its chain, PEM, or PKCS#12 with the key in it. Read by the master, at the start and at each restart (HUP).",
            options => options.Tls.Certificate, (options, file) => With(options, options.Tls with { Certificate = file })).Alias("ssl-cert-file"),
        Value("ssl-key", FileName, "Its key, PEM.",
            options => options.Tls.Key, (options, file) => With(options, options.Tls with { Key = file })).Alias("ssl-key-file")
            .DefaultIs("in the certificate's file"),
        Value("ssl-password-file", FileName, "The password of the key or of the PKCS#12 file, on the first line.",
            options => options.Tls.PasswordFile, (options, file) => With(options, options.Tls with { PasswordFile = file })),
        Value("ssl-ca-file", FileName, "Who may sign clients' certificates, PEM.",
            options => options.Tls.Authorities, (options, file) => With(options, options.Tls with { Authorities = file })).Alias("ssl-client-ca-file")
            .DefaultIs("whom the system trusts"),
        Value("ssl-verify-mode", ValueKinds.Optional(Clients), "Clients' certificates: none, optional or require. To be given with --ssl-ca-file.",
            options => options.Tls.Clients, (options, clients) => With(options, options.Tls with { Clients = clients })).DefaultIs("none"),
    ];

    private static MasterOptions With(MasterOptions options, TlsChoices tls) => options with { Tls = tls };
}
