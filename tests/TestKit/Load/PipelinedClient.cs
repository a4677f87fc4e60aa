using System.Text;

namespace StarletNet.TestKit;

/// <summary>
/// Eight requests in one write, each for another length, so that the order of the answers shows. When an answer announces
/// the close, the requests behind it are not lost: HTTP lets the client send them again on a new connection.
/// </summary>
public sealed class PipelinedClient(LoadSetting setting) : LoadClient(setting)
{
    private const int Depth = 8;

    public override string Kind => "pipelined";

    protected override async Task RoundAsync(CancellationToken stop)
    {
        var waiting = new Queue<int>(Enumerable.Range(0, Depth).Select(_ => Random.Next(1, 20_000)));
        while (waiting.Count > 0) await SendAllAsync(waiting);
        await PauseAsync(TimeSpan.FromMilliseconds(Random.Next(0, 21)), stop);
    }

    private async Task SendAllAsync(Queue<int> waiting)
    {
        var connection = await ConnectionAsync();
        using var deadline = NewDeadline();
        var requests = string.Concat(waiting.Select(bytes => Get($"{Paths.Large}{bytes}")));
        await connection.SendAsync(Encoding.Latin1.GetBytes(requests), deadline.Token);
        while (waiting.Count > 0)
        {
            var body = new BytePattern();
            var answer = await connection.ReadAnswerAsync(deadline.Token, body);
            RequireOk(answer, Paths.Large!);
            if (body.Length != waiting.Peek())
                throw new LostException(LossReason.WrongBody, $"{body.Length} bytes where {waiting.Peek()} were next in order");
            waiting.Dequeue();
            Answered(answer);
            if (answer.CloseAnnounced) return;
        }
    }
}
