using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;
using StartServer.CommandLine;
using StartServer.Output;

namespace StartServer.Listeners;

/// <summary>From the listeners of one command line to those of another.</summary>
internal sealed partial class ListenerSet
{
    // Those of the command line before: generations that serve hold them, and clients may wait in their queues.
    private readonly List<(Listener Listener, ListeningSocket Socket)> _removed = [];

    // Bound by this program, while it is not yet certain that it will go on.
    private readonly List<ListeningSocket> _bound = [];

    // Numbers that a listener has left for the one it was promised. Closed when there is no way back.
    private readonly List<ListeningSocket> _left = [];

    /// <summary>
    /// What both command lines name is kept as it is: description, queue and number. A name counts, and so does an address that is
    /// written in another way. What is new is bound; what is named no more is kept aside until <see cref="Release"/>.
    /// </summary>
    /// <exception cref="OperatorException">One could not be bound, or has a number that is not free; everything is as it was.</exception>
    internal static ListenerSet Change(IReadOnlyList<KeptListener> kept, StartServerOptions options)
    {
        // At once, before anything of ours gets such a number.
        PromisedDescriptors.Reserve([.. options.Ports.Where(port => !kept.Any(one => one.Listener.Fd == port.Descriptor))]);
        var set = new ListenerSet();
        var before = kept.Select(one => (one.Listener, Socket: ListeningSocket.Adopt(one.Listener.Fd, one.File), one.Removed)).ToList();
        try
        {
            foreach (var given in before.Where(one => one.Listener.SystemdName is not null)) set._listeners.Add((given.Listener, given.Socket));
            before.RemoveAll(one => one.Listener.SystemdName is not null);
            foreach (var port in options.Ports) set.KeepOrBind(port, options.Backlog, before);
            foreach (var path in options.Paths) set.KeepOrBind(path, options.Backlog, before);
        }
        catch
        {
            set.ForgetBound();
            throw;
        }
        set._removed.AddRange(before.Select(one => (one.Listener, one.Socket)));
        return set;
    }

    private void KeepOrBind(ListenSpec port, int backlog, List<(Listener Listener, ListeningSocket Socket, bool Removed)> before)
    {
        var at = before.FindIndex(one => IsSame(port, one.Listener));
        if (at < 0)
        {
            if (port.Descriptor is { } wanted && before.Concat(AsBefore(_listeners)).Any(one => one.Listener.Fd == wanted)) throw Taken(port, wanted);
            BindPort(port, backlog);
            _bound.Add(_listeners[^1].Socket);
            return;
        }
        var (listener, socket, _) = before[at];
        before.RemoveAt(at);
        if (port.Descriptor is { } number && number != listener.Fd)
        {
            if (before.Concat(AsBefore(_listeners)).Any(one => one.Listener.Fd == number)) throw Taken(port, number);
            _left.Add(socket);
            socket = socket.CopyTo(number);
            StandardError.WriteLine(Messages.SocketDuplicated(number));
        }
        var name = port.NameFor(ListeningSocket.BoundEndPoint(socket.Descriptor.Number));
        _listeners.Add((new Listener(name, socket.Descriptor.Number) { Promised = port.Descriptor is not null, AnyPort = port.Port == 0 }, socket));
    }

    private void KeepOrBind(string path, int backlog, List<(Listener Listener, ListeningSocket Socket, bool Removed)> before)
    {
        var at = before.FindIndex(one => one.Socket.Name?.Path == Path.GetFullPath(path));
        if (at < 0)
        {
            BindPath(path, backlog);
            _bound.Add(_listeners[^1].Socket);
            return;
        }
        _listeners.Add((before[at].Listener with { Name = path }, before[at].Socket));
        before.RemoveAt(at);
    }

    private static bool IsSame(ListenSpec port, Listener listener)
    {
        if (!SocketFacts.IsInternet(listener.Fd) || SocketFacts.IsTcp(listener.Fd) == port.IsUdp) return false;
        var bound = ListeningSocket.BoundEndPoint(listener.Fd);
        // Any port is as good as the one that was chosen for it, as long as it was chosen for the same words.
        if (port.Port == 0) return listener.AnyPort && port.NameFor(bound) == listener.Name;
        return port.NameFor(bound) == listener.Name || port.Resolve().Equals(bound);
    }

    private static IEnumerable<(Listener Listener, ListeningSocket Socket, bool Removed)> AsBefore(IEnumerable<(Listener Listener, ListeningSocket Socket)> listeners) =>
        listeners.Select(one => (one.Listener, one.Socket, false));

    private static OperatorException Taken(ListenSpec port, int number) =>
        new($"invalid ``port'' value:{port.Text}: descriptor {number} is another listener's", ExitCodes.StartServerUsage);

    /// <summary>
    /// The program before us goes on after all, and does not know what we have bound. (Descriptors are closed by the exec.)
    /// </summary>
    internal void ForgetBound()
    {
        foreach (var socket in _bound) socket.Name?.Remove();
    }

    /// <summary>There is no way back any more.</summary>
    /// <param name="backlog">Another length of the queues, if it is another than before.</param>
    internal void Settle(int? backlog)
    {
        foreach (var socket in _left) socket.Descriptor.Dispose();
        _left.Clear();
        _bound.Clear();
        if (backlog is not { } length) return;
        foreach (var (listener, socket) in _listeners)
            if (listener.SystemdName is null) socket.SetBacklog(length);
    }

    /// <summary>
    /// Closes the removed ones. Generations that still run hold them, too, and can take in what waits there; so that nothing comes after
    /// it which they would leave behind, the names go and the queues are shut.
    /// </summary>
    internal void Release()
    {
        foreach (var (listener, socket) in _removed)
        {
            StandardError.WriteLine(Messages.ListenerRemoved(listener.Name));
            socket.Name?.Remove();
            socket.SetBacklog(0);
            socket.Descriptor.Dispose();
        }
        _removed.Clear();
    }
}
