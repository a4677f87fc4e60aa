using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>The program that a plain build makes: portable code, whose runtime has threads of its own.</summary>
public sealed class PortableTests : IDisposable
{
    private readonly MasterUnderTest _test = new(AppContext.BaseDirectory);

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task The_portable_program_serves_restarts_and_leaves_nothing_behind_too()
    {
        var master = await _test.StartReady();
        master.Send(UnixSignal.Hup);
        await master.LineAsync("restart done: all workers are of generation 2");
        await MasterUnderTest.AnsweredByAsync(master, 2);
        Assert.Equal(new ProgramExit(0, null), await master.StopAsync());
        await master.NothingLeftAsync();
    }
}
