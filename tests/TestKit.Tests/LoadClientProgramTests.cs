namespace StarletNet.TestKit.Tests;

/// <summary>The console program that scripts use.</summary>
public sealed class LoadClientProgramTests
{
    [Fact]
    public async Task Runs_until_its_input_ends_and_says_what_it_saw()
    {
        var busy = new TaskCompletionSource();
        await using var server = RawServer.Start(c =>
        {
            if (c.Number == 10) busy.SetResult();
            return ExampleApplication.ServeAsync(c);
        });
        using var program = Start(pipeInput: true, "--url", $"http://{server.Target.HostHeader}/", "--connections", "3");
        await busy.Task.WaitAsync(Deadlines.Event, TestContext.Current.CancellationToken);
        program.EndInput();

        Assert.Equal(0, (await program.ExitAsync()).Code);
        Assert.Matches("^versions seen: 1\n[1-9][0-9]* requests, 0 lost$", program.OutputText);
    }

    [Fact]
    public async Task A_loss_is_described_and_ends_in_exit_code_1()
    {
        using var scratch = new ScratchDirectory();
        await using var server = RawServer.StartUnix(scratch.File("s"), c => c.Number == 2 ? Task.CompletedTask : ExampleApplication.ServeAsync(c));
        using var program = Start(pipeInput: false, "--url", "http://localhost/", "--unix", scratch.File("s"), "--seconds", "1");

        Assert.Equal(1, (await program.ExitAsync()).Code);
        Assert.Matches("[1-9][0-9]* requests, 1 lost$", program.OutputText);
        Assert.Matches("lost at .*: (Empty|Reset): ", program.ErrorText);
    }

    [Theory]
    [InlineData("--url")]
    [InlineData("--url", "http://example.org/")]
    [InlineData("--url", "http://127.0.0.1:1/", "--seconds", "x")]
    [InlineData("--uri", "http://127.0.0.1:1/")]
    public async Task Bad_usage_ends_in_exit_code_2_and_one_line(params string[] arguments)
    {
        using var program = Start(pipeInput: false, arguments);

        Assert.Equal(2, (await program.ExitAsync()).Code);
        Assert.Matches("^loadclient: [^\n]*$", program.ErrorText);
    }

    private static ProgramUnderTest Start(bool pipeInput, params string[] arguments) =>
        ProgramUnderTest.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "loadclient.dll"), .. arguments], new ProgramOptions { PipeInput = pipeInput });
}
