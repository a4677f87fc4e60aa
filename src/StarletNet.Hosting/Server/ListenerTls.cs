using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;

namespace StarletNet.Hosting.Server;

/// <summary>
/// TLS with the operator's certificate and nothing else: neither the application's configuration nor a developer's own certificate
/// is ever asked, which Kestrel would do for an address that only says https.
/// </summary>
internal static class ListenerTls
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <exception cref="OperatorException">The files are of no use.</exception>
    internal static HttpsConnectionAdapterOptions Of(TlsFiles? files)
    {
        if (files is null) throw new OperatorException("a listener with TLS has no certificate; give --ssl-cert", ExitCodes.Failure);
        var certificate = ServerCertificate.Of(files);
        var options = new HttpsConnectionAdapterOptions
        {
            ServerCertificate = certificate.Leaf,
            ServerCertificateChain = certificate.Chain,
            ClientCertificateMode = files.Clients switch
            {
                ClientCertificates.Optional => ClientCertificateMode.AllowCertificate,
                ClientCertificates.Required => ClientCertificateMode.RequireCertificate,
                _ => ClientCertificateMode.NoCertificate,
            },
        };
        if (files.Authorities is { } file)
        {
            var authorities = ServerCertificate.Authorities(file);
            options.ClientCertificateValidation = (client, chain, _) => IsSignedBy(authorities, client, chain);
        }
        return options;
    }

    // The operator's authorities instead of the system's, not beside them: a certificate from a public authority opens no door here.
    private static bool IsSignedBy(X509Certificate2Collection authorities, X509Certificate2 client, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.ExtraStore.AddRange(authorities);
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(client);
    }
}
