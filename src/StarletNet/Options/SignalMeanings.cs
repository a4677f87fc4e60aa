namespace StarletNet.Master.Options;

/// <summary>What signals to the master mean, in words; the preset changes some.</summary>
internal static class SignalMeanings
{
    internal static IEnumerable<(string Signal, string Meaning)> Of(MasterOptions options)
    {
        yield return ("TERM", options.StopsFast ? "stop fast" : "stop gracefully");
        yield return ("INT", options.StopsFast ? "stop fast" : "stop gracefully");
        yield return ("QUIT", "stop gracefully");
        yield return ("HUP", options.Surge == MasterOptions.MostWorkers && options.SpawnInterval == TimeSpan.Zero ? "restart, all workers at once" : "restart, worker by worker");
        yield return ("USR1", options.SpawnInterval > TimeSpan.Zero ? "stop in stages" : "stop gracefully");
        yield return ("USR2", "open log files anew");
        yield return ("TTIN", "one worker more");
        yield return ("TTOU", "one worker less");
    }
}
