using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// Blocks of 4 KiB on the pinned heap, so that a system call needs no pinning. Idle connections hold none. What load has
/// left over is given back to the collector by and by, on the loop's tick.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>
{
    internal const int BlockSize = 4096;

    private readonly ConcurrentQueue<Block> _free = new();
    // Not exact: threads count over one another, and nothing depends on a few more or less.
    private int _rents;
    private int _made;

    public override int MaxBufferSize => BlockSize;

    internal int FreeBlocks => _free.Count;

    /// <summary>Blocks that somebody holds.</summary>
    internal int LentBlocks => Volatile.Read(ref _made) - _free.Count;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSize);
        _rents++;
        if (!_free.TryDequeue(out var block))
        {
            Interlocked.Increment(ref _made);
            block = new Block(this);
        }
        block.IsRented = true;
        return block;
    }

    /// <summary>
    /// Drops half of the blocks that nobody needed since the last call. They are lent in turn, so with at least as many
    /// rents as free blocks each has been needed.
    /// </summary>
    internal void Trim()
    {
        var unused = _free.Count - _rents;
        _rents = 0;
        for (var surplus = (unused + 1) / 2; surplus > 0 && _free.TryDequeue(out _); surplus--) Interlocked.Decrement(ref _made);
    }

    protected override void Dispose(bool disposing) => _free.Clear();

    private void Return(Block block) => _free.Enqueue(block);

    private sealed class Block(BlockPool pool) : IMemoryOwner<byte>
    {
        internal bool IsRented;

        public Memory<byte> Memory { get; } =
            MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true), 0, BlockSize);

        public void Dispose()
        {
            // A block returned twice would be rented twice: one client's bytes in another's answer. Better to fail.
            ObjectDisposedException.ThrowIf(!IsRented, this);
            IsRented = false;
            pool.Return(this);
        }
    }
}
