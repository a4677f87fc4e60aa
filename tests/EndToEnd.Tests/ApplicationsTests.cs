using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>What the SDK's templates make, published and untouched, served by two workers.</summary>
public sealed class ApplicationsTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly int _port = FreePort.Next(), _http2Port = FreePort.Next();

    private Uri Site => new($"http://127.0.0.1:{_port}");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task A_whole_site_is_one_site_at_both_workers()
    {
        using var master = Start("--max-workers=2", "--shadow-copy", $"--shadow-dir={_scratch.Path}", TheSite);
        await master.LineAsync("serving .* with 2 workers");
        using var visitor = new Visitor(Site);
        await visitor.GetAsync("/who");
        await CookiesOfOneWorkerAreGoodAtTheOther(visitor);
        await PagesAndFiles(visitor);
        await BlazorAndSignalR(visitor);
        await TrailersOverHttp2();
        Assert.Equal(["data: tick 0", "", "data: tick 1"], await visitor.FirstLinesAsync("/events", 3));
        // The endpoints that the application names in its configuration and in its code; its own choices of other kinds hold.
        foreach (var own in new[] { "http://127.0.0.1:5997", "http://127.0.0.1:5998", "https://127.0.0.1:5999" })
            Assert.Equal(2, master.Lines.Count(line => line.Text.Contains($"{own}, which the application would open itself", StringComparison.Ordinal)));

        // A copy is the same application as the one before, so cookies are good for longer than a release.
        master.Send(UnixSignal.Hup);
        await master.LineAsync("restart done: all workers are of generation 2");
        // A hub's connection that one of them has taken at the last moment ends with it.
        foreach (var slot in new[] { 0, 1 }) await master.LineAsync($"worker {slot} .* has left");
        Assert.Equal("ada", await visitor.GetAsync("/who"));

        await StopWithAClientAtTheHub(master);
    }

    /// <summary>Each negotiates on one connection and opens its WebSocket on another, as SignalR's own clients do.</summary>
    [Fact]
    public async Task Default_clients_of_a_hub_connect_with_default_options_and_several_workers_are_warned_of()
    {
        using var master = Start(TheSite);
        await master.LineAsync("serving .* with 1 workers");
        for (var number = 0; number < 20; number++)
        {
            using var visitor = new Visitor(Site);
            var token = JsonDocument.Parse(await NegotiateAsync(visitor, "/chat")).RootElement.GetProperty("connectionToken").GetString();
            using var client = await SignalRClient.ConnectAsync(new Uri(Site, $"/chat?id={token}"));
            Assert.Matches("hello by [0-9]+", await client.InvokeAsync("Echo", "hello"));
        }
        Assert.DoesNotContain("needs a single worker", master.OutputText);
        Assert.Equal(0, (await master.StopAsync()).Code);
        // Hosted services run once.
        Assert.Single(master.Lines, line => line.Text.Contains("goodbye said in full", StringComparison.Ordinal));

        using var several = Start("-w", "2", TheSite);
        await several.LineAsync("this application needs a single worker, and it has 2: Blazor Server pages do not connect; most SignalR clients do not connect; sessions in memory are lost");
        await several.LineAsync("serving .* with 2 workers");
        Assert.Equal(0, (await several.StopAsync()).Code);
    }

    [Fact]
    public async Task What_is_seen_of_a_site_is_explained_without_running_it()
    {
        using var explained = ProgramUnderTest.Start(Artifacts.StarletNet, ["--explain", TheSite]);
        Assert.Equal(0, (await explained.ExitAsync()).Code);
        foreach (var seen in new[] { "Blazor Server:", "SignalR:", "Sessions in memory:", "Hosted services,", "- UseUrls", "https://127.0.0.1:5999", "Keys of cookies", "starletnet Site.dll" })
            Assert.Contains(seen, explained.OutputText);
        Assert.Empty(explained.ErrorText);
    }

    [Fact]
    public async Task Keys_that_other_workers_cannot_have_are_warned_of()
    {
        using var master = ProgramUnderTest.Start(Artifacts.StarletNet, [$"--listen=127.0.0.1:{_port}", "--max-workers=1", TheSite],
            new ProgramOptions { WorkingDirectory = _scratch.Path, Environment = new Dictionary<string, string> { ["HOME"] = "" } });
        await master.LineAsync("Data Protection keeps its keys in memory alone");
        await master.LineAsync("serving .* with 1 workers");
        Assert.Equal(0, (await master.StopAsync()).Code);
    }

    [Theory]
    [InlineData("slim")]
    [InlineData("empty")]
    [InlineData("web inside a worker service", "worker-service")]
    public async Task Other_hosts_answer_too(string answer, string? kind = null)
    {
        var adminPort = FreePort.Next();
        using var master = Start("--content-root", _scratch.Path, TheSite, kind ?? answer, $"--AdminPort={adminPort}");
        await master.LineAsync("serving .* with 1 workers");
        Assert.Equal(answer, await Browser.GetAsync(Target.Tcp(_port), "/"));
        if (kind is not null)
        {
            // The second web host of the process keeps its own port.
            await master.LineAsync("A second server in this process keeps its own endpoints");
            await Eventually.TrueAsync(() => Answers(adminPort), "the admin port answers", master.Describe);
            Assert.Equal("admin", await Browser.GetAsync(Target.Tcp(adminPort), "/"));
        }

        Assert.Equal(0, (await master.StopAsync()).Code);
        if (kind is not null) Assert.Contains("goodbye said in full", master.OutputText);
        await master.NothingLeftAsync();
    }

    /// <summary>Nobody has made any yet.</summary>
    private string Keys => _scratch.File("keys");

    private static string TheSite => Path.Combine(Artifacts.TestApp("Site"), "Site.dll");

    private ProgramUnderTest Start(params string[] arguments)
    {
        var certificate = _scratch.File("own.pfx");
        File.WriteAllBytes(certificate, OwnCertificate());
        return ProgramUnderTest.Start(Artifacts.StarletNet, [$"--listen=127.0.0.1:{_port}", $"--listen=127.0.0.1:{_http2Port}?http=h2", .. arguments], new ProgramOptions
        {
            Environment = new Dictionary<string, string> { ["SITE_KEYS"] = Keys, ["HOME"] = "", ["Kestrel__Certificates__Default__Path"] = certificate },
        });
    }

    private async Task CookiesOfOneWorkerAreGoodAtTheOther(Visitor visitor)
    {
        using var elsewhere = await visitor.AtAnotherWorkerAsync();
        var token = TokenIn(await visitor.GetAsync("/"));
        using (var saved = await elsewhere.PostAsync("/Home/Save", ("message", "from elsewhere"), ("__RequestVerificationToken", token)))
            Assert.Equal(HttpStatusCode.Redirect, saved.StatusCode);
        Assert.Contains("<h1>from elsewhere</h1>", await visitor.GetAsync("/"));
        using (var forged = await elsewhere.PostAsync("/Home/Save", ("message", "forged"))) Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);

        await visitor.GetAsync("/sign-in");
        Assert.Equal("ada", await elsewhere.GetAsync("/who"));
        // What an application keeps in memory it keeps in one worker, though both understand the cookie.
        Assert.Equal(["1", "2", "1"], [await visitor.GetAsync("/visits"), await visitor.GetAsync("/visits"), await elsewhere.GetAsync("/visits")]);
        // Had each worker made a key of its own, the other one would know it only by luck.
        Assert.Single(Directory.GetFiles(Keys));
    }

    private static async Task PagesAndFiles(Visitor visitor)
    {
        var token = TokenIn(await visitor.GetAsync("/note/today"));
        using (var note = await visitor.PostAsync("/note/today", ("Text", "rain"), ("__RequestVerificationToken", token)))
            Assert.Contains("<h1>today: rain</h1>", await note.Content.ReadAsStringAsync());

        using var range = new HttpRequestMessage(HttpMethod.Get, "/lines.txt") { Headers = { Range = new RangeHeaderValue(10_000, 10_009) } };
        using (var part = await visitor.SendAsync(range))
            Assert.Equal((HttpStatusCode.PartialContent, "000001000\n"), (part.StatusCode, await part.Content.ReadAsStringAsync()));
        Assert.Equal(20_000, (await visitor.GetAsync("/lines.txt")).Length);

        using var compressible = new HttpRequestMessage(HttpMethod.Get, "/long-text") { Headers = { AcceptEncoding = { new("gzip") } } };
        using var compressed = await visitor.SendAsync(compressible);
        Assert.Equal("gzip", compressed.Content.Headers.ContentEncoding.Single());
        Assert.InRange((await compressed.Content.ReadAsByteArrayAsync()).Length, 20, 2_000);
    }

    private async Task BlazorAndSignalR(Visitor visitor)
    {
        var page = await visitor.GetAsync("/counter");
        Assert.Contains("Current count: 0", page);
        Assert.Contains("\"type\":\"server\"", page);
        Assert.Contains("connectionToken", await NegotiateAsync(visitor, "/_blazor"));

        using var unnegotiated = await SignalRClient.ConnectAsync(new Uri(Site, "/chat"));
        Assert.Matches("hello by [0-9]+", await unnegotiated.InvokeAsync("Echo", "hello"));
        await LongPolling(visitor);
    }

    /// <summary>It works for as long as a client stays with its worker.</summary>
    private static async Task LongPolling(Visitor visitor)
    {
        var token = JsonDocument.Parse(await NegotiateAsync(visitor, "/chat")).RootElement.GetProperty("connectionToken").GetString();
        var at = $"/chat?id={token}";
        // The first poll only says that somebody polls.
        Assert.Equal("", await visitor.GetAsync(at));
        await TellAsync("{\"protocol\":\"json\",\"version\":1}\u001e");
        Assert.Equal("{}\u001e", await visitor.GetAsync(at));
        await TellAsync("{\"type\":1,\"invocationId\":\"7\",\"target\":\"Echo\",\"arguments\":[\"polled\"]}\u001e");
        Assert.Contains($"polled by {visitor.Worker}", await visitor.GetAsync(at));

        async Task TellAsync(string message)
        {
            using var answer = await visitor.SendAsync(new HttpRequestMessage(HttpMethod.Post, at) { Content = new StringContent(message) });
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    private static async Task<string> NegotiateAsync(Visitor visitor, string hub)
    {
        using var answer = await visitor.PostAsync($"{hub}/negotiate?negotiateVersion=1");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>What gRPC needs of a server.</summary>
    private async Task TrailersOverHttp2()
    {
        using var client = new HttpClient { Timeout = Deadlines.Event };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{_http2Port}/unary")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, 2, 8, 1]),
        };
        using var answer = await client.SendAsync(request);
        Assert.Equal([0, 0, 0, 0, 2, 8, 1], await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal("0", answer.TrailingHeaders.GetValues("grpc-status").Single());
    }

    /// <summary>Whoever is connected hears of the end at once, and every service stops in its own time.</summary>
    private async Task StopWithAClientAtTheHub(ProgramUnderTest master)
    {
        using var client = await SignalRClient.ConnectAsync(new Uri(Site, "/chat"));
        master.Send(UnixSignal.Term);
        // SignalR cuts its connections when the application stops, here as on Kestrel itself; its clients connect anew.
        while (await client.NextAsync() is not null)
        {
            // A ping.
        }
        Assert.Equal(0, (await master.ExitAsync()).Code);
        Assert.Equal(4, master.Lines.Count(line => line.Text.Contains("goodbye said in full", StringComparison.Ordinal)));
        await master.NothingLeftAsync();
    }

    private static byte[] OwnCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return certificate.Export(X509ContentType.Pfx);
    }

    private static string TokenIn(string page) => Regex.Match(page, "name=\"__RequestVerificationToken\" type=\"hidden\" value=\"([^\"]+)\"").Groups[1].Value;

    private static bool Answers(int port)
    {
        try
        {
            return Browser.GetAsync(Target.Tcp(port), "/").GetAwaiter().GetResult().Length > 0;
        }
        catch (LostException)
        {
            return false;
        }
    }
}
