using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using StarletNet.TestKit;

// More than there are processors: most of the time they wait.
[assembly: Xunit.v3.Parallelization(MaxThreads = 4)]
[assembly: SupportedOSPlatform("linux")]

namespace StarletNet.Master.Tests.Programs;

/// <summary>
/// The starletnet executable, copied to a directory of its own together with the fake worker, which also takes the place of
/// the injected assembly. What the fake worker does is written into a file before it starts.
/// </summary>
public sealed class MasterUnderTest : IDisposable
{
    private static readonly string TmdsLibC = $"runtimes/linux-{(RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64")}/lib/netstandard2.0";

    private readonly ScratchDirectory _scratch = new();
    private readonly List<ProgramUnderTest> _programs = [];

    /// <param name="programs">The directory that the executable is copied from.</param>
    public MasterUnderTest(string? programs = null)
    {
        CopyFiles(programs ?? Artifacts.BinOrBeside, "bin", name => name.StartsWith("starletnet", StringComparison.Ordinal)
            || name is "StarletNet.Shared.dll" or "CliWrap.dll" || name.StartsWith("Serilog", StringComparison.Ordinal));
        // Of the portable program; the native one has it inside.
        if (Path.Combine(programs ?? Artifacts.BinOrBeside, TmdsLibC) is var libc && Directory.Exists(libc)) CopyFiles(libc, $"bin/{TmdsLibC}", _ => true);
        Release("app");
        System.IO.File.Copy(File("app/FakeWorker.dll"), HostingAssembly, overwrite: true);
        Behave("");
    }

    internal string Executable => File("bin/starletnet");

    internal string HostingAssembly => File("bin/StarletNet.Hosting.dll");

    internal string Application => File("app/FakeWorker.dll");

    internal string Behaviour => File("behaviour");

    internal string File(string name) => _scratch.File(name);

    internal string Write(string name, string text, bool executable = false) => _scratch.Write(name, text, executable);

    /// <summary>How workers that start from now on behave.</summary>
    internal void Behave(string how) => _scratch.Write("behaviour", how);

    /// <summary>Another copy of the application.</summary>
    internal void Release(string directory) =>
        CopyFiles(AppContext.BaseDirectory.Replace("StarletNet.Tests", "FakeWorker", StringComparison.Ordinal), directory, name => name.StartsWith("FakeWorker", StringComparison.Ordinal));

    /// <summary>Other users may enter and read everything, as a worker that runs as another user must.</summary>
    internal void LetOthersIn()
    {
        foreach (var file in Directory.EnumerateFileSystemEntries(File("."), "*", SearchOption.AllDirectories).Append(File(".")))
            System.IO.File.SetUnixFileMode(file, Directory.Exists(file) || !file.Contains('.', StringComparison.Ordinal) ? (UnixFileMode)0x1ed /* 0755 */ : (UnixFileMode)0x1a4 /* 0644 */);
        System.IO.File.SetUnixFileMode(Executable, (UnixFileMode)0x1ed);
    }

    /// <summary>With these arguments and nothing else.</summary>
    internal ProgramUnderTest Run(IEnumerable<string> arguments, ProgramOptions? options = null) => Keep(ProgramUnderTest.Start(Executable, arguments, options));

    internal ProgramUnderTest Keep(ProgramUnderTest program)
    {
        _programs.Add(program);
        return program;
    }

    /// <summary>Two fake workers on a port of the kernel's choice, with these options besides.</summary>
    internal ProgramUnderTest Start(params string[] options) => Run(["-l", "127.0.0.1:0", "-w", "2", "--err-respawn-interval", "0.02", .. options, Application, Behaviour]);

    /// <summary>The same, and all workers ready.</summary>
    internal async Task<ProgramUnderTest> StartReady(params string[] options)
    {
        var master = Start(options);
        await master.LineAsync("serving .* with 2 workers");
        return master;
    }

    /// <summary>Who answers a connection to the port that the master said it listens on.</summary>
    internal static async Task<string> AskAsync(ProgramUnderTest master)
    {
        var line = await master.LineAsync(@"listening on .*:\d+$");
        return await AskAsync(new IPEndPoint(IPAddress.Loopback, int.Parse(Regex.Match(line.Text, @"\d+$").Value)));
    }

    internal static async Task<string> AskAsync(EndPoint endPoint)
    {
        using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        using var deadline = new CancellationTokenSource(Deadlines.Event);
        await socket.ConnectAsync(endPoint, deadline.Token);
        using var reader = new StreamReader(new NetworkStream(socket));
        return await reader.ReadLineAsync(deadline.Token) ?? "";
    }

    /// <summary>Asks until a worker of that generation answers: one that was told to drain may still take a connection before it hears it.</summary>
    internal static async Task AnsweredByAsync(ProgramUnderTest master, int generation)
    {
        for (var since = System.Diagnostics.Stopwatch.StartNew(); since.Elapsed < Deadlines.Event;)
            if ((await AskAsync(master)).Contains($" gen={generation} ", StringComparison.Ordinal)) return;
        Assert.Fail($"no worker of generation {generation} answers");
    }

    private void CopyFiles(string from, string to, Func<string, bool> which)
    {
        Directory.CreateDirectory(File(to));
        foreach (var file in Directory.GetFiles(from).Where(file => which(Path.GetFileName(file)))) _scratch.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    public void Dispose()
    {
        foreach (var program in _programs) program.Dispose();
        _scratch.Dispose();
    }
}
