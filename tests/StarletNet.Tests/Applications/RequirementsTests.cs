using StarletNet.Master.Applications;
using StarletNet.Shared.Errors;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Applications;

/// <summary>What can be known to fail before anything is started; and what must not be refused, because the host would run it.</summary>
public sealed class RequirementsTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly Dictionary<string, string> _environment = [];

    public RequirementsTests()
    {
        _scratch.Write("dotnet", "#!/bin/sh\n", executable: true);
        _environment["DOTNET_ROOT"] = _scratch.Path;
        foreach (var version in new[] { "8.0.20", "10.0.1" }) Directory.CreateDirectory(_scratch.File($"shared/Microsoft.AspNetCore.App/{version}"));
    }

    public void Dispose() => _scratch.Dispose();

    private string? Refusal(string version = "8.0.0", string more = "", string name = "Microsoft.AspNetCore.App", string? dependencies = null)
    {
        Directory.CreateDirectory(_scratch.File("app"));
        _scratch.Write("app/web.dll", "MZ");
        _scratch.Write("app/web.runtimeconfig.json",
            "{\"runtimeOptions\":{\"frameworks\":[" + (name == "Microsoft.AspNetCore.App" ? "" : "{\"name\":\"Microsoft.AspNetCore.App\",\"version\":\"8.0.0\"},")
            + $"{{\"name\":\"{name}\",\"version\":\"{version}\"}}]{more}}}}}");
        if (dependencies is not null) _scratch.Write("app/web.deps.json", dependencies);
        try
        {
            new ApplicationFinder(_scratch.Path, _environment.GetValueOrDefault).Find("app/web.dll");
            return null;
        }
        catch (OperatorException error)
        {
            Assert.True(error.IsLasting);
            Assert.Equal(ExitCodes.Failure, error.ExitCode);
            return error.Message;
        }
    }

    [Theory]
    [InlineData("8.0.0", "")]
    [InlineData("8.0.20", "")]
    [InlineData("8.0.0-rc.1", "")]
    [InlineData("9.0.0", ",\"rollForward\":\"Major\"")]
    [InlineData("9.0.0", ",\"rollForward\":\"latestmajor\"")]
    [InlineData("10.0.1", ",\"rollForward\":\"Disable\"")]
    [InlineData("9.0.0", ",\"rollForward\":\"of-the-future\"")]
    [InlineData("9.0.0", ",\"rollForwardOnNoCandidateFx\":2")]
    [InlineData("not a version", "")]
    public void A_runtime_that_the_host_would_take_is_taken(string version, string more) => Assert.Null(Refusal(version, more));

    [Theory]
    [InlineData("9.0.0", "")]
    [InlineData("8.0.21", "")]
    [InlineData("8.1.0", "")]
    [InlineData("11.0.0", ",\"rollForward\":\"Major\"")]
    [InlineData("10.0.0", ",\"rollForward\":\"Disable\"")]
    [InlineData("10.1.0", ",\"rollForward\":\"LatestPatch\"")]
    public void One_that_is_not_there_is_named_with_those_that_are(string version, string more) => Assert.Equal(
        $"{_scratch.File("app/web.dll")} needs Microsoft.AspNetCore.App {version}, and {_scratch.Path} has only 10.0.1, 8.0.20; install that runtime, or publish the application with --self-contained",
        Refusal(version, more));

    [Fact]
    public void The_environment_decides_too()
    {
        _environment["DOTNET_ROLL_FORWARD"] = "Major";
        Assert.Null(Refusal("9.0.0"));
        _environment["DOTNET_ROLL_FORWARD"] = "LatestPatch";
        Assert.NotNull(Refusal("8.1.0", ",\"rollForward\":\"Major\""));
        _environment["DOTNET_ROLL_FORWARD_ON_NO_CANDIDATE_FX"] = "2";
        Assert.Null(Refusal("9.0.0"));
    }

    [Fact]
    public void A_framework_of_which_there_is_nothing_is_missed() =>
        Assert.Contains("needs Other.App 1.0.0, and", Refusal("1.0.0", name: "Other.App"), StringComparison.Ordinal);

    [Fact]
    public void A_host_whose_runtimes_are_elsewhere_is_believed()
    {
        Directory.Delete(_scratch.File("shared"), recursive: true);
        Assert.Null(Refusal("99.0.0"));
    }

    [Fact]
    public void What_is_for_windows_is_said_to_be() => Assert.Equal(
        $"{_scratch.File("app/web.dll")} needs the framework Microsoft.WindowsDesktop.App, which exists for Windows alone; build it without UseWPF and UseWindowsForms",
        Refusal(name: "Microsoft.WindowsDesktop.App"));

    private const string Dependencies = """
        {"runtimeTarget":{"name":".NETCoreApp,Version=v8.0"},"targets":{"other":{"x/1":{"runtime":{"not-this.dll":{}}}},".NETCoreApp,Version=v8.0":{
          "web/1.0.0":{"runtime":{"web.dll":{}}},
          "Some.Package/13.0.1":{"runtime":{"lib/net6.0/Some.Package.dll":{"assemblyVersion":"13.0.0.0"}},"resources":{"lib/de/Some.resources.dll":{}}},
          "Moved/1.0.0":{"runtime":{"lib/net6.0/Moved.dll":{"localPath":"sub/Moved.dll"}}},
          "Empty/1.0.0":{"runtime":{"lib/net6.0/_._":{}}},"None/1.0.0":{}}},"libraries":{}}
        """;

    [Fact]
    public void A_file_that_the_list_of_dependencies_names_is_missed()
    {
        Assert.Equal(
            $"{_scratch.File("app/web.dll")} cannot start: Some.Package.dll (and 1 more), which web.deps.json names, is not in {_scratch.File("app")}; publish it again, and copy all of it",
            Refusal(dependencies: Dependencies));
        _scratch.Write("app/Some.Package.dll", "MZ");
        Directory.CreateDirectory(_scratch.File("app/sub"));
        _scratch.Write("app/sub/Moved.dll", "MZ");
        Assert.Null(Refusal(dependencies: Dependencies));
    }

    [Fact]
    public void Where_the_host_looks_elsewhere_nothing_is_missed()
    {
        Assert.Null(Refusal(more: ",\"additionalProbingPaths\":[\"/x\"]", dependencies: Dependencies));
        _scratch.Write("app/web.runtimeconfig.dev.json", """{"runtimeOptions":{"additionalProbingPaths":["/x"]}}""");
        Assert.Null(Refusal(dependencies: Dependencies));
        File.Delete(_scratch.File("app/web.runtimeconfig.dev.json"));
        _environment["DOTNET_SHARED_STORE"] = "/x";
        Assert.Null(Refusal(dependencies: Dependencies));
        Assert.Null(Refusal(dependencies: "not JSON"));
    }
}
