using System.Globalization;
using System.Text.RegularExpressions;

namespace StarletNet.TestKit;

/// <summary>
/// One client of a load: asks again and again until told to stop, and counts what it gets. A loss costs the connection;
/// the client then goes on with a new one.
/// </summary>
public abstract class LoadClient(LoadSetting setting) : IDisposable
{
    /// <summary>Between a loss and the next try, so that a dead server makes no endless loop.</summary>
    private static readonly TimeSpan PauseAfterLoss = TimeSpan.FromMilliseconds(50);

    private WireConnection? _connection;
    private int _burst;

    /// <summary>What the tally calls this kind of client.</summary>
    public abstract string Kind { get; }

    protected LoadPaths Paths => setting.Paths;

    protected Tally Tally => setting.Tally;

    protected Random Random { get; } = new(setting.Seed);

    /// <summary>Bytes the kernel may hold for us; null for its own choice.</summary>
    protected virtual int? ReceiveBuffer => null;

    public async Task RunAsync(CancellationToken stop)
    {
        Tally.Join(Kind);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await RoundAsync(stop);
            }
            catch (LostException loss)
            {
                Tally.Lose(Kind, loss);
                Disconnect();
                await PauseAsync(PauseAfterLoss, stop);
            }
        }

        await LeaveAsync();
        Disconnect();
    }

    public void Dispose()
    {
        Disconnect();
        GC.SuppressFinalize(this);
    }

    /// <summary>One request, or a group of them that belong together. What has been sent is finished even when a stop comes.</summary>
    protected abstract Task RoundAsync(CancellationToken stop);

    /// <summary>The last word on the connection, if it needs one.</summary>
    protected virtual Task LeaveAsync() => Task.CompletedTask;

    /// <summary>The kept connection, or a new one when there is none or the server has ended it while it was idle.</summary>
    protected async Task<WireConnection> ConnectionAsync()
    {
        if (_connection is { } kept && kept.ClosedByPeer())
        {
            Tally.ClosedIdle(Kind);
            Disconnect();
        }

        using var deadline = NewDeadline();
        return _connection ??= await WireConnection.ConnectAsync(setting.Target, deadline.Token, ReceiveBuffer);
    }

    protected void Disconnect()
    {
        _connection?.Dispose();
        _connection = null;
    }

    protected string Get(string path) => $"GET {path} HTTP/1.1\r\nHost: {setting.Target.HostHeader}\r\n\r\n";

    protected string Head(string method, string path, string headers) =>
        $"{method} {path} HTTP/1.1\r\nHost: {setting.Target.HostHeader}\r\n{headers}\r\n\r\n";

    /// <summary>GET on the kept connection; the answer must be 200.</summary>
    protected async Task<HttpAnswer> AskAsync(string path, IBodySink? sink = null)
    {
        var connection = await ConnectionAsync();
        using var deadline = NewDeadline();
        var answer = await connection.AskAsync(Get(path), deadline.Token, sink);
        RequireOk(answer, path);
        return answer;
    }

    /// <summary>The request is answered; a connection whose end was announced is given up.</summary>
    protected void Answered(HttpAnswer answer)
    {
        Tally.Answer(Kind);
        if (!answer.CloseAnnounced) return;
        Tally.ToldToClose(Kind);
        Disconnect();
    }

    protected static void RequireOk(HttpAnswer answer, string path)
    {
        if (answer.Status != 200) throw new LostException(LossReason.WrongStatus, $"{path} gave {answer.Status}: {answer.Text}");
    }

    /// <summary>The body of <see cref="LoadPaths.Root"/> names the version.</summary>
    protected void CheckRoot(HttpAnswer answer)
    {
        var match = Regex.Match(answer.Text, Paths.Version, RegexOptions.IgnoreCase);
        if (!match.Success) throw new LostException(LossReason.WrongBody, $"no version in: {answer.Text}");
        Tally.SawVersion(match.Groups[1].Value);
    }

    protected void CheckPid(HttpAnswer answer)
    {
        if (!int.TryParse(answer.Text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            throw new LostException(LossReason.WrongBody, $"no pid: {answer.Text}");
        Tally.SawPid(pid);
    }

    /// <summary>Waits, or returns at once when the run is to stop.</summary>
    protected static async Task PauseAsync(TimeSpan time, CancellationToken stop)
    {
        // Task.Delay would throw; a stop is no error.
        await Task.WhenAny(Task.Delay(time, stop)).ConfigureAwait(false);
    }

    /// <summary>
    /// Between two requests of a client without pauses: a dozen or two go out in a row, and then the machine has a moment for those that it is
    /// shared with, among them the new generation that is to start beside this load.
    /// </summary>
    protected Task BreathAsync(CancellationToken stop)
    {
        if (_burst-- > 0) return Task.CompletedTask;
        _burst = Random.Next(5, 31);
        return PauseAsync(TimeSpan.FromMilliseconds(Random.Next(10, 91)), stop);
    }

    protected CancellationTokenSource NewDeadline() => new(setting.AnswerDeadline);
}

/// <summary>What every client of a run is given.</summary>
public sealed record LoadSetting(Target Target, LoadPaths Paths, Tally Tally, int Seed)
{
    /// <summary>An answer that takes longer is lost.</summary>
    public TimeSpan AnswerDeadline { get; init; } = Deadlines.Event;
}
