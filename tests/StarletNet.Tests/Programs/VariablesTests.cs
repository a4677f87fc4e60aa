using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>Variables that look like options.</summary>
public sealed class VariablesTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    private static readonly ProgramOptions Misspelt = new()
    {
        Environment = new Dictionary<string, string> { ["STARLETNET_MAX_WORKER"] = "3", ["STARLETNET_SERVICE_PORT"] = "80", ["STARLETNET_SERVICE_HOST"] = "10.0.0.1" },
    };

    private static readonly string[] Warnings =
    [
        "warning: the variable STARLETNET_MAX_WORKER sets no option; did you mean STARLETNET_MAX_WORKERS?",
        "warning: variables that set no option: STARLETNET_SERVICE_HOST, STARLETNET_SERVICE_PORT",
    ];

    [Fact]
    public async Task Those_that_set_nothing_are_told_at_the_start_which_goes_on()
    {
        var master = _test.Run(["-l", "127.0.0.1:0", "-w1", _test.Application, _test.Behaviour], Misspelt);

        await master.LineAsync("serving .* with 1 workers");

        Assert.Equal(Warnings, Told(master));
        Assert.Equal(0, (await master.StopAsync()).Code);
    }

    [Fact]
    public async Task And_where_a_configuration_is_checked()
    {
        var check = _test.Run(["--check-config"], Misspelt);

        Assert.Equal(0, (await check.ExitAsync()).Code);
        Assert.Equal(Warnings, Told(check));
    }

    private static IEnumerable<string> Told(ProgramUnderTest program) =>
        program.Lines.Where(line => line.Text.Contains(": warning: ", StringComparison.Ordinal)).Select(line => line.Text[line.Text.IndexOf("warning: ", StringComparison.Ordinal)..]);
}
