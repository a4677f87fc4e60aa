using System.Diagnostics;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StartServer.Listeners;
using StartServer.Output;
using StartServer.Supervision;
using StartServer.Upgrade;

namespace StartServer.Control;

/// <summary>
/// Where others ask the supervisor for something and hear how it goes (<c>--control</c>). It lives in the supervisor's own
/// queue and on its thread, and so must never wait for a client nor let clients use up anything: requests are one line, there are
/// few clients at a time, and one that does not read what it is told is dropped as soon as the kernel holds no more for it.
/// </summary>
/// <remarks>
/// A client that commands is never kept out by clients that ask nothing: of those the oldest has to go when there is one too many. Followers, which
/// may stay for ever, have a limit of their own.
/// </remarks>
internal sealed class ControlServer : INewsListener, IDisposable
{
    /// <summary>That have not asked yet; and that follow. Nobody needs more than a few.</summary>
    internal const int MostClients = 16;

    /// <summary>Of all kinds; beyond that a client is told so and sent away.</summary>
    private const int MostInAll = 4 * MostClients;

    /// <summary>How long a client may take to say what it wants.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly List<ControlDoor> _doors = [];
    private readonly List<ControlConnection> _clients = [];
    private IReadOnlyList<ListedListener> _listeners = [];
    private GenerationOutput? _output;
    private long _lastRequest;

    private ControlServer(EventQueue queue) => Queue = queue;

    /// <param name="queue">Where clients are heard.</param>
    /// <param name="path">The file of <c>--control</c>; null for none.</param>
    /// <param name="pid">Our own.</param>
    /// <exception cref="StarletNet.Shared.Errors.OperatorException">The file cannot be bound.</exception>
    internal static ControlServer Open(EventQueue queue, string? path, int pid)
    {
        var server = new ControlServer(queue);
        if (path is not null) server._doors.Add(ControlDoor.AtFile(server, path));
        if (ControlDoor.AtPid(server, pid) is { } door) server._doors.Add(door);
        return server;
    }

    /// <summary>One that listens nowhere: its clients are let in one by one.</summary>
    internal static ControlServer WithoutDoors(EventQueue queue) => new(queue);

    /// <summary>The one that this process had before it became another program by exec, with its clients.</summary>
    internal static ControlServer Adopt(EventQueue queue, KeptControl kept)
    {
        var server = new ControlServer(queue) { _lastRequest = kept.LastRequest };
        foreach (var door in kept.Doors) server._doors.Add(ControlDoor.Adopt(server, door));
        foreach (var client in kept.Clients)
        {
            var socket = new FileDescriptor(client.Socket);
            server.LetIn(socket, new ControlConnection(server, socket, PeerCredentials.Of(client.Socket), client), whyNot: null);
        }
        return server;
    }

    internal KeptControl Keep() => new([.. _doors.Select(door => door.Keep())], _lastRequest, [.. _clients.Select(client => client.Keep())]);

    internal EventQueue Queue { get; }

    internal int Clients => _clients.Count;

    /// <summary>Called when a client wants an upgrade, or brings another command line, with a line for the log.</summary>
    internal Action<Wish, string>? UpgradeAsked { get; set; }

    /// <summary>Tells those who want an upgrade that it is done.</summary>
    internal void TellUpgraded(byte[] line)
    {
        foreach (var client in _clients.ToArray()) client.HearUpgraded(line);
    }

    /// <summary>Tells them that it is not; for each that is the last.</summary>
    /// <param name="line">Why not.</param>
    /// <param name="request">Who has brought the command line that this is about; 0 for nobody.</param>
    internal void RefuseUpgrade(byte[] line, long request)
    {
        foreach (var client in _clients.ToArray()) client.HearRefusal(line, request);
    }

    /// <summary>Tells who has brought a command line what has become of it after its deploy has failed.</summary>
    internal void EndChange(byte[] line)
    {
        foreach (var client in _clients.ToArray()) client.EndChange(line);
    }

    /// <summary>To be called before the first request is read.</summary>
    /// <param name="listeners">What is listed. Their addresses are asked for now: they never change, and later they may be closed.</param>
    /// <param name="output">What generations wrote last.</param>
    internal void BeginWith(IReadOnlyList<Listener> listeners, GenerationOutput output)
    {
        _listeners = [.. listeners.Select(ListedListener.Of)];
        _output = output;
    }

    internal Listing List(Roster roster) => Listing.Of(roster, _listeners);

    /// <summary>The deploys whose callers still wait.</summary>
    internal IReadOnlyList<long> Waiting(ControlConnection except) =>
        _clients.Where(client => client != except).Select(client => client.WaitsFor).Where(request => request != 0).ToArray();

    internal long NextRequest() => ++_lastRequest;

    /// <param name="socket">A client's.</param>
    /// <param name="peer">Who it is.</param>
    /// <param name="whyNot">Null if it may ask.</param>
    internal void LetIn(FileDescriptor socket, PeerCredentials peer, string? whyNot) => LetIn(socket, new ControlConnection(this, socket, peer), whyNot);

    private void LetIn(FileDescriptor socket, ControlConnection connection, string? whyNot)
    {
        _clients.Add(connection);
        Queue.Watch(socket, connection);
        if (!connection.HasAsked) Queue.SetTimer(connection, Patience);
        if (whyNot is not null) connection.Refuse(whyNot);
        else if (_clients.Count > MostInAll) connection.Refuse($"there are {MostInAll} clients already; try again later");
        else if (_clients.Where(client => client.IsIdle).ToArray() is { Length: > MostClients } idle) idle[0].Refuse($"there are {MostClients} clients already that ask nothing; send the request at once");
    }

    /// <summary>Whether there is room for one more that follows.</summary>
    internal bool MayFollow => _clients.Count(client => client.Follows) <= MostClients;

    internal void Asked(ControlConnection client) => Queue.CancelTimer(client);

    internal void LetGo(ControlConnection client)
    {
        Queue.Unwatch(client);
        Queue.CancelTimer(client);
        _clients.Remove(client);
    }

    /// <summary>Passes news on to all who follow.</summary>
    public void Hear(News news)
    {
        if (_clients.Count == 0) return;
        var line = NewsJson.Line(news, LastLines(news));
        foreach (var client in _clients.ToArray()) client.Hear(news, line);
    }

    private IReadOnlyList<string> LastLines(News news) => news switch
    {
        CandidateFailed { Candidate: { } candidate } => _output!.LastLines(candidate.Number),
        RolledBack { From: var failed } => _output!.LastLines(failed.Number),
        _ => [],
    };

    /// <summary>The last that clients hear: everything else of ours is gone by then.</summary>
    public void Dispose()
    {
        foreach (var client in _clients.ToArray()) client.SayGoodbye();
        foreach (var door in _doors) door.Dispose();
        Debug.Assert(_clients.Count == 0);
    }
}

/// <summary>What of the control server outlives an exec.</summary>
/// <param name="LastRequest">The number of the last deploy that was asked for.</param>
internal sealed record KeptControl(IReadOnlyList<KeptDoor> Doors, long LastRequest, IReadOnlyList<KeptClient> Clients);

/// <param name="Request">The line it sent; null if it has not sent a whole one.</param>
/// <param name="Number">Of its deploy.</param>
/// <param name="Received">The beginning of a line, its bytes in hexadecimal: they may be anything.</param>
internal sealed record KeptClient(int Socket, string? Request, long Number, string Received);
