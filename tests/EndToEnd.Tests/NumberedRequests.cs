using System.Collections.Concurrent;
using System.Globalization;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>Clients whose every request has a number of its own, which the application prints: what was answered can be looked for in the logs.</summary>
internal sealed class NumberedRequests : IAsyncDisposable
{
    /// <summary>Then a client connects anew, so that every worker gets some.</summary>
    private const int OnOneConnection = 40;

    private readonly CancellationTokenSource _stop = new(TimeSpan.FromMinutes(5));
    private readonly ConcurrentQueue<int> _answered = new();
    private readonly Target _target;
    private readonly Task _clients;
    private int _last;

    internal NumberedRequests(Target target, int clients)
    {
        _target = target;
        _clients = Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(RunAsync)));
    }

    internal const string Path = "/say?text=said+";

    /// <summary>Lets every client have its last answer.</summary>
    /// <returns>The numbers of all requests, each of which was answered.</returns>
    internal async Task<IReadOnlyList<int>> StopAsync()
    {
        await _stop.CancelAsync();
        await _clients;
        return [.. _answered.Order()];
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            using var patience = new CancellationTokenSource(Deadlines.Event);
            using var connection = await WireConnection.ConnectAsync(_target, patience.Token);
            for (var i = 0; i < OnOneConnection && !_stop.IsCancellationRequested && !connection.CloseAnnounced && !connection.ClosedByPeer(); i++)
            {
                var number = Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);
                var answer = await connection.AskAsync($"GET {Path}{number} HTTP/1.1\r\nHost: {_target.HostHeader}\r\n\r\n", patience.Token);
                if (answer.Status != 200 || answer.Text != $"said {number}") throw new LostException(LossReason.WrongStatus, $"{number}: {answer.Status} {answer.Text}");
                _answered.Enqueue(int.Parse(number, CultureInfo.InvariantCulture));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _clients;
        }
        catch (LostException)
        {
            // Whoever asked StopAsync has heard of it; a test that failed before has something better to say.
        }
        _stop.Dispose();
    }
}
