using System.Text;
using StarletNet.Hosting.AccessLog;
using StarletNet.Shared.Interop;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.AccessLog;

public sealed class LogBufferTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    private FileDescriptor Open(string name) =>
        new(LibC.open(_scratch.File(name), LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND | LibC.O_CLOEXEC, 0x180));

    private string Text => File.ReadAllText(_scratch.File("log"));

    private static byte[] Line(string text) => Encoding.UTF8.GetBytes(text + "\n");

    [Fact]
    public void Lines_wait_for_each_other_until_one_does_not_fit()
    {
        using var log = Open("log");
        var buffer = new LogBuffer(log.Number, 10, 1000);

        buffer.Add(Line("123"));
        buffer.Add(Line("456"));
        Assert.Equal("", Text);
        buffer.Add(Line("789"));
        Assert.Equal("123\n456\n", Text);
        // One that never fits goes behind those that were before it.
        buffer.Add(Line("a line of its own"));
        Assert.Equal("123\n456\n789\na line of its own\n", Text);
    }

    [Fact]
    public void The_first_line_counts_for_the_time()
    {
        using var log = Open("log");
        var buffer = new LogBuffer(log.Number, 100, 1000);
        var before = Environment.TickCount64;
        Assert.Equal(1000, buffer.Wait(before));

        buffer.Add(Line("first"));
        var after = Environment.TickCount64;
        Assert.InRange(buffer.Wait(after + 400), 500, 600);
        buffer.Look(before + 999);
        Assert.Equal("", Text);
        buffer.Look(after + 1000);
        Assert.Equal("first\n", Text);
        Assert.Equal(1000, buffer.Wait(after + 5000));
    }

    [Fact]
    public void What_comes_after_the_end_does_not_wait()
    {
        using var log = Open("log");
        var buffer = new LogBuffer(log.Number, 100, 1000);
        buffer.Add(Line("before"));

        buffer.End();
        buffer.Add(Line("after"));

        Assert.Equal("before\nafter\n", Text);
    }

    [Fact]
    public void What_was_gathered_belongs_to_the_former_file()
    {
        using var log = Open("log");
        using var fresh = Open("fresh");
        var buffer = new LogBuffer(log.Number, 100, 1000);
        buffer.Add(Line("before"));

        buffer.Change(() => Assert.True(LibC.dup3(fresh.Number, log.Number, LibC.O_CLOEXEC) >= 0));
        buffer.Add(Line("after"));
        buffer.Flush();

        Assert.Equal("before\n", Text);
        Assert.Equal("after\n", File.ReadAllText(_scratch.File("fresh")));
    }

    [Fact]
    public unsafe void Into_a_pipe_it_goes_in_pieces_of_whole_lines_that_nobody_elses_come_between()
    {
        // In packet mode each write(2) is read by itself.
        var ends = stackalloc int[2];
        Assert.Equal(0, LibC.pipe2(ends, LibC.O_CLOEXEC | 0x4000 /* O_DIRECT */));
        using var reading = new FileDescriptor(ends[0]);
        using var writing = new FileDescriptor(ends[1]);
        var buffer = new LogBuffer(writing.Number, 20_000, 1000);
        for (var i = 0; i < 100; i++) buffer.Add(Line($"{i:d99}"));

        buffer.Flush();

        var piece = stackalloc byte[8192];
        foreach (var expected in new[] { 4000, 4000, 2000 })
        {
            Assert.Equal(expected, LibC.read(reading.Number, piece, 8192));
            Assert.Equal((byte)'\n', piece[expected - 1]);
        }
    }
}
