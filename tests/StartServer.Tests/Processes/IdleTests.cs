using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

public sealed class IdleTests
{
    /// <summary>
    /// A thread that makes a system call has run, and one that waits anew has been switched away from: so over a time in which neither
    /// the processor time nor the switches of any thread have grown, none was made.
    /// </summary>
    [Fact]
    public async Task With_nothing_to_do_it_makes_no_system_call()
    {
        using var scratch = new ScratchDirectory();
        Directory.CreateDirectory(scratch.File("env"));
        using var superdaemon = Superdaemon.Start(
            ["--port", "127.0.0.1:0", "--path", "DIR/sock", "--envdir", "DIR/env", "--control", "DIR/control", "--log-file", "| cat > DIR/log", "--enable-auto-restart"],
            Children.Serve, scratch);
        await superdaemon.StatusAsync("1:P");
        // Something has happened; then nothing does.
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.StatusAsync("1:P", "2:P");
        await superdaemon.StatusAsync("2:P");
        var before = Activity(superdaemon.Program.Pid);
        await Eventually.TrueAsync(
            () =>
            {
                before = Activity(superdaemon.Program.Pid);
                Thread.Sleep(2000);
                return Activity(superdaemon.Program.Pid) == before;
            },
            "two seconds without any activity", () => $"{before}\n{Activity(superdaemon.Program.Pid)}");
        await superdaemon.StopsCleanlyAsync();
    }

    private static string Activity(int pid) => string.Join('\n', Directory.GetDirectories($"/proc/{pid}/task").Order().Select(thread =>
        $"{Path.GetFileName(thread)} {Schedule(thread)} {string.Join(' ', File.ReadLines($"{thread}/status").Where(line => line.Contains("ctxt_switches", StringComparison.Ordinal)))}"));

    // Not in every kernel.
    private static string Schedule(string thread) => File.Exists($"{thread}/schedstat") ? File.ReadAllText($"{thread}/schedstat").Trim() : "";
}
