using StarletNet.LoadClient;
using StarletNet.TestKit;

if (args is ["--help"])
{
    Console.WriteLine(LoadOptions.Help);
    return 0;
}

LoadOptions options;
try
{
    options = LoadOptions.Parse(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine($"loadclient: {e.Message}; see --help");
    return 2;
}

await using var load = LoadMix.Start(options.Target, Environment.ProcessId, options.Counts, options.Paths);
if (options.Time is { } time) await Task.Delay(time);
else await UntilInputEndsAsync(load.Tally);
var tally = await load.StopAsync();

foreach (var loss in tally.Losses) Console.Error.WriteLine($"lost at {loss}");
Console.WriteLine($"versions seen: {string.Join(' ', tally.Versions)}");
Console.WriteLine($"{tally.Requests} requests, {tally.Lost} lost");
return tally.Lost == 0 && tally.Answered > 0 ? 0 : 1;

// Says when the load has begun: a script that deploys before that would not see the first version answer.
static async Task UntilInputEndsAsync(Tally tally)
{
    // The console's own asynchronous reads block.
    var input = Task.Run(Console.In.ReadToEnd);
    while (tally.Answered == 0 && !input.IsCompleted) await Task.Delay(20);
    if (!input.IsCompleted) Console.Error.WriteLine("loadclient: requests are answered");
    await input;
}
