using System.Collections;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// The open connections, by descriptor. The kernel hands out a descriptor's number again as soon as it is closed, perhaps
/// while an event for its former owner waits in a batch already fetched, or while a process just forked by the application
/// still keeps the former socket (and so its epoll registration) alive. Hence every connection has a generation of its own,
/// epoll carries it, and an event reaches a connection only if both agree: nobody ever acts on another client's event.
/// </summary>
/// <param name="countChanged">Told the new number under the set's lock; must not wait.</param>
internal sealed class ConnectionSet(Action<int>? countChanged) : IEnumerable<EpollConnection>
{
    private readonly object _changes = new();
    private EpollConnection?[] _byDescriptor = new EpollConnection?[256];
    private uint _generation;
    private int _count;
    private TaskCompletionSource? _empty;
    private long _bytesIn, _bytesOut, _mostIn, _mostOut;

    /// <summary>Connections that hold a descriptor, whether or not Kestrel has seen them yet.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>Completes when no connection is open; at once if none is. Meant for a transport that has stopped accepting.</summary>
    internal Task WhenEmpty()
    {
        lock (_changes)
        {
            if (_count == 0) return Task.CompletedTask;
            _empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _empty.Task;
        }
    }

    /// <summary>A generation that no connection had before; never 0, which epoll data of listeners carry.</summary>
    internal uint NextGeneration()
    {
        uint generation;
        do generation = Interlocked.Increment(ref _generation);
        while (generation == 0);
        return generation;
    }

    internal void Add(EpollConnection connection)
    {
        lock (_changes)
        {
            if (connection.Descriptor >= _byDescriptor.Length)
            {
                var larger = new EpollConnection?[Math.Max(connection.Descriptor + 1, _byDescriptor.Length * 2)];
                _byDescriptor.CopyTo(larger, 0);
                Volatile.Write(ref _byDescriptor, larger);
            }
            _byDescriptor[connection.Descriptor] = connection;
            Volatile.Write(ref _count, _count + 1);
            countChanged?.Invoke(_count);
        }
    }

    /// <summary>Frees the descriptor's place. Must precede close(2): afterwards the number may already be another's.</summary>
    internal void Forget(EpollConnection connection)
    {
        lock (_changes) _byDescriptor[connection.Descriptor] = null;
    }

    /// <summary>Follows close(2): whoever waits for the last connection may end the process.</summary>
    internal void CountClosed(EpollConnection connection)
    {
        lock (_changes)
        {
            _bytesIn += connection.BytesIn;
            _bytesOut += connection.BytesOut;
            Volatile.Write(ref _count, _count - 1);
            countChanged?.Invoke(_count);
            if (_count > 0) return;
            _empty?.SetResult();
            _empty = null;
        }
    }

    /// <summary>
    /// Received and sent so far, by all connections that there have been. One that is just being closed may be missing for a moment; the
    /// numbers never fall. For one thread.
    /// </summary>
    internal (long In, long Out) Bytes
    {
        get
        {
            long received, sent;
            lock (_changes) (received, sent) = (_bytesIn, _bytesOut);
            foreach (var connection in this)
            {
                received += connection.BytesIn;
                sent += connection.BytesOut;
            }
            return (_mostIn = Math.Max(_mostIn, received), _mostOut = Math.Max(_mostOut, sent));
        }
    }

    internal EpollConnection? Find(int descriptor, uint generation)
    {
        var connections = Volatile.Read(ref _byDescriptor);
        if ((uint)descriptor >= (uint)connections.Length) return null;
        var connection = Volatile.Read(ref connections[descriptor]);
        return connection?.Generation == generation ? connection : null;
    }

    /// <summary>Those open while the walk passes them; connections may come and go meanwhile.</summary>
    public IEnumerator<EpollConnection> GetEnumerator()
    {
        foreach (var connection in Volatile.Read(ref _byDescriptor))
        {
            if (connection is not null) yield return connection;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
