using System.Diagnostics;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// Connections whose callback has ended and whose output is still to be sent, a few at a time: who answers several clients and then sends to all of them
/// does each of the two with a warm cache, and wakes those who live on the same machine less often. 10 to 20 % of a small request. Belongs to the owner of the loop,
/// who sends before he waits for the kernel.
/// </summary>
internal sealed class SendBatch
{
    internal const int Most = 16;

    /// <summary>How long the first one may wait for more, in ticks of the stopwatch: 0.2 ms, checked after each event and callback.</summary>
    private static readonly long Longest = Stopwatch.Frequency / 5000;

    private readonly OutputDispatch?[] _held = new OutputDispatch?[Most];
    private int _count;
    private long _since;

    internal void Add(OutputDispatch output)
    {
        var now = Stopwatch.GetTimestamp();
        if (_count == 0) _since = now;
        _held[_count++] = output;
        if (_count == Most || now - _since > Longest) Send();
    }

    /// <summary>Something has run that may have taken long, and has added nothing.</summary>
    internal void SendIfDue()
    {
        if (_count > 0 && Stopwatch.GetTimestamp() - _since > Longest) Send();
    }

    internal void Send()
    {
        // Nobody adds meanwhile: sending is no callback.
        for (var index = 0; index < _count; index++)
        {
            _held[index]!.Run();
            _held[index] = null;
        }
        _count = 0;
    }
}
