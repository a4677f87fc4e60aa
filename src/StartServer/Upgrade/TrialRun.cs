using System.Text;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;

namespace StartServer.Upgrade;

/// <summary>
/// The successor, started beside us with the command line it would have and the snapshot, to say whether it could go on from there, and to show that it
/// can be asked (<see cref="TrialClient"/>): after the exec there is no old program to come back to if the new one is not what it says. It binds nothing
/// and writes nothing.
/// </summary>
internal sealed unsafe class TrialRun : IDisposable
{
    /// <summary>Of what it says, no more is kept: the end counts.</summary>
    private const int MostKept = 4096;

    private readonly EventQueue _queue;
    private readonly ChildProcess _process;
    private readonly FileDescriptor _words;
    private readonly TrialClient _client;
    private readonly List<byte> _said = [];
    private bool _late;

    private TrialRun(EventQueue queue, ChildProcess process, FileDescriptor words, TrialClient client)
    {
        (_queue, _process, _words, _client) = (queue, process, words, client);
        _queue.Watch(words, this);
    }

    internal int Pid => _process.Pid;

    /// <param name="program">The executable file.</param>
    /// <param name="before">What stands between argv[0] and Main's words: in <c>dotnet program.dll</c> the dll, and the role behind it.</param>
    /// <param name="words">Main's.</param>
    /// <exception cref="SystemCallException">There could be no process.</exception>
    internal static TrialRun Start(EventQueue queue, string program, IReadOnlyList<string> before, IReadOnlyList<string> words, Snapshot snapshot)
    {
        using var file = TakeOver.Store(snapshot.Write(out _));
        var client = TrialClient.Open(snapshot);
        var (read, write) = FileDescriptor.Pipe();
        FileDescriptor.SetNonBlocking(read.Number, true);
        try
        {
            using (write)
            using (client.Theirs)
            {
                var process = queue.Start(new ChildSpec
                {
                    Program = program,
                    Title = OwnProgram.CommandLine[0],
                    Arguments = [.. before, TakeOver.TrialRole, .. words],
                    Environment = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
                        .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? ""),
                    // Nobody would end one that hangs if we were gone.
                    WhenParentDies = Signal.Kill,
                    Descriptors = [new(write.Number, 1), new(write.Number, 2), new(file.Number, TakeOver.TrialSnapshot), new(client.Theirs.Number, TakeOver.TrialControl)],
                });
                return new TrialRun(queue, process, read, client);
            }
        }
        catch
        {
            read.Dispose();
            client.Dispose();
            throw;
        }
    }

    /// <summary>Takes what it has said since.</summary>
    internal void Listen()
    {
        if (_words.IsClosed) return;
        var buffer = stackalloc byte[MostKept];
        ssize_t count;
        while ((count = LibC.read(_words.Number, buffer, MostKept)) > 0)
        {
            _said.AddRange(new ReadOnlySpan<byte>(buffer, (int)count));
            if (_said.Count > MostKept) _said.RemoveRange(0, _said.Count - MostKept);
        }
        if (count == 0 || Errno.Last != Errno.EAGAIN) EndOfWords();
    }

    /// <summary>It has had its time.</summary>
    internal void End()
    {
        _late = true;
        _process.Signal(Signal.Kill);
    }

    /// <summary>To be asked when it has exited.</summary>
    /// <returns>Null if it can take over; else why not.</returns>
    internal string? Verdict(ChildExit exit)
    {
        Listen();
        var failure = _process.TakeLaunchFailure();
        var last = Encoding.UTF8.GetString([.. _said]).Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault()?.Trim();
        if (failure is not null) return $"it cannot be executed: {failure.Errno}";
        if (_late) return $"its trial run did not end within {Upgrader.TrialTime.TotalSeconds} secs";
        if (!exit.IsSuccess) return $"its trial run ended with {exit}{(last is null ? "" : $": {last}")}";
        return last == TakeOver.TrialPassed ? _client.WhyNot() : "its trial run did not say that it can take over";
    }

    private void EndOfWords()
    {
        _queue.Unwatch(this);
        _words.Dispose();
    }

    public void Dispose()
    {
        EndOfWords();
        _client.Dispose();
    }
}
