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
                if (!_peerFinished) ConnectionSocket.FinishSending(Descriptor);
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
        while (true)
        {
            var read = await output.ReadAsync().ConfigureAwait(false);
            if (HasEnded) return false;
            var left = SendWhatFits(read.Buffer);
            // Given back as far as sent: the writer goes on as soon as enough has left, not when all has.
            output.AdvanceTo(left.Start);
            if (HasEnded) return false;
            if (!left.IsEmpty)
            {
                Input.Watch?.OutputAwaited(true);
                await Writable();
                Input.Watch?.OutputAwaited(false);
            }
            else if (read.IsCompleted) return true;
        }
    }

    private ReadySignal Writable()
    {
        if (!_watchesOutput) _context.Loop.WatchOutput(this);
        _watchesOutput = true;
        return _writable;
    }

    /// <returns>What the kernel did not take.</returns>
    private ReadOnlySequence<byte> SendWhatFits(ReadOnlySequence<byte> bytes)
    {
        while (!bytes.IsEmpty && !HasEnded)
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
