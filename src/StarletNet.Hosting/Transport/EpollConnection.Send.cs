using System.Buffers;

namespace StarletNet.Hosting.Transport;

// The send loop.
internal sealed partial class EpollConnection
{
    private bool _watchesOutput;

    private async Task SendLoop()
    {
        var output = _output.Reader;
        try
        {
            if (await DrainOutput().ConfigureAwait(false) && Interlocked.CompareExchange(ref _end, Graceful, null) is null)
            {
                // Else the close that follows at once says the same.
                if (!_peerFinished && !ClientSendsNoMore) ConnectionSocket.FinishSending(Descriptor);
                _input.Writer.CancelPendingFlush();
                _readable.Set();
            }
        }
        catch (Exception exception)
        {
            // The application has completed its output with an error: what was sent is not all.
            End(exception);
        }
        finally
        {
            output.Complete();
            Leave();
        }
    }

    /// <returns>True when the application has finished its output and all of it is sent.</returns>
    private async ValueTask<bool> DrainOutput()
    {
        var output = _output.Reader;
        var turn = EndOfTurn();
        while (true)
        {
            var pending = output.ReadAsync();
            var hadToWait = !pending.IsCompleted;
            var read = await pending.ConfigureAwait(false);
            if (hadToWait) turn = EndOfTurn();
            if (HasEnded) return false;
            var left = SendWhatFits(read.Buffer, turn);
            // Given back as far as sent: the writer goes on as soon as enough has left, not when all has.
            output.AdvanceTo(left.Start);
            if (HasEnded) return false;
            if (left.IsEmpty && read.IsCompleted) return true;
            if (BytesOut >= turn)
            {
                await new Elsewhere(_context.NextTurn);
                turn = EndOfTurn();
            }
            else if (!left.IsEmpty)
            {
                Input.Watch?.OutputAwaited(true);
                await Writable();
                Input.Watch?.OutputAwaited(false);
                turn = EndOfTurn();
            }
        }
    }

    private long EndOfTurn() => BytesOut + _context.Options.SentPerTurn;

    private ReadySignal Writable()
    {
        if (!_watchesOutput) _context.Loop.WatchOutput(this);
        _watchesOutput = true;
        return _writable;
    }

    /// <param name="bytes">What there is to send.</param>
    /// <param name="turn">Where <see cref="BytesOut"/> ends this connection's turn.</param>
    /// <returns>What the kernel did not take, or, with the turn over, was not offered.</returns>
    private ReadOnlySequence<byte> SendWhatFits(ReadOnlySequence<byte> bytes, long turn)
    {
        while (!bytes.IsEmpty && !HasEnded && BytesOut < turn)
        {
            // After a short send once more: only a send that would block makes sure of the edge that tells when to go on.
            var sent = ConnectionSocket.Send(Descriptor, bytes, out var error);
            if (sent == (int)SocketResult.WouldBlock) break;
            if (sent < 0)
            {
                EndWithError(error);
                break;
            }
            LastActivity = Environment.TickCount64;
            BytesOut += sent;
            bytes = bytes.Slice(sent);
        }
        return bytes;
    }
}
