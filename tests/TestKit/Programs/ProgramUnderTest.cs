using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;
using StarletNet.Shared.Interop;

namespace StarletNet.TestKit;

/// <summary>
/// A real executable, started in a session of its own, with its output captured line by line. Disposing kills whatever is
/// left of it and its descendants.
/// </summary>
public sealed class ProgramUnderTest : IDisposable
{
    private static readonly string[] KeptVariables = ["PATH", "HOME", "USER", "LANG", "TMPDIR", "DOTNET_ROOT"];

    private readonly ProgramOutput _output = new();
    private readonly ProgramOptions _options;
    private readonly string _commandLine;
    private readonly ProcessFamily _family;
    private readonly TaskCompletionSource<ProgramExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FileDescriptor? _input;

    private ProgramUnderTest(string path, IReadOnlyList<string> arguments, ProgramOptions options)
    {
        _options = options;
        _commandLine = string.Join(' ', arguments.Prepend(path));
        var mark = $"TESTKIT_MARK={Guid.NewGuid():N}";
        Pid = SpawnWithPipes(path, arguments, mark);
        _family = new ProcessFamily(Pid, mark);
        new Thread(AwaitExit) { IsBackground = true, Name = $"wait {Pid}" }.Start();
    }

    public int Pid { get; }

    /// <summary>Every line so far, of both streams.</summary>
    public IReadOnlyList<OutputLine> Lines => _output.Lines;

    /// <summary>Where a wait begins that must not see what is printed already.</summary>
    public int Mark => _output.Lines.Count;

    /// <summary>Everything on standard error so far.</summary>
    public string ErrorText => Text(OutputStream.Error);

    /// <summary>Everything on standard output so far.</summary>
    public string OutputText => Text(OutputStream.Output);

    /// <summary>Living processes that sprang from this one, itself included.</summary>
    public IReadOnlyList<ProcessEntry> Family => _family.Living();

    public bool HasExited => _exit.Task.IsCompleted;

    /// <summary>Starts <paramref name="path"/>, which is looked up in PATH when it holds no slash.</summary>
    public static ProgramUnderTest Start(string path, IEnumerable<string> arguments, ProgramOptions? options = null) =>
        new(path, [.. arguments], options ?? new ProgramOptions());

    /// <summary>The first line at or after <paramref name="since"/> in which <paramref name="pattern"/> is found.</summary>
    /// <exception cref="TestKitException">It did not come in time, or the program ended without it.</exception>
    public Task<OutputLine> LineAsync(string pattern, int since = 0, TimeSpan? deadline = null)
    {
        var regex = new Regex(pattern, RegexOptions.CultureInvariant);
        return LineAsync(line => regex.IsMatch(line.Text), $"a line matching /{pattern}/", since, deadline);
    }

    /// <inheritdoc cref="LineAsync(string, int, TimeSpan?)"/>
    public async Task<OutputLine> LineAsync(Func<OutputLine, bool> fits, string what, int since = 0, TimeSpan? deadline = null)
    {
        using var cancel = new CancellationTokenSource();
        var time = Task.Delay(deadline ?? Deadlines.Event, cancel.Token);
        var line = await _output.FirstAsync(fits, since, Task.WhenAny(time, EndAsync()));
        await cancel.CancelAsync();
        return line ?? throw Failure(HasExited ? $"it ended without {what}" : $"{what} did not come in time");
    }

    public void Send(UnixSignal signal)
    {
        if (LibC.kill(Pid, (int)signal) != 0) throw Failure($"cannot send {signal}: {Errno.Last.Text}");
    }

    /// <summary>Waits for the program itself to end, then for what it printed last.</summary>
    public async Task<ProgramExit> ExitAsync(TimeSpan? deadline = null)
    {
        var limit = deadline ?? Deadlines.Event;
        if (await Task.WhenAny(_exit.Task, Task.Delay(limit)) != _exit.Task) throw Failure($"it did not end within {limit.TotalSeconds} s");
        await EndAsync();
        return await _exit.Task;
    }

    /// <summary>Sends TERM and waits for the end.</summary>
    public Task<ProgramExit> StopAsync(TimeSpan? deadline = null)
    {
        Send(UnixSignal.Term);
        return ExitAsync(deadline);
    }

    /// <summary>End of file on the program's standard input.</summary>
    public void EndInput()
    {
        _input?.Dispose();
        _input = null;
    }

    /// <summary>Asserts that the program left no process and none of these files behind.</summary>
    /// <exception cref="TestKitException">Something stays.</exception>
    public async Task NothingLeftAsync(params string[] files)
    {
        await _exit.Task.WaitAsync(Deadlines.Event);
        // An orphan that is ending anyway may need a moment more than its parent.
        if (!await Eventually.HoldsAsync(() => _family.Living().Count == 0, TimeSpan.FromSeconds(10))) throw Failure("processes are left");
        var left = files.Where(Path.Exists).ToList();
        if (left.Count > 0) throw Failure($"left behind: {string.Join(", ", left)}");
    }

    /// <summary>What somebody who reads a failed test needs: command, exit, output, process tree, status file.</summary>
    public string Describe()
    {
        var text = new StringBuilder().AppendLine($"program: {_commandLine}")
            .AppendLine(HasExited ? $"ended: {_exit.Task.Result}" : $"running, pid {Pid}").AppendLine("output:");
        foreach (var line in Lines.TakeLast(200)) text.AppendLine($"  {line}");
        text.AppendLine("processes:").Append(_family.Describe());
        if (_options.StatusFile is { } file) text.AppendLine($"status file: {(File.Exists(file) ? File.ReadAllText(file) : "(none)")}");
        return text.ToString();
    }

    public void Dispose()
    {
        EndInput();
        _family.KillAll();
    }

    private TestKitException Failure(string what) => new($"{what}\n{Describe()}");

    private string Text(OutputStream stream) => string.Join('\n', Lines.Where(l => l.Stream == stream).Select(l => l.Text));

    /// <summary>Ended and everything read; a descendant that keeps the pipes open is not waited for.</summary>
    private async Task EndAsync()
    {
        await _exit.Task;
        await Task.WhenAny(_output.Ended, Task.Delay(TimeSpan.FromSeconds(1)));
    }

    private int SpawnWithPipes(string path, IReadOnlyList<string> arguments, string mark)
    {
        using var nothing = new FileDescriptor(LibC.open("/dev/null", LibC.O_RDWR | LibC.O_CLOEXEC, 0));
        var (inputRead, inputWrite) = FileDescriptor.Pipe();
        var (outputRead, outputWrite) = FileDescriptor.Pipe();
        var (errorRead, errorWrite) = FileDescriptor.Pipe();
        using (inputRead)
        using (outputWrite)
        using (errorWrite)
        {
            if (_options.PipeInput) _input = inputWrite;
            else inputWrite.Dispose();
            var (file, argv) = Command(path, arguments);
            (int, int)[] standard = [((_options.PipeInput ? inputRead : nothing).Number, 0), (outputWrite.Number, 1), (errorWrite.Number, 2)];
            var pid = Spawn.Run(file, argv, Variables(mark), [.. standard, .. _options.Descriptors]);
            _output.Capture(PipeStream(outputRead), OutputStream.Output);
            _output.Capture(PipeStream(errorRead), OutputStream.Error);
            return pid;
        }
    }

    private (string File, IReadOnlyList<string> Argv) Command(string path, IReadOnlyList<string> arguments)
    {
        var file = path.Contains('/', StringComparison.Ordinal) ? path : SystemPrograms.Find(path)
            ?? throw new TestKitException($"{path} is not in PATH");
        return _options.WorkingDirectory is { } directory
            ? ("/bin/sh", ["sh", "-c", "cd \"$0\" && exec \"$@\"", directory, file, .. arguments])
            : (file, [path, .. arguments]);
    }

    private List<string> Variables(string mark)
    {
        var kept = KeptVariables.Select(n => (n, Environment.GetEnvironmentVariable(n))).Where(v => v.Item2 != null);
        var variables = kept.ToDictionary(v => v.n, v => v.Item2!);
        foreach (var (name, value) in _options.Environment) variables[name] = value;
        return [.. variables.Select(v => $"{v.Key}={v.Value}"), mark];
    }

    private static FileStream PipeStream(FileDescriptor pipe)
    {
        var handle = new SafeFileHandle(pipe.Number, ownsHandle: true);
        pipe.SetHandleAsInvalid();
        return new FileStream(handle, FileAccess.Read, bufferSize: 1);
    }

    private unsafe void AwaitExit()
    {
        while (true)
        {
            int status;
            if (LibC.wait4(Pid, &status, 0, null) == Pid)
            {
                _exit.SetResult(ProgramExit.FromWaitStatus(status));
                return;
            }

            if (Errno.Last == Errno.EINTR) continue;
            _exit.SetException(new TestKitException($"cannot wait for {_commandLine}: {Errno.Last.Text}; somebody else in the test process reaped it"));
            return;
        }
    }
}
