using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>Each of the two programs with the other side replaced by Perl's.</summary>
public sealed class ForeignPeerTests
{
    /// <summary>Prefork servers give a connection a process of its own: few clients, so that few processes will do.</summary>
    private static readonly LoadCounts Few = new()
    {
        NewConnection = 2,
        Busy = 1,
        SlowIdle = 2,
        ConnectThenWait = 1,
        SlowAnswer = 1,
        LargeAnswer = 1,
        SlowUpload = 1,
        Pipelined = 1,
    };

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task Perls_starlet_is_deployed_by_our_start_server_without_loss(Transport transport)
    {
        using var scratch = new ScratchDirectory();
        var starlet = StarletOf(scratch);
        using var service = new Service(scratch, transport, starlet("v1"));

        await DeploysLoseNothingAsync(service, Few, PsgiApplication.Paths, starlet("v2"), starlet("v3"));
    }

    /// <summary>
    /// Not without loss: a Starman worker told to leave is interrupted in the middle of reading a request and drops it, under
    /// Perl's start_server just so. What start_server owes is that every connection finds somebody.
    /// </summary>
    [Fact]
    public async Task Starman_is_deployed_by_our_start_server_and_refuses_nobody()
    {
        using var scratch = new ScratchDirectory();
        var starman = Needs.Program("starman", "starman");
        var app = PsgiApplication.Write(scratch);
        var releases = new Releases(scratch);
        // Starman's TERM cuts what is running; QUIT is its graceful stop. It gives kept-alive clients no notice, so keep-alive is off.
        using var service = new Service(scratch, Transport.Tcp, Starman("v1"), null, "--signal-on-hup=QUIT", "--signal-on-term=QUIT");

        var tally = await DeployAsync(service, Few, PsgiApplication.Paths, Starman("v2"), Starman("v3"));

        Assert.True(tally.Losses.Count < Tally.MostDescribed && tally.Losses.All(loss => loss.Reason != LossReason.Refused), $"{tally}{service.Program.Describe()}");
        await service.StopAsync();

        string Starman(string version) => releases.Write(version, $"export APP_VERSION={version}\nexec '{starman}' --workers 12 --disable-keepalive '{app}'");
    }

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task Our_starletnet_is_deployed_by_perls_start_server_without_loss(Transport transport)
    {
        using var scratch = new ScratchDirectory();
        var perl = Needs.Program("start_server", "libserver-starter-perl");
        var releases = new Releases(scratch);
        using var service = new Service(scratch, transport, releases.StarletNet("v1"), perl);

        await DeploysLoseNothingAsync(service, new LoadCounts(), new LoadPaths(), releases.StarletNet("v2"), releases.StarletNet("v3"));
    }

    [Fact]
    public async Task A_service_switches_from_perls_starlet_to_starletnet_and_back_without_loss()
    {
        using var scratch = new ScratchDirectory();
        var starlet = StarletOf(scratch);
        var releases = new Releases(scratch);
        using var service = new Service(scratch, Transport.Tcp, starlet("perl-1"));

        await DeploysLoseNothingAsync(service, Few, PsgiApplication.Paths,
            releases.StarletNet("net-1"), starlet("perl-2"), releases.StarletNet("net-2"));
    }

    private static async Task DeploysLoseNothingAsync(Service service, LoadCounts counts, LoadPaths paths, params string[] releases)
    {
        var tally = await DeployAsync(service, counts, paths, releases);
        Verdict.NothingLost(tally, service.Program);
        await service.StopAsync();
    }

    /// <summary>Deploys these releases one after another under load; every one must be seen.</summary>
    private static async Task<Tally> DeployAsync(Service service, LoadCounts counts, LoadPaths paths, params string[] releases)
    {
        await service.FirstGenerationAsync();
        await Browser.ServingAsync(service.Target, service.Program);
        await using var load = LoadMix.Start(service.Target, seed: 6, counts, paths);
        await load.EveryKindAnsweredAgainAsync();

        foreach (var release in releases)
        {
            await service.DeployAsync(release);
            await load.EveryKindAnsweredAgainAsync();
        }

        var tally = await load.StopAsync();
        Assert.Equal(releases.Length + 1, tally.Versions.Count);
        return tally;
    }

    private static Func<string, string> StarletOf(ScratchDirectory scratch)
    {
        var plackup = Needs.Starlet();
        var app = PsgiApplication.Write(scratch);
        var releases = new Releases(scratch);
        return version => releases.Write(version,
            $"export APP_VERSION={version}\nexec '{plackup}' -s Starlet --max-workers=12 --max-keepalive-reqs=1000 --keepalive-timeout=5 -E deployment '{app}'");
    }
}
