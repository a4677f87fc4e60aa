namespace StarletNet.TestKit;

/// <summary>A new connection for every request.</summary>
public sealed class NewConnectionClient(LoadSetting setting) : LoadClient(setting)
{
    public override string Kind => "new connection";

    protected override async Task RoundAsync(CancellationToken stop)
    {
        var answer = await AskAsync(Paths.Root);
        CheckRoot(answer);
        Answered(answer);
        Disconnect();
        await BreathAsync(stop);
    }
}

/// <summary>One kept connection, request upon request.</summary>
public sealed class BusyClient(LoadSetting setting) : LoadClient(setting)
{
    private long _round;

    public override string Kind => "keep-alive busy";

    protected override async Task RoundAsync(CancellationToken stop)
    {
        await BreathAsync(stop);
        if (Paths.Pid is { } path && _round++ % 8 == 7)
        {
            var pid = await AskAsync(path);
            CheckPid(pid);
            Answered(pid);
            return;
        }

        var answer = await AskAsync(Paths.Root);
        CheckRoot(answer);
        Answered(answer);
    }
}

/// <summary>One kept connection with a request now and then: the client that a close at the wrong moment hits.</summary>
public sealed class SlowIdleClient(LoadSetting setting) : LoadClient(setting)
{
    public override string Kind => "keep-alive slow-idle";

    protected override async Task RoundAsync(CancellationToken stop)
    {
        var answer = await AskAsync(Paths.Root);
        CheckRoot(answer);
        Answered(answer);
        await PauseAsync(TimeSpan.FromMilliseconds(Random.Next(200, 1001)), stop);
    }
}

/// <summary>Connects, says nothing for 300 ms, then asks.</summary>
public sealed class ConnectThenWaitClient(LoadSetting setting) : LoadClient(setting)
{
    public override string Kind => "connect, wait, send";

    protected override async Task RoundAsync(CancellationToken stop)
    {
        var connection = await ConnectionAsync();
        await PauseAsync(TimeSpan.FromMilliseconds(300), stop);
        using var deadline = NewDeadline();
        // Not by AskAsync, which forgives a close seen before the request: nobody may close on a client that was never served.
        var answer = await connection.AskAsync(Get(Paths.Root), deadline.Token);
        RequireOk(answer, Paths.Root);
        CheckRoot(answer);
        Answered(answer);
        Disconnect();
    }
}

/// <summary>Has a request running that takes a second to answer, on a kept connection.</summary>
public sealed class SlowAnswerClient(LoadSetting setting) : LoadClient(setting)
{
    public override string Kind => "slow answer";

    protected override async Task RoundAsync(CancellationToken stop) => Answered(await AskAsync(Paths.Slow!));
}
