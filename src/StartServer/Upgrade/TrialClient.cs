using System.Text;
using System.Text.Json;
using StarletNet.Shared.Interop;
using StartServer.Control;
using StartServer.Supervision;

namespace StartServer.Upgrade;

/// <summary>
/// A client of the control socket of a successor that is tried: asks for the list, as <c>--list</c> does. What answers with our generations has read the
/// snapshot, understands it, and can be asked afterwards. A program that only says that it can take over answers nothing.
/// </summary>
internal sealed unsafe class TrialClient : IDisposable
{
    /// <summary>The answer is one line, and shorter.</summary>
    private const int Longest = 1024 * 1024;

    private readonly FileDescriptor _ours;
    private readonly HashSet<(int, int)> _expected;

    private TrialClient(FileDescriptor ours, FileDescriptor theirs, Snapshot snapshot)
    {
        (_ours, Theirs) = (ours, theirs);
        _expected = [.. Roster.Of(snapshot.Supervision.State, _ => default).Generations.Select(line => (line.Generation.Number, line.Generation.Pid))];
    }

    /// <summary>The successor's end, to be closed when it has it.</summary>
    internal FileDescriptor Theirs { get; }

    /// <summary>Has asked already: the request waits in the socket.</summary>
    internal static TrialClient Open(Snapshot snapshot)
    {
        var (ours, theirs) = FileDescriptor.StreamPair();
        var request = Encoding.ASCII.GetBytes(new ListRequest() + "\n");
        fixed (byte* start = request) LibC.send(ours.Number, start, request.Length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL);
        return new TrialClient(ours, theirs, snapshot);
    }

    /// <summary>To be asked when it has exited. Does not wait: the answer is in the socket by then.</summary>
    /// <returns>Null if it has answered with our generations; else what is wrong.</returns>
    internal string? WhyNot()
    {
        var received = new List<byte>();
        var buffer = stackalloc byte[4096];
        ssize_t count;
        while (received.Count < Longest && (count = LibC.recv(_ours.Number, buffer, 4096, LibC.MSG_DONTWAIT)) > 0) received.AddRange(new ReadOnlySpan<byte>(buffer, (int)count));
        if (received.Count == 0) return "it says that it can take over, but its trial run did not answer on a control socket";
        return IsOurs([.. received]) ? null : "its trial run did not answer with the generations that it is to take over";
    }

    private bool IsOurs(byte[] line)
    {
        try
        {
            using var answer = JsonDocument.Parse(line);
            return answer.RootElement.GetProperty("event").GetString() == "generations" && _expected.SetEquals(answer.RootElement.GetProperty("generations").EnumerateArray()
                .Select(one => (one.GetProperty("generation").GetInt32(), one.GetProperty("pid").GetInt32())));
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        _ours.Dispose();
        Theirs.Dispose();
    }
}
