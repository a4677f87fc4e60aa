namespace StarletNet.TestKit;

/// <summary>Reads 3 MB slowly (64 KiB every 20 ms, about a second) and verifies every byte.</summary>
public sealed class LargeAnswerClient(LoadSetting setting) : LoadClient(setting)
{
    private const int Bytes = 3_000_000;

    public override string Kind => "large answer read slowly";

    // The kernel would otherwise take the whole answer off the server's hands.
    protected override int? ReceiveBuffer => 64 * 1024;

    protected override async Task RoundAsync(CancellationToken stop)
    {
        var body = new BytePattern(pauseEvery: 64 * 1024);
        var answer = await AskAsync($"{Paths.Large}{Bytes}", body);
        if (body.Length != Bytes) throw new LostException(LossReason.WrongBody, $"{body.Length} bytes of {Bytes}");
        Answered(answer);
    }
}
