namespace StarletNet.Master.Explaining;

/// <summary>What a trait means for an application that runs in several processes.</summary>
internal enum Meaning
{
    /// <summary>A client's next request must come to the process that has answered the one before.</summary>
    OneWorker,

    /// <summary>Each worker has one of its own; whether that matters depends on the application.</summary>
    OnePerWorker,

    /// <summary>Happens in each worker.</summary>
    InEachWorker,

    /// <summary>Endpoints of the application's own.</summary>
    Endpoints,

    /// <summary>Uses the keys of Data Protection.</summary>
    Keys,
}

/// <summary>Something that can be seen of an application from outside and matters when it runs in several processes.</summary>
/// <param name="Meaning">Under which heading it is said.</param>
/// <param name="Calls">One of these members is called, or</param>
/// <param name="Packages">one of these packages is carried.</param>
/// <param name="Text">What it is, and what to do.</param>
internal sealed record Trait(Meaning Meaning, string[] Calls, string[] Packages, string Text)
{
    /// <summary>With one of these calls, or packages, it is no matter.</summary>
    internal string[] Unless { get; init; } = [];

    /// <summary>For <see cref="Meaning.OneWorker"/>: what users meet when there are several.</summary>
    internal string Breaks { get; init; } = "";

    private static readonly string[] SharedCaches =
        ["AddStackExchangeRedisCache", "AddDistributedSqlServerCache", "AddDistributedPostgresCache", "AddCosmosCache"];

    internal static readonly IReadOnlyList<Trait> All =
    [
        new(Meaning.OneWorker, ["AddInteractiveServerComponents", "AddServerSideBlazor"], [],
            "Blazor Server: a page's circuit lives in one worker, and its connection is made in two requests that must both go there.")
        { Breaks = "Blazor Server pages do not connect" },
        new(Meaning.OneWorker, ["AddSignalR", "AddSignalRCore"], [],
            "SignalR: a connection is negotiated and then opened, both at the same worker, and messages to all reach one worker's clients. (Several workers do "
            + "if all clients use WebSockets with skipNegotiation, and AddStackExchangeRedis, or nobody sends to others.)")
        { Unless = ["AddAzureSignalR"], Breaks = "most SignalR clients do not connect" },
        new(Meaning.OneWorker, ["AddSession", "AddSessionStateTempDataProvider"], [],
            "Sessions in memory: each worker knows its own. (Several workers do with a shared cache, such as AddStackExchangeRedisCache.)")
        { Unless = SharedCaches, Breaks = "sessions in memory are lost from one request to the next" },
        new(Meaning.OnePerWorker, ["AddDistributedMemoryCache", "AddMemoryCache", "AddHybridCache"], [], "Caches in memory: each is filled, and goes stale, by itself."),
        new(Meaning.OnePerWorker, ["AddOutputCache", "AddResponseCaching"], [], "Cached answers: what one worker evicts another still has.") { Unless = ["AddStackExchangeRedisOutputCache"] },
        new(Meaning.OnePerWorker, ["AddRateLimiter", "UseRateLimiter"], ["AspNetCoreRateLimit"], "Rate limits: each worker allows the whole rate."),
        new(Meaning.InEachWorker, ["AddHostedService"], ["Hangfire.Core", "Quartz", "Coravel"],
            "Hosted services, timers, scheduled jobs: what must happen once, do only where STARLETNET_WORKER_SLOT is 0."),
        new(Meaning.InEachWorker, ["Migrate", "MigrateAsync", "EnsureCreated", "EnsureCreatedAsync"], [],
            "Migrations at the start: all workers make them at once, and while the generation before still serves. Better make them before the deploy."),
        new(Meaning.Endpoints, ["UseUrls"], [], "UseUrls"),
        new(Meaning.Endpoints, ["KestrelServerOptions.Listen", "ListenAnyIP", "ListenLocalhost", "ListenUnixSocket", "ListenHandle", "ListenNamedPipe"], [], "Listen… in code"),
        new(Meaning.Keys,
            [
                "AddDataProtection", "AddAuthentication", "AddAntiforgery", "UseAntiforgery", "AddSession", "AddControllersWithViews", "AddMvc", "AddRazorPages",
                "AddRazorComponents", "AddIdentity", "AddDefaultIdentity", "AddIdentityApiEndpoints", "AddServerSideBlazor",
            ], [], "")
        { Unless = ["SetApplicationName"] },
    ];
}
