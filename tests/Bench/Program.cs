using System.Runtime.InteropServices;
using StarletNet.Bench;
using StarletNet.Bench.Measures;
using StarletNet.Bench.Report;
using StarletNet.TestKit;

if (args.Contains("--help") || args.Contains("-h"))
{
    Console.Write(BenchOptions.Help);
    return 0;
}

if (args.Contains("--list"))
{
    Console.Write(BenchOptions.Names(Environment.ProcessorCount));
    return 0;
}

BenchOptions options;
try
{
    options = BenchOptions.Parse(args, Artifacts.RepositoryRoot, Environment.ProcessorCount);
}
catch (FormatException e)
{
    Console.Error.WriteLine($"bench: {e.Message}; see --help");
    return 2;
}

Results results;
var failed = false;
if (options.From is { } file)
{
    if (!File.Exists(file))
    {
        Console.Error.WriteLine($"bench: --from {file}: there is no such file");
        return 2;
    }

    results = Results.Read(file);
}
else
{
    // Servers must not be left behind; whoever is in a hurry says it twice.
    using var stop = new CancellationTokenSource();
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = !stop.IsCancellationRequested;
        stop.Cancel();
    }

    Directory.CreateDirectory(options.Output);
    results = new Results(Machine.Describe(options));
    // Line by line, so that a run that is broken off leaves what it had.
    await using var lines = File.CreateText(Path.Combine(options.Output, "results.jsonl"));
    await lines.WriteLineAsync(results.Header.ToJson());
    var runner = new Runner(options, Console.Error, outcome =>
    {
        results.Add(outcome);
        lines.WriteLine(outcome.ToJson());
        lines.Flush();
    }, stop.Token);
    await runner.RunAsync();
    failed = runner.Failed;
    if (stop.IsCancellationRequested) return 130;
}

Pages.Write(options, results);
Console.Write(Tables.Text(results));
Console.WriteLine($"results.jsonl, results.md and chart.svg are in {options.Output}");
return failed ? 1 : 0;
