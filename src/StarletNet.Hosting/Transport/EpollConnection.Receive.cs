using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Transport;

// The receive loop, and what follows when there is nothing more to receive.
internal sealed partial class EpollConnection
{
    private const int SmallRead = 2048, LargeRead = 64 * 1024;

    /// <summary>Reads in one go before others get their turn: a fast uploader must not keep the loop's thread to itself.</summary>
    private const int ReadsPerTurn = 8;

    private volatile bool _halfCloseIsClose;

    // epoll has said that there are bytes, or an end, since the last look. Other causes wake the receive loop as well.
    private volatile bool _inputReported;
    private long _deadline = long.MaxValue;

    /// <summary>
    /// Whether the client's FIN alone means that it has gone: with HTTP/2, which has its own way to end, and for
    /// upgraded connections. With HTTP/1 a client may finish sending and still wait for its answer.
    /// </summary>
    internal bool HalfCloseIsClose
    {
        get => _halfCloseIsClose;
        set
        {
            if (_halfCloseIsClose == value) return;
            _halfCloseIsClose = value;
            // The FIN may have come before we knew.
            _readable.Set();
        }
    }

    private async Task ReceiveLoop()
    {
        var finished = false;
        try
        {
            finished = await FillInput().ConfigureAwait(false);
            CompleteInput(finished);
            if (finished) await WaitHalfClosed().ConfigureAwait(false);
            else await WaitForEnd().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Nothing here should throw but for want of memory; left alone the connection would stay open for ever.
            TransportLog.ReceiveFailed(_context.Logger, ConnectionId, exception);
            End(exception);
            _input.Writer.Complete(exception);
        }
        FireClosed();
        if (EndedGracefully && !finished && !ClientSendsNoMore) await LingerForPeer().ConfigureAwait(false);
        Leave();
    }

    /// <summary>
    /// After a graceful end nobody reads any more; after any other end the reader must learn why: if it was the client's doing, when he has
    /// read what had come before, else at once.
    /// </summary>
    private void CompleteInput(bool finished)
    {
        var error = finished || EndedGracefully ? null : Volatile.Read(ref _end);
        if (EndedByPeer) (Input.EndsWith, error) = (error, null);
        _input.Writer.Complete(error);
    }

    /// <returns>True at the client's FIN; false if the connection ended otherwise or the application reads no more.</returns>
    private async ValueTask<bool> FillInput()
    {
        var input = _input.Writer;
        var (wanted, reads) = (SmallRead, 0);
        if (ReceiveEarly(input) && !await Flush(input).ConfigureAwait(false)) return false;
        while (true)
        {
            await _readable;
            // An edge may tell of bytes that the turn before has taken already: only one that is awaited with small reads, as all requests are, is believed.
            var isThere = _inputReported && reads <= 1 && wanted == SmallRead;
            _inputReported = false;
            for (reads = 1; !HasEnded; reads++)
            {
                var received = isThere ? Receive(input, wanted, out var offered) : ReceiveIfThere(input, out offered);
                if (received == (int)SocketResult.WouldBlock) break;
                if (received == (int)SocketResult.EndOfStream) return true;
                if (received == (int)SocketResult.Failed) return false;

                if (!await Flush(input).ConfigureAwait(false)) return false;
                wanted = received == offered || received > BlockPool.BlockSize ? LargeRead : SmallRead;
                // A read that did not fill its buffer has emptied the kernel's, and the next byte raises a new edge. But a
                // FIN that was already there when the bytes were raises none: then only reading to the end will find it. (Short with more
                // behind it is a read only at urgent data, and at descriptors that come over a Unix socket; a client that sends these in
                // HTTP waits until it sends more.)
                if (received < offered && !_peerFinished) break;
                isThere = received == offered && ConnectionSocket.HasInput(Descriptor);
                if (reads % ReadsPerTurn == 0) await new Elsewhere(_context.NextTurn);
            }
            if (!HasEnded) continue;
            if (EndedByPeer) ReceiveRest(input);
            return false;
        }
    }

    /// <summary>
    /// A send has failed because the client has closed; its last bytes may not have been received yet. As many as are received in one
    /// turn at most, and only while the application takes them.
    /// </summary>
    private void ReceiveRest(PipeWriter input)
    {
        for (var reads = 1; reads <= ReadsPerTurn && Receive(input, LargeRead, out _) > 0; reads++)
        {
            var flush = input.FlushAsync();
            if (!flush.IsCompletedSuccessfully || flush.Result.IsCompleted) return;
        }
    }

    /// <returns>False if the application reads no more, or would have to be waited for although the peer is gone.</returns>
    private ValueTask<bool> Flush(PipeWriter input)
    {
        var flush = input.FlushAsync();
        return flush.IsCompletedSuccessfully ? new ValueTask<bool>(!flush.Result.IsCompleted) : FlushPaused(flush);
    }

    private async ValueTask<bool> FlushPaused(ValueTask<FlushResult> flush)
    {
        // Before and after: the news that the peer is gone also ends a wait that has begun.
        if (!_peerGone && (await flush.ConfigureAwait(false)).IsCompleted) return false;
        if (!_peerGone) return true;
        End(new ConnectionResetException("The client has closed the connection."));
        return false;
    }

    /// <summary>One recv(2) into the pipe. Memory is rented only here, when there is something to receive.</summary>
    private int Receive(PipeWriter input, int wanted, out int offered)
    {
        var buffer = input.GetSpan(wanted);
        offered = buffer.Length;
        var received = ConnectionSocket.Receive(Descriptor, buffer, out var error);
        if (received > 0) Took(input, received);
        else if (received == (int)SocketResult.Failed) EndWithError(error);
        return received;
    }

    /// <summary>
    /// What has come with the connection, before epoll and the application know of it: the first request is then answered by the
    /// thread on which Kestrel starts the connection, without an event and without a second change of thread. Not straight into the pipe,
    /// which would keep a block for a connection that has nothing to say yet.
    /// </summary>
    /// <returns>False if nothing was there. An end or an error is found again when epoll reports it.</returns>
    private bool ReceiveEarly(PipeWriter input)
    {
        Span<byte> early = stackalloc byte[SmallRead];
        var received = ConnectionSocket.Receive(Descriptor, early, out _);
        if (received > 0) Take(input, early[..received]);
        return received > 0;
    }

    /// <summary>
    /// The same, where bytes may be there, or an end, or nothing: a pipe that has been asked for memory keeps it until the next byte comes, and a
    /// client that waits, for hours perhaps, is to cost none.
    /// </summary>
    private int ReceiveIfThere(PipeWriter input, out int offered)
    {
        Span<byte> perhaps = stackalloc byte[SmallRead];
        offered = perhaps.Length;
        var received = ConnectionSocket.Receive(Descriptor, perhaps, out var error);
        if (received > 0) Take(input, perhaps[..received]);
        else if (received == (int)SocketResult.Failed) EndWithError(error);
        return received;
    }

    private void Take(PipeWriter input, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(input.GetSpan(bytes.Length));
        Took(input, bytes.Length);
    }

    private void Took(PipeWriter input, int received)
    {
        HasReceivedBytes = true;
        LastActivity = Environment.TickCount64;
        BytesIn += received;
        input.Advance(received);
    }

    private void EndWithError(Errno error) => End(new ConnectionResetException(error.Text));

    /// <summary>epoll says that both directions are dead: reset, or a Unix client has closed.</summary>
    private void OnPeerGone()
    {
        _peerGone = true;
        // Reading may be paused because the application does not consume; the news must not wait for it.
        _input.Writer.CancelPendingFlush();
    }

    /// <summary>
    /// After the client's FIN: the request that is running keeps its output. The client counts as gone when the output
    /// fails, or nothing has been written for a while; only a write can tell a client that waits from one that has left.
    /// </summary>
    private async ValueTask WaitHalfClosed()
    {
        var silence = (long)_context.Options.HalfCloseSilence.TotalMilliseconds;
        var finished = Environment.TickCount64;
        while (!HasEnded && !_peerGone && !_halfCloseIsClose)
        {
            var deadline = Math.Max(finished, LastActivity) + silence;
            if (Environment.TickCount64 >= deadline) break;
            Volatile.Write(ref _deadline, deadline);
            await _readable;
        }
        Volatile.Write(ref _deadline, long.MaxValue);
    }

    /// <summary>The application has stopped reading, which is no end: its output may go on.</summary>
    private async ValueTask WaitForEnd()
    {
        while (!HasEnded && !_peerGone) await _readable;
    }

    /// <summary>
    /// After our FIN: reads and drops until the client's own FIN, for a bounded time. A close with bytes unread, or a byte
    /// that arrives after it (a pipelined request, the rest of a refused upload), makes the kernel answer with a reset and
    /// forget what it has not sent yet: the client would lose the end of an answer that was complete.
    /// </summary>
    private async ValueTask LingerForPeer()
    {
        var deadline = Environment.TickCount64 + (long)_context.Options.Linger.TotalMilliseconds;
        Volatile.Write(ref _deadline, deadline);
        while (true)
        {
            for (var reads = 1; ; reads++)
            {
                var received = Discard();
                if (received == (int)SocketResult.WouldBlock) break;
                if (received < 0 || Environment.TickCount64 >= deadline) return;
                if (reads % ReadsPerTurn == 0) await new Elsewhere(_context.NextTurn);
            }
            if (_peerGone || Environment.TickCount64 >= deadline) return;
            await _readable;
        }
    }

    private int Discard()
    {
        Span<byte> buffer = stackalloc byte[16 * 1024];
        return ConnectionSocket.Receive(Descriptor, buffer, out _);
    }
}
