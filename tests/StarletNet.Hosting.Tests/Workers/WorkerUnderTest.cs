using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary>How a test starts a worker.</summary>
internal sealed record WorkerSetup(string App, params string[] Arguments)
{
    internal IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    internal HttpVersions Http { get; init; } = HttpVersions.Usual;

    /// <summary>The listener speaks TLS.</summary>
    internal TlsFiles? Tls { get; init; }

    /// <summary>Null: none. Opened for appending.</summary>
    internal FileDescriptor? AccessLog { get; init; }

    /// <summary>The worker keeps its figures in the first place; null: to itself.</summary>
    internal Scoreboard? Scoreboard { get; init; }

    /// <summary>Long, so that a test which does not wait for it never sees it.</summary>
    internal TimeSpan GracefulTimeout { get; init; } = TimeSpan.FromMinutes(2);

    internal TimeSpan DrainKeepAlive { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>
/// A worker process, and the master that started it, played by the test: it owns the listener and the other end of the
/// control channel.
/// </summary>
internal sealed class WorkerUnderTest : IAsyncDisposable
{
    // Between clearing close-on-exec and the spawn no other child may be started by us, or it would keep the descriptors.
    private static readonly Lock Spawning = new();

    private readonly Socket _listener;
    private readonly Socket _control;
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly SemaphoreSlim _moreOutput = new(0);

    private WorkerUnderTest(Socket listener, Socket control, Process process)
    {
        _listener = listener;
        _control = control;
        _process = process;
    }

    /// <summary>Of the listener, before a worker has seen it.</summary>
    internal const int Backlog = 128;

    /// <summary>Of the listener, now.</summary>
    internal int QueueLength => Transport.RawListener.QueueLengthOf((int)_listener.Handle);

    internal IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    internal int Pid => _process.Id;

    /// <summary>The sockets that the worker was started with, by the kernel's name for them.</summary>
    internal required IReadOnlyList<string> HandedOver { get; init; }

    internal string Output => string.Join('\n', _output);

    internal static async Task<WorkerUnderTest> StartReady(WorkerSetup setup)
    {
        var worker = Start(setup);
        var first = await worker.NextMessage();
        if (first == ControlMessage.Ready) return worker;
        await using (worker) throw new InvalidOperationException($"the worker is not ready but said '{first}'\n{worker.Output}");
    }

    internal static WorkerUnderTest Start(WorkerSetup setup)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(Backlog);
        var (ours, theirs) = FileDescriptor.MessagePair();
        using (theirs)
        {
            lock (Spawning)
            {
                var listenFd = Inheritable((int)listener.Handle);
                var controlFd = Inheritable(theirs.Number);
                // As /proc names them: socket:[inode].
                IReadOnlyList<string> handed = [.. new[] { listenFd, controlFd }.Select(fd => File.ResolveLinkTarget($"/proc/self/fd/{fd}", false)!.Name)];
                using var tls = setup.Tls?.Write();
                var tlsFd = tls is null ? -1 : Inheritable(tls.Number);
                setup.Scoreboard?.SetPlacesInUse(1);
                var figuresFd = setup.Scoreboard is { } scoreboard ? Inheritable(scoreboard.Memory.Number) : -1;
                var process = new Process { StartInfo = StartInfo(setup, listenFd, controlFd, tlsFd) };
                var logFd = setup.AccessLog is { } log ? Inheritable(log.Number) : -1;
                if (logFd >= 0) process.StartInfo.Environment[EnvironmentNames.AccessLog] = $"{logFd}";
                if (figuresFd >= 0) process.StartInfo.Environment[EnvironmentNames.Scoreboard] = $"{figuresFd}:0";
                var control = new Socket(new SafeSocketHandle(ours.Number, ownsHandle: true));
                ours.SetHandleAsInvalid();
                var worker = new WorkerUnderTest(listener, control, process) { HandedOver = handed };
                process.OutputDataReceived += (_, line) => worker.Keep(line.Data);
                process.ErrorDataReceived += (_, line) => worker.Keep(line.Data);
                process.Start();
                process.BeginOutputReadLine();
                process.BeginErrorReadLine();
                _ = LibC.close(listenFd);
                _ = LibC.close(controlFd);
                if (tlsFd >= 0) _ = LibC.close(tlsFd);
                if (figuresFd >= 0) _ = LibC.close(figuresFd);
                if (logFd >= 0) _ = LibC.close(logFd);
                return worker;
            }
        }
    }

    /// <summary>Accepts one connection in the worker's stead and answers what it sent.</summary>
    internal async Task AnswerQueued(string body)
    {
        using var deadline = new CancellationTokenSource(Deadlines.Event);
        using var connection = await _listener.AcceptAsync(deadline.Token);
        await connection.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
    }

    internal RawClient Connect() => RawClient.Connect(EndPoint);

    internal void Tell(string verb) => _control.Send(Encoding.UTF8.GetBytes(verb));

    /// <summary>The same, with descriptors.</summary>
    internal void Tell(string message, params int[] descriptors) => Assert.True(SocketMessage.Send((int)_control.Handle, Encoding.UTF8.GetBytes(message), descriptors, 0) > 0);

    /// <summary>As a master that dies.</summary>
    internal void CloseControl() => _control.Dispose();

    internal void Signal(int number) => Assert.Equal(0, LibC.kill(_process.Id, number));

    /// <summary>What the worker says next; null when its end of the channel is closed.</summary>
    internal async Task<string?> NextMessage()
    {
        var buffer = new byte[ControlMessage.MaxLength];
        using var deadline = new CancellationTokenSource(Deadlines.Event);
        var length = await _control.ReceiveAsync(buffer, SocketFlags.None, deadline.Token);
        return length == 0 ? null : Encoding.UTF8.GetString(buffer, 0, length);
    }

    internal async Task<int> Exit()
    {
        using var deadline = new CancellationTokenSource(Deadlines.Event);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"the worker has not ended\n{Output}");
        }

        return _process.ExitCode;
    }

    /// <summary>Waits for a line, or several, of the worker's output.</summary>
    internal async Task OutputLine(string part, int times = 1)
    {
        using var deadline = new CancellationTokenSource(Deadlines.Event);
        while (true)
        {
            if (_output.Count(l => l.Contains(part, StringComparison.Ordinal)) >= times) return;
            try
            {
                await _moreOutput.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"no line with '{part}' in\n{Output}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _control.Dispose();
        _listener.Dispose();
        _moreOutput.Dispose();
    }

    private static int Inheritable(int fd)
    {
        const int F_DUPFD = 0; // without close-on-exec
        var copy = LibC.fcntl(fd, F_DUPFD, 100);
        return copy >= 0 ? copy : throw SystemCallException.Of("fcntl(F_DUPFD)");
    }

    private static ProcessStartInfo StartInfo(WorkerSetup setup, int listenFd, int controlFd, int tlsFd)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", setup.App, .. setup.Arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var environment = start.Environment;
        environment["DOTNET_STARTUP_HOOKS"] = Path.Combine(Artifacts.BinOrBeside, "StarletNet.Hosting.dll");
        environment[EnvironmentNames.Restore] = "DOTNET_STARTUP_HOOKS,DOTNET_gcServer";
        environment["DOTNET_gcServer"] = "0";
        environment[EnvironmentNames.SavedPrefix + "DOTNET_gcServer"] = "users-own";
        environment[EnvironmentNames.Listen] = WorkerListener.Format([new WorkerListener(listenFd, setup.Http, setup.Tls is not null)]);
        if (tlsFd >= 0) environment[EnvironmentNames.Tls] = $"{tlsFd}";
        environment[EnvironmentNames.ControlFd] = $"{controlFd}";
        environment[EnvironmentNames.Loop] = System.Environment.GetEnvironmentVariable("STARLETNET_TEST_LOOP") ?? "inline";
        environment[EnvironmentNames.GracefulTimeout] = $"{(long)setup.GracefulTimeout.TotalMilliseconds}";
        environment[EnvironmentNames.DrainKeepAlive] = $"{(long)setup.DrainKeepAlive.TotalMilliseconds}";
        environment[EnvironmentNames.WorkerSlot] = "3";
        environment[EnvironmentNames.NotifySocket] = "/nobody/listens/here";
        environment[EnvironmentNames.ListenFds] = "1";
        foreach (var (name, value) in setup.Environment) environment[name] = value;
        return start;
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        _output.Enqueue(line);
        _moreOutput.Release();
    }
}
