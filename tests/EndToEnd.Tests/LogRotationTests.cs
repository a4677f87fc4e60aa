using System.Globalization;
using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>Logs renamed away under load, as logrotate does: every answered request is one whole line of the access log, and of the error log.</summary>
public sealed class LogRotationTests : IDisposable
{
    private const int Rotations = 3, Workers = 3, Clients = 9;
    private const string Format = "%m %U%q %s %P end";

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    private string Access => _scratch.File("access.log");

    private string Errors => _scratch.File("error.log");

    private string[] Options => ["--access-log", Access, "--access-log-format", Format, "--error-log", Errors];

    [Fact]
    public async Task Usr2_to_a_master_of_its_own_loses_no_line()
    {
        using var service = new StarletNetService(_scratch, Listening.On(Transport.Tcp, _scratch), Artifacts.TestApp("TestApp"), ["-w", $"{Workers}", .. Options]);
        await HoldsAsync(Errors, $"with {Workers} workers");
        await using var load = new NumberedRequests(service.Target, Clients);
        await EveryWorkerWritesAsync();

        for (var i = 1; i <= Rotations; i++) await RotateAsync(i, () => service.Program.Send(UnixSignal.Usr2));
        // A worker that is asked has the master do it.
        await RotateAsync(Rotations + 1, () => ProcessEntry.Read(service.Workers[0])!.Send(UnixSignal.Usr2));

        var answered = await load.StopAsync();
        await service.StopAsync();
        EveryLineIsThere(answered);
    }

    /// <summary>And a deploy in between, with files that were renamed as well: both generations write, each to its own. Lines are gathered, here.</summary>
    [Fact]
    public async Task Usr2_to_a_generation_of_start_server_loses_no_line()
    {
        var releases = new Releases(_scratch);
        var options = string.Join(' ', Options.Select(word => $"'{word}'")) + " --access-log-buffer=32K --access-log-flush=0.1";
        using var service = new Service(_scratch, Transport.Tcp, releases.StarletNet("v1", $"-w {Workers} {options}"));
        await service.FirstGenerationAsync();
        await using var load = new NumberedRequests(service.Target, Clients);
        await EveryWorkerWritesAsync();

        await RotateAsync(1, () => Master(service).Send(UnixSignal.Usr2));
        Rename(2);
        await service.DeployAsync(releases.StarletNet("v2", $"-w {Workers} {options}"));
        await EveryWorkerWritesAsync();
        await RotateAsync(3, () => Master(service).Send(UnixSignal.Usr2));

        var answered = await load.StopAsync();
        await service.StopAsync();
        EveryLineIsThere(answered);
    }

    private static ProcessEntry Master(Service service) => service.Program.Family.Single(process => process.Parent == service.Program.Pid);

    private async Task RotateAsync(int number, Action signal)
    {
        Rename(number);
        signal();
        await HoldsAsync(Errors, "opened anew");
        await HoldsAsync(Errors, "said ");
        await EveryWorkerWritesAsync();
    }

    private void Rename(int number)
    {
        foreach (var file in new[] { Access, Errors }) File.Move(file, $"{file}.{number}");
    }

    private Task EveryWorkerWritesAsync() => Eventually.TrueAsync(
        () => Regex.Matches(Text(Access), @" (\d+) end\n").Select(match => match.Groups[1].Value).Distinct().Count() == Workers,
        "each worker writes to the new file", () => Text(Errors));

    private static Task HoldsAsync(string file, string text) =>
        Eventually.TrueAsync(() => Text(file).Contains(text, StringComparison.Ordinal), $"{file} holds '{text}'", () => Text(file));

    private static string Text(string file) => File.Exists(file) ? File.ReadAllText(file) : "";

    private string[] Files(string log) => Directory.GetFiles(_scratch.Path, Path.GetFileName(log) + "*");

    private void EveryLineIsThere(IReadOnlyList<int> answered)
    {
        Assert.True(answered.Count > 100, $"only {answered.Count} requests");
        var line = new Regex($"^GET {Regex.Escape(NumberedRequests.Path)}(\\d+) 200 \\d+ end$");
        // One that is torn fits nothing.
        var access = Lines(Access).Select(text => line.Match(text) is { Success: true } match ? match.Groups[1].Value : throw new TestKitException($"no line: {text}"));
        Assert.Equal(answered, Numbers(access));
        var said = Lines(Errors).Where(text => text.Contains("said", StringComparison.Ordinal)).Select(text => text.Replace("said ", "", StringComparison.Ordinal));
        Assert.Equal(answered, Numbers(said));
    }

    private IEnumerable<string> Lines(string log) => Files(log).SelectMany(file => Text(file).TrimEnd('\n').Split('\n'));

    private static IEnumerable<int> Numbers(IEnumerable<string> texts) => texts.Select(text => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture)).Order();
}
