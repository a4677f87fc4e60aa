using System.Diagnostics;
using System.Text;

namespace StarletNet.TestKit;

/// <summary>One lost request.</summary>
public sealed record Loss(TimeSpan At, string Client, LossReason Reason, string Description)
{
    public override string ToString() => $"{At.TotalSeconds,8:F3} {Client}: {Description}";
}

/// <summary>What all clients of one run saw. Safe for concurrent use.</summary>
public sealed class Tally
{
    /// <summary>How many losses are kept with their description.</summary>
    public const int MostDescribed = 50;

    private readonly Lock _gate = new();
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly SortedDictionary<string, Counts> _clients = new(StringComparer.Ordinal);
    private readonly List<Loss> _losses = [];
    private readonly List<string> _versions = [];
    private readonly List<int> _pids = [];

    /// <summary>Requests answered as they should be.</summary>
    public long Answered => Sum(c => c.Answered);

    public long Lost => Sum(c => c.Lost);

    /// <summary>Answered and lost.</summary>
    public long Requests => Sum(c => c.Answered + c.Lost);

    /// <summary>The first losses, in order of time.</summary>
    public IReadOnlyList<Loss> Losses => Locked(() => _losses.ToList());

    /// <summary>Versions of the application, in the order in which they first answered.</summary>
    public IReadOnlyList<string> Versions => Locked(() => _versions.ToList());

    /// <summary>Pids that answered, in the order in which they first did.</summary>
    public IReadOnlyList<int> Pids => Locked(() => _pids.ToList());

    /// <summary>Kinds of clients that took part.</summary>
    public IReadOnlyList<string> Clients => Locked(() => _clients.Keys.ToList());

    public long AnsweredBy(string client) => Locked(() => _clients[client].Answered);

    /// <summary>Times a client of that kind was told to go: close announced, or a WebSocket's close frame.</summary>
    public long ToldToCloseBy(string client) => Locked(() => _clients[client].ToldToClose);

    /// <summary>Requests so far, losses, and what each kind of client saw.</summary>
    public override string ToString()
    {
        var text = new StringBuilder().AppendLine($"{Requests} requests, {Lost} lost; versions {string.Join(' ', Versions)}; {Pids.Count} processes");
        lock (_gate)
        {
            foreach (var (client, counts) in _clients) text.AppendLine($"  {client}: {counts}");
            foreach (var loss in _losses) text.AppendLine($"  lost at {loss}");
        }

        return text.ToString();
    }

    internal void Join(string client) => Count(client, _ => { });

    internal void Answer(string client) => Count(client, c => c.Answered++);

    internal void ToldToClose(string client) => Count(client, c => c.ToldToClose++);

    internal void ClosedIdle(string client) => Count(client, c => c.ClosedIdle++);

    internal void Lose(string client, LostException loss) => Count(client, c =>
    {
        c.Lost++;
        if (_losses.Count < MostDescribed) _losses.Add(new Loss(Stopwatch.GetElapsedTime(_start), client, loss.Reason, loss.Message));
    });

    internal void SawVersion(string version) => Locked(() => See(_versions, version));

    internal void SawPid(int pid) => Locked(() => See(_pids, pid));

    private static bool See<T>(List<T> seen, T value)
    {
        if (seen.Contains(value)) return false;
        seen.Add(value);
        return true;
    }

    private void Count(string client, Action<Counts> change)
    {
        lock (_gate)
        {
            if (!_clients.TryGetValue(client, out var counts)) _clients[client] = counts = new Counts();
            change(counts);
        }
    }

    private long Sum(Func<Counts, long> of) => Locked(() => _clients.Values.Sum(of));

    private T Locked<T>(Func<T> read)
    {
        lock (_gate) return read();
    }

    private sealed class Counts
    {
        internal long Answered;
        internal long Lost;
        internal long ToldToClose;
        internal long ClosedIdle;

        public override string ToString() => $"{Answered} answered, {Lost} lost, {ToldToClose} told to close, {ClosedIdle} closed while idle";
    }
}
