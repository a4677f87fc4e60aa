using StarletNet.Shared.Processes;

namespace StarletNet.Shared.Tests.Processes;

public sealed class SignalTests
{
    [Theory]
    [InlineData("TERM", 15)]
    [InlineData("sigterm", 15)]
    [InlineData("SIGUSR1", 10)]
    [InlineData("usr1", 10)]
    [InlineData("10", 10)]
    [InlineData("64", 64)]
    [InlineData("RTMIN+3", 37)]
    [InlineData("sigrtmin+30", 64)]
    public void Names_and_numbers_are_read(string text, int number)
    {
        Assert.True(Signal.TryParse(text, out var signal));
        Assert.Equal(number, signal.Number);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SIG")]
    [InlineData("NOPE")]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("-1")]
    [InlineData(" 15")]
    [InlineData("RTMIN+31")]
    [InlineData("RTMIN+")]
    [InlineData("RTMIN+-1")]
    public void What_is_no_signal_is_not_read(string text) => Assert.False(Signal.TryParse(text, out _));

    [Fact]
    public void A_signal_knows_its_name() =>
        Assert.Equal(["HUP", "KILL", "TERM", "33", "RTMIN+3"], new[] { Signal.Hup, Signal.Kill, Signal.Term, new Signal(33), Signal.ContainerStop }.Select(signal => signal.Name));

    [Theory]
    [InlineData(0, false, 0, "exit code 0")]
    [InlineData(256, false, 1, "exit code 1")]
    [InlineData(65280, false, 255, "exit code 255")]
    [InlineData(15, true, 0, "signal TERM")]
    [InlineData(139, true, 0, "signal SEGV")]
    public void A_wait_status_is_an_exit_code_or_a_signal(int raw, bool isSignal, int code, string text)
    {
        var exit = new ChildExit(raw);
        Assert.Equal((isSignal, raw == 0, text), (exit.IsSignal, exit.IsSuccess, exit.ToString()));
        if (!isSignal) Assert.Equal(code, exit.Code);
    }
}
