namespace StarletNet.TestKit;

/// <summary>The body of <see cref="LoadPaths.Large"/>: byte i is (i*31+7)%251, so that a lost or doubled piece shows.</summary>
public sealed class BytePattern : IBodySink
{
    private const int Period = 251;

    // Some periods in a row: from any place in the first there is a piece to compare with.
    private static readonly byte[] Expected = [.. Enumerable.Range(0, 64 * Period).Select(i => At(i))];

    /// <summary>Pause after this many bytes; 0 reads as fast as it comes.</summary>
    private readonly int _pauseEvery;
    private long _next;
    private long _pauseAt;

    public BytePattern(int pauseEvery = 0) => _pauseAt = _pauseEvery = pauseEvery;

    public ReadOnlyMemory<byte> Collected => default;

    /// <summary>Bytes verified.</summary>
    public long Length => _next;

    public static byte At(long i) => (byte)(((i * 31) + 7) % Period);

    public async ValueTask TakeAsync(ReadOnlyMemory<byte> bytes)
    {
        Verify(bytes.Span);
        if (_pauseEvery == 0 || _next < _pauseAt) return;
        _pauseAt = _next + _pauseEvery;
        await Task.Delay(TimeSpan.FromMilliseconds(20));
    }

    private void Verify(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var expected = Expected.AsSpan((int)(_next % Period));
            var count = Math.Min(bytes.Length, expected.Length);
            var same = bytes.CommonPrefixLength(expected[..count]);
            _next += same;
            if (same < count) throw new LostException(LossReason.WrongBody, $"byte {_next} is {bytes[same]}, not {At(_next)}");
            bytes = bytes[count..];
        }
    }
}
