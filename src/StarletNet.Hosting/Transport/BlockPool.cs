using System.Buffers;
using System.Runtime.InteropServices;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// Blocks of 4 KiB on the pinned heap, so that a system call needs no pinning. Idle connections hold none. What load has
/// left over is given back to the collector by and by, on the loop's tick.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>
{
    internal const int BlockSize = 4096;

    private readonly object _lock = new();

    // Last in, first out: what was given back a moment ago is still in the processor's cache. Taken in turn, all that a burst has left over would
    // pass through it again and again.
    private Block[] _free = new Block[64];
    private int _count;

    // The fewest that have been free since the last trim: nobody needed those.
    private int _least;
    private int _made;

    public override int MaxBufferSize => BlockSize;

    internal int FreeBlocks => Volatile.Read(ref _count);

    /// <summary>Blocks that somebody holds.</summary>
    internal int LentBlocks
    {
        get
        {
            lock (_lock) return _made - _count;
        }
    }

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSize);
        var block = TakeFree() ?? Make();
        block.IsRented = true;
        return block;
    }

    private Block? TakeFree()
    {
        lock (_lock)
        {
            if (_count == 0) return null;
            _least = Math.Min(_least, --_count);
            var block = _free[_count];
            // What is dropped later is not to be held on to here.
            _free[_count] = null!;
            return block;
        }
    }

    private Block Make()
    {
        // Not under the lock: it may mean a collection.
        var block = new Block(this);
        lock (_lock) _made++;
        return block;
    }

    /// <summary>Drops half of the blocks that nobody needed since the last call.</summary>
    internal void Trim()
    {
        lock (_lock)
        {
            var dropped = (_least + 1) / 2;
            _made -= dropped;
            _count -= dropped;
            // Those that have waited for the longest time.
            Array.Copy(_free, dropped, _free, 0, _count);
            Array.Clear(_free, _count, dropped);
            _least = _count;
        }
    }

    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            _made -= _count;
            Array.Clear(_free);
            _count = _least = 0;
        }
    }

    private void Return(Block block)
    {
        lock (_lock)
        {
            if (_count == _free.Length) Array.Resize(ref _free, _count * 2);
            _free[_count++] = block;
        }
    }

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
