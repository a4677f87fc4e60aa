using System.Text.RegularExpressions;
using StarletNet.Master.Applications;
using StarletNet.Master.Explaining;
using StarletNet.Master.Workers;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Explaining;

public sealed class ExplanationTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private HeapShare _heap = new(null, "no limit");

    public void Dispose() => _scratch.Dispose();

    private string Explain(params string[] calls)
    {
        FakeApplication.Write(_scratch.File("web.dll"), calls);
        var text = new Explanation(new Application(_scratch.File("web.dll"), "/usr/bin/dotnet", ["exec"]), _heap, "Staging").Write();
        Assert.All(text.Split('\n').Skip(2), line => Assert.InRange(line.Length, 0, 100));
        return Regex.Replace(text, @"\s+", " ");
    }

    [Fact]
    public void An_application_of_which_nothing_special_is_seen_may_run_in_several_workers()
    {
        var text = Explain("RouteBuilder.MapGet");

        Assert.Contains("starletnet web.dll - One worker uses all processors. Several suit this application as well (--max-workers auto): a crash", text);
        Assert.DoesNotContain("single worker", text);
        Assert.DoesNotContain("Keys of", text);
    }

    [Fact]
    public void Of_a_container_each_worker_gets_a_part()
    {
        Assert.DoesNotContain("Memory", Explain("RouteBuilder.MapGet"));

        _heap = HeapShare.Of(new ContainerMemory(600 << 20, "/memory.max"), 2, [], null);
        Assert.Contains("The heap of each worker is limited to 200M: the 600M of /memory.max, shared by 2 workers", Explain("RouteBuilder.MapGet"));

        _heap = HeapShare.Of(new ContainerMemory(60 << 20, "/memory.max"), 2, [], null);
        Assert.Contains("the 60M of /memory.max leave 20M for each of 2 workers", Explain("RouteBuilder.MapGet"));
    }

    [Theory]
    [InlineData("X.AddInteractiveServerComponents", "Blazor Server:")]
    [InlineData("X.AddServerSideBlazor", "Blazor Server:")]
    [InlineData("X.AddSignalR", "SignalR:")]
    [InlineData("X.AddSession", "Sessions in memory:")]
    public void What_a_client_must_find_again_needs_one_worker(string call, string says)
    {
        var text = Explain(call);

        Assert.Contains($"- {says}", text);
        Assert.Contains("starletnet web.dll - One worker uses all processors. HUP", text);
        Assert.DoesNotContain("--max-workers auto", text);
    }

    [Theory]
    [InlineData("X.AddSignalR", "most SignalR clients do not connect")]
    [InlineData("X.AddServerSideBlazor", "Blazor Server pages do not connect")]
    [InlineData("X.AddSession", "sessions in memory are lost from one request to the next")]
    public void A_start_with_several_workers_can_name_what_breaks(string call, string breaks)
    {
        FakeApplication.Write(_scratch.File("web.dll"), call);
        Assert.Equal([breaks], Explanation.WhatSeveralWorkersBreak(new Application(_scratch.File("web.dll"), "/usr/bin/dotnet", ["exec"])));

        FakeApplication.Write(_scratch.File("web.dll"), "X.AddHostedService");
        Assert.Empty(Explanation.WhatSeveralWorkersBreak(new Application(_scratch.File("web.dll"), "/usr/bin/dotnet", ["exec"])));
    }

    [Theory]
    [InlineData("X.AddSession", "X.AddStackExchangeRedisCache")]
    [InlineData("X.AddSignalR", "X.AddAzureSignalR")]
    public void A_shared_store_makes_several_workers_good_enough(params string[] calls) =>
        Assert.Contains("--max-workers auto", Explain(calls));

    [Theory]
    [InlineData("X.AddMemoryCache", "kept by each worker for itself - Caches in memory")]
    [InlineData("X.AddRateLimiter", "kept by each worker for itself - Rate limits")]
    [InlineData("X.AddHostedService", "Happens in each worker - Hosted services")]
    [InlineData("X.MigrateAsync", "Happens in each worker - Migrations")]
    [InlineData("X.UseUrls", "replaced by starletnet's listeners - UseUrls")]
    [InlineData("KestrelServerOptions.Listen", "replaced by starletnet's listeners - Listen")]
    [InlineData("X.AddRazorPages", "Keys of cookies and forms - All workers share")]
    public void Everything_else_is_said_under_its_heading(string call, string says) => Assert.Contains(says, Explain(call));

    [Fact]
    public void Listen_means_endpoints_only_if_it_is_kestrels() => Assert.DoesNotContain("Listen", Explain("SomebodyElse.Listen"));

    [Fact]
    public void An_application_that_names_its_keys_need_not_be_told() =>
        Assert.DoesNotContain("Keys of", Explain("X.AddRazorPages", "X.SetApplicationName"));

    [Fact]
    public void Assemblies_of_its_own_and_packages_are_looked_at_as_well()
    {
        FakeApplication.Write(_scratch.File("web.parts.dll"), "X.AddSignalR");
        FakeApplication.Write(_scratch.File("stranger.dll"), "X.AddSession");
        _scratch.Write("web.deps.json", """{"libraries":{"web/1.0.0":{"type":"project"},"web.parts/1.0.0":{"type":"project"},"Hangfire.Core/1.8.0":{"type":"package"},"stranger/1.0.0":{"type":"package"}}}""");

        var text = Explain();

        Assert.Contains("web.dll, web.parts.dll", text);
        Assert.Contains("SignalR:", text);
        Assert.Contains("scheduled jobs", text);
        Assert.DoesNotContain("Sessions in memory", text);
    }

    [Fact]
    public void Endpoints_of_its_configuration_are_named()
    {
        _scratch.Write("appsettings.json", """{ "Urls": "http://*:1;http://*:2", "kestrel": { "endpoints": { "A": { "Url": "https://*:3" }, "B": { "Sni": {} } } } } // a comment""");

        var text = Explain();

        foreach (var name in new[] { "http://*:1", "http://*:2", "https://*:3", "B" }) Assert.Contains($"- {name}, of appsettings.json", text);
    }

    [Fact]
    public void The_configuration_of_its_environment_wins_over_the_common_one()
    {
        _scratch.Write("appsettings.json", """{ "Urls": "http://*:1", "Kestrel": { "Endpoints": { "A": { "Url": "https://*:2" }, "B": { "Url": "https://*:3" } } } }""");
        _scratch.Write("appsettings.Staging.json", """{ "urls": "http://*:4", "Kestrel": { "Endpoints": { "a": { "Url": "https://*:5" }, "B": { "Protocols": "Http1" }, "C": { "Url": "https://*:6" } } } }""");
        _scratch.Write("appsettings.Production.json", """{ "Urls": "http://*:7" }""");

        var text = Explain();

        foreach (var name in new[] { "http://*:4, of appsettings.Staging.json", "https://*:5, of appsettings.Staging.json", "https://*:3, of appsettings.json", "https://*:6, of appsettings.Staging.json" })
            Assert.Contains($"- {name}", text);
        foreach (var name in new[] { "*:1", "*:2", "*:7" }) Assert.DoesNotContain(name, text);
    }

    [Fact]
    public void Files_that_cannot_be_read_say_nothing()
    {
        _scratch.Write("web.deps.json", "{");
        _scratch.Write("appsettings.json", "[]");
        _scratch.Write("web.dll", "MZ");

        Assert.Empty(AssemblyCalls.In(_scratch.File("web.dll")));
        Assert.Empty(AssemblyCalls.In(_scratch.File("none.dll")));
        Assert.Contains("--max-workers auto", Explain());
    }

    [Fact]
    public void One_file_says_that_it_cannot_be_looked_into() =>
        Assert.Contains("It is one file", new Explanation(new Application(_scratch.File("single"), _scratch.File("single"), []), _heap, "Production").Write());
}
