using System.Text.RegularExpressions;
using StarletNet.Shared.Interop;
using StarletNet.TestKit;

// More than there are processors: most of the time they wait.
[assembly: Xunit.v3.Parallelization(MaxThreads = 4)]

namespace StarletNet.StartServer.Tests.Processes;

/// <summary>The real executable with a child of the test's choosing, its files in a directory of their own.</summary>
internal sealed class Superdaemon : IDisposable
{
    internal static readonly string Executable = Path.Combine(Artifacts.BinOrBeside, "start_server");

    private readonly bool _ownsScratch;

    private Superdaemon(ScratchDirectory scratch, bool ownsScratch, ProgramUnderTest program)
    {
        Scratch = scratch;
        _ownsScratch = ownsScratch;
        Program = program;
    }

    internal ScratchDirectory Scratch { get; }

    internal ProgramUnderTest Program { get; }

    internal string StatusFile => Scratch.File("status");

    internal string PidFile => Scratch.File("pid");

    /// <summary>Starts it with a pid file, a status file and, unless given otherwise, <c>--interval 0</c>.</summary>
    /// <param name="options">Before <c>--</c>; <c>DIR/</c> stands for the scratch directory.</param>
    internal static Superdaemon Start(
        string[] options, string[] child, ScratchDirectory? scratch = null, IReadOnlyDictionary<string, string>? environment = null, string? executable = null)
    {
        var directory = scratch ?? new ScratchDirectory();
        string[] words =
        [
            "--interval", "0", "--pid-file", directory.File("pid"), "--status-file", directory.File("status"), .. options, "--", .. child,
        ];
        var program = ProgramUnderTest.Start(executable ?? Executable, words.Select(word => word.Replace("DIR/", directory.Path + "/", StringComparison.Ordinal)),
            new ProgramOptions { StatusFile = directory.File("status"), WorkingDirectory = directory.Path, Environment = environment ?? new Dictionary<string, string>() });
        return new Superdaemon(directory, scratch is null, program);
    }

    /// <summary>Starts it and waits until its first generation is in the status file.</summary>
    internal static async Task<Superdaemon> ServingAsync(string[] options, string[] child, IReadOnlyDictionary<string, string>? environment = null)
    {
        var superdaemon = Start(options, child, environment: environment);
        await superdaemon.StatusAsync("1:P");
        return superdaemon;
    }

    /// <summary>Waits until the status file has these lines; <c>P</c> stands for any pid.</summary>
    internal async Task<int[]> StatusAsync(params string[] lines)
    {
        var pattern = new Regex($"^{string.Concat(lines.Select(line => line.Replace("P", "([0-9]+)", StringComparison.Ordinal) + "\n"))}$");
        await Eventually.TrueAsync(
            () => pattern.IsMatch(Status), $"status file reads {string.Join(' ', lines)}", () => $"it reads '{Status}'\n{Program.ErrorText}");
        return [.. pattern.Match(Status).Groups.Values.Skip(1).Select(group => int.Parse(group.Value))];
    }

    // File.Open asks for a lock of its own, and the daemon holds an exclusive one.
    internal string PidFileText
    {
        get
        {
            using var reader = new StreamReader(new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(LibC.open(PidFile, LibC.O_RDONLY | LibC.O_CLOEXEC, 0), ownsHandle: true), FileAccess.Read));
            return reader.ReadToEnd();
        }
    }

    internal string Status
    {
        get
        {
            try
            {
                return File.ReadAllText(StatusFile);
            }
            catch (FileNotFoundException)
            {
                return "";
            }
        }
    }

    /// <summary>Sends TERM and asserts an orderly end: exit 0, no process, no file.</summary>
    internal async Task StopsCleanlyAsync()
    {
        Assert.Equal(new ProgramExit(0, null), await Program.StopAsync());
        await NothingLeftAsync();
    }

    internal async Task NothingLeftAsync() => await Program.NothingLeftAsync(PidFile, StatusFile);

    public void Dispose()
    {
        Program.Dispose();
        if (_ownsScratch) Scratch.Dispose();
    }
}
