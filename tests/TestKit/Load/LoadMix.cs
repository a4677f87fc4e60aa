namespace StarletNet.TestKit;

/// <summary>How many clients of each kind.</summary>
public sealed record LoadCounts
{
    public int NewConnection { get; init; } = 2;

    public int Busy { get; init; } = 2;

    public int SlowIdle { get; init; } = 8;

    public int ConnectThenWait { get; init; } = 2;

    public int SlowAnswer { get; init; } = 2;

    public int LargeAnswer { get; init; } = 2;

    public int SlowUpload { get; init; } = 2;

    public int Pipelined { get; init; } = 1;

    public int WebSocket { get; init; } = 2;

    /// <summary>None by default: without TLS, a listener for HTTP/2 speaks nothing else.</summary>
    public int Http2 { get; init; }

    /// <summary>No client at all, to add some to.</summary>
    public static LoadCounts None { get; } = new()
    {
        NewConnection = 0,
        Busy = 0,
        SlowIdle = 0,
        ConnectThenWait = 0,
        SlowAnswer = 0,
        LargeAnswer = 0,
        SlowUpload = 0,
        Pipelined = 0,
        WebSocket = 0,
    };
}

/// <summary>All kinds of clients at once, from start to stop; at most ten minutes.</summary>
public sealed class LoadMix : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromMinutes(10));
    private readonly Task _clients;

    private LoadMix(Tally tally, IEnumerable<LoadClient> clients)
    {
        Tally = tally;
        _clients = Task.WhenAll(clients.Select(c => Task.Run(() => c.RunAsync(_stop.Token))));
    }

    public Tally Tally { get; }

    /// <param name="target">Where to.</param>
    /// <param name="seed">Makes pauses, bodies and messages repeatable.</param>
    /// <param name="counts">Default: some of each kind.</param>
    /// <param name="paths">Default: those of the test application.</param>
    public static LoadMix Start(Target target, int seed, LoadCounts? counts = null, LoadPaths? paths = null)
    {
        var tally = new Tally();
        return new LoadMix(tally, Clients(target, tally, seed, counts ?? new LoadCounts(), paths ?? new LoadPaths()));
    }

    /// <summary>
    /// Waits until every kind of client has had some more answers: what a deploy is followed by, so that each kind has
    /// used the new generation.
    /// </summary>
    public async Task EveryKindAnsweredAgainAsync(int times = 2)
    {
        var before = Tally.Clients.ToDictionary(c => c, Tally.AnsweredBy);
        await Eventually.TrueAsync(() => before.All(b => Tally.AnsweredBy(b.Key) >= b.Value + times), "every kind of client is answered", Tally.ToString);
    }

    /// <summary>Lets every client finish what it has begun.</summary>
    public async Task<Tally> StopAsync()
    {
        await _stop.CancelAsync();
        await _clients;
        return Tally;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private static List<LoadClient> Clients(Target target, Tally tally, int seed, LoadCounts counts, LoadPaths paths)
    {
        var clients = new List<LoadClient>();
        Add(counts.NewConnection, paths.Root, s => new NewConnectionClient(s));
        Add(counts.Busy, paths.Root, s => new BusyClient(s));
        Add(counts.SlowIdle, paths.Root, s => new SlowIdleClient(s));
        Add(counts.ConnectThenWait, paths.Root, s => new ConnectThenWaitClient(s));
        Add(counts.SlowAnswer, paths.Slow, s => new SlowAnswerClient(s));
        Add(counts.LargeAnswer, paths.Large, s => new LargeAnswerClient(s));
        Add(counts.SlowUpload, paths.Upload, s => new SlowUploadClient(s));
        Add(counts.Pipelined, paths.Large, s => new PipelinedClient(s));
        Add(counts.WebSocket, paths.WebSocket, s => new WebSocketClient(s));
        Add(counts.Http2, paths.Root, s => new Http2Client(s));
        return clients;

        void Add(int count, string? path, Func<LoadSetting, LoadClient> create)
        {
            for (var i = 0; path != null && i < count; i++)
            {
                clients.Add(create(new LoadSetting(target, paths, tally, seed + clients.Count)));
                tally.Join(clients[^1].Kind);
            }
        }
    }
}
