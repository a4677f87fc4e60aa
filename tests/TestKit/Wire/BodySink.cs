using System.Buffers;

namespace StarletNet.TestKit;

/// <summary>Takes an answer's body as it arrives.</summary>
public interface IBodySink
{
    /// <summary>What the answer shall carry as its body; empty when the sink keeps nothing.</summary>
    public ReadOnlyMemory<byte> Collected { get; }

    /// <summary>A slow reader waits in here.</summary>
    public ValueTask TakeAsync(ReadOnlyMemory<byte> bytes);
}

/// <summary>Keeps the whole body.</summary>
public sealed class BodyCollector : IBodySink
{
    private readonly ArrayBufferWriter<byte> _body = new();

    public ReadOnlyMemory<byte> Collected => _body.WrittenMemory;

    public ValueTask TakeAsync(ReadOnlyMemory<byte> bytes)
    {
        _body.Write(bytes.Span);
        return ValueTask.CompletedTask;
    }
}
