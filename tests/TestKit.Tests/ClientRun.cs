namespace StarletNet.TestKit.Tests;

/// <summary>Runs one client against a server until it has got something, and says what it counted.</summary>
internal static class ClientRun
{
    internal static Task<Tally> UntilAsync(Target target, Func<LoadSetting, LoadClient> create, Func<Tally, bool> enough) =>
        UntilAsync(new LoadSetting(target, new LoadPaths(), new Tally(), Seed: 7), create, enough);

    internal static async Task<Tally> UntilAsync(LoadSetting setting, Func<LoadSetting, LoadClient> create, Func<Tally, bool> enough)
    {
        using var stop = new CancellationTokenSource();
        using var client = create(setting);
        var running = Task.Run(() => client.RunAsync(stop.Token));
        await Eventually.TrueAsync(() => enough(setting.Tally), "the client has seen enough", setting.Tally.ToString);
        await stop.CancelAsync();
        await running;
        return setting.Tally;
    }

    /// <summary>The reason of the first loss, once there is one.</summary>
    internal static async Task<LossReason> FirstLossAsync(Target target, Func<LoadSetting, LoadClient> create)
    {
        var tally = await UntilAsync(target, create, t => t.Lost > 0);
        return tally.Losses[0].Reason;
    }

    /// <summary>Some answers without a loss.</summary>
    internal static async Task<Tally> AnswersAsync(Target target, int count, Func<LoadSetting, LoadClient> create)
    {
        var tally = await UntilAsync(target, create, t => t.Answered >= count || t.Lost > 0);
        Assert.True(tally.Lost == 0, tally.ToString());
        return tally;
    }
}
