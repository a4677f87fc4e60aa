using StarletNet.Master.Options;
using StarletNet.Shared.Contract;

namespace StarletNet.Master.Tests.Options;

public sealed class UnknownVariablesTests
{
    [Theory]
    [InlineData("STARLETNET_MAX_WORKER", "STARLETNET_MAX_WORKERS")]
    [InlineData("STARLETNET_max_workers", "STARLETNET_MAX_WORKERS")]
    [InlineData("STARLETNET_WORKER_TIMEUOT", "STARLETNET_WORKER_TIMEOUT")]
    [InlineData("STARLETNET_CONFIGS", "STARLETNET_CONFIG")]
    // Another name of an option is none of its variable.
    [InlineData("STARLETNET_PID_FILE", "STARLETNET_PID")]
    [InlineData("STARLETNET_HARAKIRI", "STARLETNET_REQUEST_TIMEOUT")]
    // Ours, if there is a worker around us; there is none.
    [InlineData("STARLETNET_WORKERS", "STARLETNET_MAX_WORKERS")]
    // Options that no variable is read for.
    [InlineData("STARLETNET_VERSION", null)]
    [InlineData("STARLETNET_SERVICE_HOST", null)]
    [InlineData("STARLETNET_PORT_5000_TCP_ADDR", null)]
    [InlineData("STARLETNET_", null)]
    public void One_that_sets_nothing_is_found_with_the_nearest_that_does(string variable, string? nearest) =>
        Assert.Equal([(variable, nearest)], UnknownVariables.Of(["PATH", variable, "STARLETNET_MAX_WORKERS", "MY_STARLETNET_THING"]));

    [Fact]
    public void What_the_programs_tell_one_another_is_known()
    {
        string[] ours =
        [
            .. EnvironmentNames.WorkerPrivate, EnvironmentNames.WorkerSlot, EnvironmentNames.Workers, EnvironmentNames.Generation,
            "STARLETNET_SAVED_DOTNET_STARTUP_HOOKS", "STARLETNET_WORKER_PID", "STARLETNET_WORKER_STATUS", "STARLETNET_WORKER_REASON", "STARLETNET_WORKER_REQUESTS",
        ];

        Assert.Empty(UnknownVariables.Of(ours));
    }

    [Fact]
    public void So_is_what_sets_an_option() =>
        Assert.Empty(UnknownVariables.Of([.. OptionTable.Entries.Where(entry => !entry.IsCommand).Select(entry => MasterOption.Twin(entry.Name)), "STARLETNET_CONFIG", "STARLETNET_DEBUG"]));
}
