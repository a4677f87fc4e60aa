using StarletNet.Shared.CommandLine;

namespace StarletNet.Master.Options;

/// <summary>Options of the Perl servers that cannot mean anything here: refused by name, with what to do instead.</summary>
internal static class RefusedOptions
{
    private const string Scaling = "the number of workers is fixed by --max-workers and changed by the signals TTIN and TTOU";

    internal static readonly IReadOnlyList<Option> All =
    [
        Refused("eval", "it takes Perl code", "e"),
        Refused("include", "it names Perl's libraries; an application's are found by its deps.json", "I"),
        Refused("module", "it loads Perl modules; assemblies are named in the variable ASPNETCORE_HOSTINGSTARTUPASSEMBLIES", "M"),
        Refused("default-middleware", "it is about Plack's middleware; an application names its own", "no-default-middleware"),
        Refused("min-workers", Scaling, "min-servers", "max-servers", "min-spare-servers", "max-spare-servers"),
        Refused("net-server-*", "there is no Net::Server here; see --max-workers for min_servers and its like, and a firewall for cidr_allow"),
    ];

    private static Option Refused(string name, string why, params string[] aliases) => new(name, ValueForm.Text, "") { Aliases = aliases, Refusal = why };
}
