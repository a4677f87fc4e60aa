using StarletNet.TestKit;
using StartServer.CommandLine;
using StartServer.Generations;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision;

/// <summary>Who decides: a file of the envdir, the option, the variable start_server was started with, the default.</summary>
public sealed class CurrentPolicyTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    private (CurrentPolicy Policy, ProgramEnvironment Environment) Start(string? inherited, params string[] options)
    {
        var variables = new Dictionary<string, string> { ["KEPT"] = "inherited" };
        if (inherited is not null) variables["KILL_OLD_DELAY"] = inherited;
        var given = Assert.IsType<StartServerOptions>(StartServerOptions.Parse([.. options, "--envdir", _scratch.Path, "p"], variables.GetValueOrDefault));
        var environment = new ProgramEnvironment(variables, given.Twins, given.EnvDirectory);
        return (new CurrentPolicy(given.Policy, environment), environment);
    }

    [Theory]
    [InlineData(0, null, null, null)]
    [InlineData(1, null, null, "1")]
    [InlineData(2, null, "2", "1")]
    [InlineData(3, "3", "2", "1")]
    [InlineData(3, "3", null, null)]
    [InlineData(0, "\n", "2", "1")]
    public void File_then_option_then_inherited_then_default(int seconds, string? file, string? option, string? inherited)
    {
        if (file is not null) _scratch.Write("KILL_OLD_DELAY", file);
        var (policy, environment) = Start(inherited, option is null ? [] : ["--kill-old-delay", option]);
        using (environment)
        {
            Assert.Equal(TimeSpan.FromSeconds(seconds), policy.Value.KillOldDelay);
            Assert.Equal(file?.Trim() ?? option ?? inherited, environment.Variables().GetValueOrDefault("KILL_OLD_DELAY"));
        }
    }

    [Fact]
    public void A_file_that_is_gone_uncovers_what_lies_below_it()
    {
        var file = _scratch.Write("KILL_OLD_DELAY", "3");
        _scratch.Write("KEPT", "covered");
        _scratch.Write("OURS", "x");
        var (policy, environment) = Start("1", "--kill-old-delay", "2");
        using (environment)
        {
            Assert.Equal(("covered", "x"), (environment["KEPT"], environment["OURS"]));
            foreach (var name in new[] { "KILL_OLD_DELAY", "KEPT", "OURS" }) File.Delete(_scratch.File(name));
            Assert.True(policy.Reread());
            Assert.Equal(TimeSpan.FromSeconds(2), policy.Value.KillOldDelay);
            Assert.Equal(("inherited", null), (environment["KEPT"], environment["OURS"]));
            Assert.False(policy.Reread());
        }
    }

    [Fact]
    public void A_malformed_value_changes_nothing_and_the_next_good_one_does()
    {
        _scratch.Write("KILL_OLD_DELAY", "3");
        var (policy, environment) = Start(null);
        using (environment)
        {
            foreach (var bad in new[] { "soon", "-1", "1.5", "3 " })
            {
                _scratch.Write("KILL_OLD_DELAY", bad);
                Assert.False(policy.Reread());
                Assert.Equal(TimeSpan.FromSeconds(3), policy.Value.KillOldDelay);
            }
            _scratch.Write("KILL_OLD_DELAY", "4");
            Assert.True(policy.Reread());
            Assert.Equal(TimeSpan.FromSeconds(4), policy.Value.KillOldDelay);
        }
    }

    [Fact]
    public void The_program_sees_the_options_and_the_directory_but_not_what_is_said_to_us_alone()
    {
        _scratch.Write("LISTEN_FDS", "5");
        _scratch.Write("NOTIFY_SOCKET", "@elsewhere");
        var (_, environment) = Start(null, "--kill-old-delay=7");
        using (environment)
        {
            var seen = environment.Variables();
            Assert.Equal(("7", _scratch.Path, "inherited"), (seen["KILL_OLD_DELAY"], seen["ENVDIR"], seen["KEPT"]));
            Assert.All(["LISTEN_FDS", "NOTIFY_SOCKET"], name => Assert.DoesNotContain(name, seen.Keys));
        }
    }
}
