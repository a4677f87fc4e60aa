using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Tests.Interop;

public sealed class FileDescriptorTests
{
    [Fact]
    public void A_write_that_is_cut_short_is_continued_and_gives_the_reason_of_its_end()
    {
        var (read, write) = FileDescriptor.Pipe();
        using (read)
        using (write)
        {
            FileDescriptor.SetNonBlocking(write.Number, true);
            Assert.Null(FileDescriptor.WriteAll(write.Number, new byte[100]));
            // A pipe holds 64 KiB: a part is taken, and then nothing any more.
            Assert.Equal(Errno.EAGAIN, FileDescriptor.WriteAll(write.Number, new byte[10_000_000]));
        }
    }

    [Fact]
    public void Who_comes_too_late_does_not_get_another_file()
    {
        var closed = new FileDescriptor(LibC.open("/dev/null", LibC.O_WRONLY | LibC.O_CLOEXEC, 0));
        Assert.Null(FileDescriptor.WriteAll(closed.Number, "x"u8));
        closed.Dispose();
        using var next = new FileDescriptor(LibC.open("/dev/null", LibC.O_WRONLY | LibC.O_CLOEXEC, 0));
        var badDescriptor = new Errno(9);
        Assert.Equal(badDescriptor, FileDescriptor.WriteAll(closed.Number, "x"u8));
    }

    [Fact]
    public void A_full_device_says_so()
    {
        using var full = new FileDescriptor(LibC.open("/dev/full", LibC.O_WRONLY | LibC.O_CLOEXEC, 0));
        Assert.Equal(Errno.ENOSPC, FileDescriptor.WriteAll(full.Number, "x"u8));
    }
}
