namespace StarletNet.TestKit;

/// <summary>The body of <see cref="LoadPaths.Large"/>: byte i is (i*31+7)%251, so that a lost or doubled piece shows.</summary>
public sealed class BytePattern : IBodySink
{
    /// <summary>Pause after this many bytes; 0 reads as fast as it comes.</summary>
    private readonly int _pauseEvery;
    private long _next;
    private long _pauseAt;

    public BytePattern(int pauseEvery = 0) => _pauseAt = _pauseEvery = pauseEvery;

    public ReadOnlyMemory<byte> Collected => default;

    /// <summary>Bytes verified.</summary>
    public long Length => _next;

    public static byte At(long i) => (byte)(((i * 31) + 7) % 251);

    public async ValueTask TakeAsync(ReadOnlyMemory<byte> bytes)
    {
        Verify(bytes.Span);
        if (_pauseEvery == 0 || _next < _pauseAt) return;
        _pauseAt = _next + _pauseEvery;
        await Task.Delay(TimeSpan.FromMilliseconds(20));
    }

    private void Verify(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            if (b != At(_next)) throw new LostException(LossReason.WrongBody, $"byte {_next} is {b}, not {At(_next)}");
            _next++;
        }
    }
}
