using StarletNet.Shared.Contract;

namespace StarletNet.FakeWorker;

/// <summary>This worker's place on the scoreboard: requests, and signs of life as often as they are wanted.</summary>
internal sealed class Figures
{
    private readonly Scoreboard _scoreboard;
    private readonly int _place;
    private readonly long _limit = Number(EnvironmentNames.MaxRequests);

    internal Figures()
    {
        // None with --max-workers 0.
        if (Environment.GetEnvironmentVariable(EnvironmentNames.Scoreboard) is not { } given)
        {
            _scoreboard = Scoreboard.Create(1);
            return;
        }
        var parts = given.Split(':');
        _place = int.Parse(parts[1]);
        _scoreboard = Scoreboard.Open(int.Parse(parts[0]), _place);
    }

    /// <param name="beats">Whether its own thread gives signs of life.</param>
    /// <param name="poolBeats">Whether its thread pool does.</param>
    internal void Begin(bool beats = true, bool poolBeats = true)
    {
        _scoreboard.SetPhase(_place, Environment.ProcessId, WorkerPhase.Ready);
        var interval = (int)Number(EnvironmentNames.Heartbeat);
        if (interval > 0) new Thread(() => Beat(interval, beats, poolBeats)) { IsBackground = true }.Start();
    }

    /// <returns>Whether that was the last one of its share.</returns>
    internal bool Answered() => Interlocked.Increment(ref _scoreboard.Requests(_place)) == _limit;

    private void Beat(int interval, bool beats, bool poolBeats)
    {
        for (; ; Thread.Sleep(interval))
        {
            if (beats) _scoreboard.Beats(_place)++;
            if (poolBeats) _scoreboard.PoolBeats(_place)++;
            _scoreboard.SetVitals(_place, new Vitals(Environment.TickCount64, ThreadPool.ThreadCount, ThreadPool.PendingWorkItemCount, 0, 0, 0, 0, null, 0));
        }
    }

    private static long Number(string name) => long.Parse(Environment.GetEnvironmentVariable(name) ?? "0");
}
