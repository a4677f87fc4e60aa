using StarletNet.Shared.Interop;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>Where workers start, and by which path Data Protection knows the application.</summary>
public sealed class ContentRootTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    private ProgramUnderTest Run(string application, ProgramOptions? options = null, params string[] more)
    {
        _test.Behave("environment");
        return _test.Run(["-l", "127.0.0.1:0", .. more, application, _test.Behaviour], options);
    }

    [Fact]
    public async Task Workers_start_in_the_applications_directory_wherever_the_command_is_given()
    {
        var master = Run(_test.Application, new ProgramOptions { WorkingDirectory = "/" });
        await master.LineAsync($"^cwd {_test.File("app")}$");
        await master.LineAsync("serving");
        Assert.DoesNotContain("STARLETNET_WORKER_IDENTITY", master.OutputText);

        // A relative path is relative to where the command is given; a directory is addressed itself.
        var relative = Run("app", new ProgramOptions { WorkingDirectory = Path.GetDirectoryName(_test.File("app")) });
        await relative.LineAsync($"^cwd {_test.File("app")}$");
    }

    [Fact]
    public async Task A_release_link_is_resolved_for_each_generation_and_names_the_application()
    {
        _test.Release("releases/1");
        _test.Release("releases/2");
        SymbolicLink.Switch(_test.File("current"), _test.File("releases/1"));
        var master = Run(_test.File("current/FakeWorker.dll"), new ProgramOptions { WorkingDirectory = "/" });
        await master.LineAsync($"^cwd {_test.File("releases/1")}$");
        await master.LineAsync("serving");
        Assert.Contains($"env STARLETNET_WORKER_IDENTITY={_test.File("current")}", master.OutputText);

        SymbolicLink.Switch(_test.File("current"), _test.File("releases/2"));
        master.Send(UnixSignal.Hup);

        await master.LineAsync($"^cwd {_test.File("releases/2")}$");
        await master.LineAsync("restart done");
        Assert.Equal(2, master.Lines.Count(line => line.Text == $"env STARLETNET_WORKER_IDENTITY={_test.File("current")}"));
    }

    [Fact]
    public async Task The_option_comes_before_the_variables_and_these_before_the_application()
    {
        foreach (var name in new[] { "one", "two", "app/three" }) Directory.CreateDirectory(_test.File(name));
        var variables = new Dictionary<string, string> { ["ASPNETCORE_CONTENTROOT"] = _test.File("two"), ["DOTNET_CONTENTROOT"] = "/nowhere" };
        var above = Path.GetDirectoryName(_test.File("app"));

        var given = Run(_test.Application, new ProgramOptions { WorkingDirectory = above, Environment = variables }, "--content-root", "one");
        await given.LineAsync($"^cwd {_test.File("one")}$");
        await given.LineAsync("serving");
        Assert.DoesNotContain("_CONTENTROOT=", given.OutputText);

        var variable = Run(_test.Application, new ProgramOptions { WorkingDirectory = above, Environment = variables });
        await variable.LineAsync($"^cwd {_test.File("two")}$");
        await variable.LineAsync("^env DOTNET_CONTENTROOT=/nowhere$");

        // As .NET has it: relative to the application.
        variables = new Dictionary<string, string> { ["DOTNET_CONTENTROOT"] = "three" };
        var relative = Run(_test.Application, new ProgramOptions { WorkingDirectory = above, Environment = variables });
        await relative.LineAsync($"^cwd {_test.File("app/three")}$");
    }

    [Theory]
    [InlineData("none", "there is no such directory")]
    [InlineData("behaviour", "which is not a directory")]
    public async Task A_content_root_that_is_none_is_refused_before_a_worker_starts(string name, string why)
    {
        var master = Run(_test.Application, null, "--content-root", _test.File(name));

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Contains($"starletnet: --content-root is {_test.File(name)}, ", master.ErrorText);
        Assert.Contains(why, master.ErrorText);
        Assert.DoesNotContain("is starting", master.ErrorText);
    }

    [Fact]
    public async Task What_the_user_may_not_enter_is_named_before_a_worker_starts()
    {
        Assert.SkipUnless(LibC.geteuid() == 0, "needs root");
        _test.Release("closed/app");
        _test.Release("open");
        _test.LetOthersIn();
        File.SetUnixFileMode(_test.File("closed"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        SymbolicLink.Switch(_test.File("current"), _test.File("closed/app"));
        var reason = $"user nobody may not enter {_test.File("closed")}; allow it (chmod o+x {_test.File("closed")}), or use a directory that it may enter";

        foreach (var application in new[] { "closed/app", "current" })
        {
            var master = Run(_test.File($"{application}/FakeWorker.dll"), null, "--user", "nobody");
            Assert.Equal(1, (await master.ExitAsync()).Code);
            Assert.EndsWith($"cannot find the application {_test.File(application)}/FakeWorker.dll: {reason}", master.ErrorText, StringComparison.Ordinal);
            Assert.DoesNotContain("is starting", master.ErrorText);
        }

        var elsewhere = Run(_test.File("open/FakeWorker.dll"), null, "--user", "nobody", "--content-root", _test.File("closed/app"));
        Assert.Equal(1, (await elsewhere.ExitAsync()).Code);
        Assert.EndsWith($"starletnet: --content-root is {_test.File("closed/app")}, and {reason}", elsewhere.ErrorText, StringComparison.Ordinal);

        // Where the command is given does not matter.
        var serving = Run(_test.File("open/FakeWorker.dll"), new ProgramOptions { WorkingDirectory = _test.File("closed") }, "--user", "nobody");
        await serving.LineAsync("serving");
    }
}
