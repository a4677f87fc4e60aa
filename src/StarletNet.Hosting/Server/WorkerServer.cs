using System.Diagnostics;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StarletNet.Hosting.AccessLog;
using StarletNet.Hosting.Transport;
using StarletNet.Hosting.Worker;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Server;

/// <summary>
/// Kestrel, on the inherited listeners. It starts before anything is accepted; accepting begins when the whole application has
/// started, so that one that fails on the way has never taken a connection from its siblings.
/// </summary>
internal sealed class WorkerServer(
    WorkerProcess worker, IServer kestrel, WorkerListenerFactory listeners, HttpLimits limits, IServiceProvider services) : IServer
{
    private readonly ILogger _log = WorkerLogger.Of(services);
    private bool _ours;
    private EpollTransport? _transport;
    private Traffic? _traffic;
    private IDisposable? _refused;

    public IFeatureCollection Features => kestrel.Features;

    public async Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        _ours = worker.TryClaim();
        if (!_ours)
        {
            WorkerLog.SecondServer(_log);
            await kestrel.StartAsync(application, cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            var traffic = BindInherited();
            await kestrel.StartAsync(new WorkerApplication<TContext>(application, traffic.Transport), cancellationToken).ConfigureAwait(false);
            listeners.RequireAllBound(kestrel);
            worker.Serve(traffic);
            Follow(services.GetRequiredService<IHostApplicationLifetime>(), stopping => BeReadyAsync(application, stopping));
        }
        catch (Exception error)
        {
            worker.Fail(error);
            throw;
        }
    }

    /// <summary>
    /// Holds Kestrel's stop until the drain is over, whoever began it. Kestrel's first act is to stop its heartbeat, and
    /// without that neither time limits nor the end of an HTTP/2 connection are noticed.
    /// </summary>
    /// <remarks>
    /// The token is the host's shutdown timeout, raised to cover the drain where the host lets us; the drain's own clocks
    /// decide. Only a token that is cancelled from the start means something else: stop now.
    /// </remarks>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_ours)
        {
            worker.Post(cancellationToken.IsCancellationRequested ? new WorkerEvent.AbortAsked() : new WorkerEvent.StopAsked());
            await worker.Drained.ConfigureAwait(false);
        }

        await kestrel.StopAsync(cancellationToken).ConfigureAwait(false);
        // A process may outlive its web host; our loop need not.
        _refused?.Dispose();
        _traffic?.Dispose();
        if (_transport is not null) await _transport.DisposeAsync().ConfigureAwait(false);
    }

    public void Dispose() => kestrel.Dispose();

    private Traffic BindInherited()
    {
        var scoreboard = worker.Settings.Scoreboard;
        // Whose queue nobody else serves cannot leave anything to others.
        var shares = !worker.Settings.Listeners.Any(listener => listener.Own);
        var softLimit = (int)(worker.Settings.Http.Find(HttpSettings.SoftLimit)?.Number ?? 0);
        var transport = new EpollTransport(worker.Settings.Listeners, _log, new TransportOptions
        {
            Loop = worker.Settings.Loop,
            Loops = worker.Settings.Loops,
            MaxThreads = worker.Settings.MaxThreads,
            ConnectionsChanged = scoreboard.Connections,
            FewestOfSiblings = shares ? () => scoreboard.FewestOfSiblings(softLimit) : null,
            IsFull = shares && softLimit > 0 ? isFull => scoreboard.IsFull(softLimit, isFull) : null,
        });
        _transport = transport;
        var traffic = new Traffic(transport, scoreboard, limits.OfConnections,
            () => worker.AskForRetirement(ControlMessage.ForOverdue), _log)
        { AccessLog = worker.Settings.Logs.Access, AnsweredPaths = worker.Settings.AnsweredPaths };
        if (services.GetService<DiagnosticListener>() is { } diagnostics) _refused = RefusedRequests.Watch(diagnostics, scoreboard, traffic.AccessLog);
        _traffic = traffic;
        listeners.Use(traffic);

        // Hosting has copied the application's addresses here by now, so the last word is ours: addresses that are preferred
        // beat UseUrls, configuration and endpoints opened in code alike.
        var addresses = Features.Get<IServerAddressesFeature>()
            ?? throw new InvalidOperationException($"The application's server, {kestrel.GetType().Name}, takes no addresses; only Kestrel can run in a worker.");
        if (limits.KeepsAppEndpoints)
        {
            KeptEndpoints.Join(_log, addresses, transport.Listeners, services);
            return traffic;
        }
        ReplacedEndpoints.Log(_log, addresses.Addresses, services);
        addresses.Addresses.Clear();
        foreach (var listener in transport.Listeners) addresses.Addresses.Add(listener.Address);
        addresses.PreferHostingUrls = true;
        return traffic;
    }

    private async Task BeReadyAsync<TContext>(IHttpApplication<TContext> application, CancellationToken stopping) where TContext : notnull
    {
        if (worker.Settings.ReadyPath is { } path)
        {
            try
            {
                await new ReadyProbe(path, worker.Settings.Listeners.Any(listener => listener.Tls), failure => SayUnready(path, failure)).PassAsync(application, stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Told to stop before it was ready.
                return;
            }
        }
        try
        {
            await WarmUpAsync(application, stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        worker.Post(new WorkerEvent.Started());
    }

    private async Task WarmUpAsync<TContext>(IHttpApplication<TContext> application, CancellationToken stopping) where TContext : notnull
    {
        if (worker.Settings.WarmUpPaths is not { Count: > 0 } paths) return;
        // Should the start time out meanwhile.
        worker.SayUnready($"it warms up (--warmup {string.Join(',', paths)})");
        var index = WarmUpListener();
        Func<string, CancellationToken, Task<int>> ask = index < 0
            ? (path, _) => InProcessRequest.StatusOfAsync(application, path, worker.Settings.Listeners.Any(listener => listener.Tls), WarmUpClient.UserAgent)
            : new WarmUpClient(_transport!.Listeners[index], worker.Settings.Listeners[index].Tls).AskAsync;
        await new WarmUp(ask, worker.Settings.WarmUpTime, _log).RunAsync(paths, stopping).ConfigureAwait(false);
        _transport!.Memory.Forget();
    }

    /// <summary>The listener that warm-up requests come by: one without TLS if there is one.</summary>
    /// <returns>Below zero: all speak HTTP/2 alone.</returns>
    private int WarmUpListener()
    {
        var listeners = worker.Settings.Listeners.ToList();
        var plain = listeners.FindIndex(listener => !listener.Tls && listener.Http != HttpVersions.Http2);
        return plain >= 0 ? plain : listeners.FindIndex(listener => listener.Http != HttpVersions.Http2);
    }

    private void SayUnready(string path, string failure)
    {
        WorkerLog.NotReadyYet(_log, path, failure);
        // For the operator, should its time run out: the application's log may be elsewhere.
        worker.SayUnready($"{path} (--ready-path) gives {failure}");
    }

    private void Follow(IHostApplicationLifetime application, Func<CancellationToken, Task> beReady)
    {
        worker.AddHost(application.StopApplication);
        application.ApplicationStarted.Register(() => _ = beReady(application.ApplicationStopping));
        // A stop that the application begins by itself is drained too, from its first moment on.
        application.ApplicationStopping.Register(() => worker.Post(new WorkerEvent.StopAsked()));
    }
}
