using System.Text;
using StarletNet.Master.Applications;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Applications;

public sealed class ApplicationFinderTests : IDisposable
{
    private const string AspNetCore = """{"runtimeOptions":{"tfm":"net8.0","frameworks":[{"name":"Microsoft.NETCore.App","version":"8.0.0"},{"name":"Microsoft.AspNetCore.App","version":"8.0.0"}]}}""";
    private const string SelfContained = """{"runtimeOptions":{"includedFrameworks":[{"name":"Microsoft.AspNetCore.App","version":"8.0.0"}]}}""";

    private readonly ScratchDirectory _scratch = new();
    private readonly Dictionary<string, string> _environment = [];

    public ApplicationFinderTests()
    {
        Directory.CreateDirectory(_scratch.File("sdk"));
        _scratch.Write("sdk/dotnet", "#!/bin/sh\n", executable: true);
        _environment["DOTNET_ROOT"] = _scratch.File("sdk");
    }

    public void Dispose() => _scratch.Dispose();

    private string Dotnet => _scratch.File("sdk/dotnet");

    private void Publish(string name, string config, string directory = "")
    {
        Directory.CreateDirectory(_scratch.File(directory));
        _scratch.Write(Path.Combine(directory, $"{name}.dll"), "MZ");
        _scratch.Write(Path.Combine(directory, name), "ELF", executable: true);
        _scratch.Write(Path.Combine(directory, $"{name}.runtimeconfig.json"), config);
    }

    private Application Find(string? given) => new ApplicationFinder(_scratch.Path, _environment.GetValueOrDefault).Find(given);

    private string Refusal(string? given, int code = ExitCodes.Failure)
    {
        var error = Assert.Throws<OperatorException>(() => Find(given));
        Assert.Equal(code, error.ExitCode);
        Assert.DoesNotContain('\n', error.Message);
        return error.Message;
    }

    [Fact]
    public void An_assembly_is_run_by_dotnet()
    {
        Publish("web", AspNetCore);

        var application = Find("web.dll");

        Assert.Equal(Dotnet, application.Program);
        Assert.Equal(["exec", _scratch.File("web.dll")], application.LeadingArguments);
    }

    [Fact]
    public void The_executable_beside_it_means_the_same_application()
    {
        Publish("web", AspNetCore);

        Assert.Equal(["exec", _scratch.File("web.dll")], Find("web").LeadingArguments);
    }

    [Fact]
    public void A_directory_means_the_one_application_in_it()
    {
        Publish("web", AspNetCore, "release");

        Assert.Equal(_scratch.File("release/web.dll"), Find("release").Path);
    }

    [Fact]
    public void A_directory_with_two_applications_is_refused_with_their_names()
    {
        Publish("one", AspNetCore, "release");
        Publish("two", AspNetCore, "release");

        Assert.Contains("one.runtimeconfig.json, two.runtimeconfig.json", Refusal("release"));
    }

    [Fact]
    public void A_directory_with_none_is_refused() => Assert.Contains("holds no published application", Refusal("sdk"));

    [Fact]
    public void A_self_contained_application_is_run_by_its_own_executable()
    {
        Publish("web", SelfContained);
        _environment["DOTNET_ROOT"] = "/nowhere";

        var application = Find("web.dll");

        Assert.Equal(_scratch.File("web"), application.Program);
        Assert.Empty(application.LeadingArguments);
    }

    [Fact]
    public void Without_a_name_it_is_app_dll_here()
    {
        Assert.Contains("no application given", Refusal(null, ExitCodes.Usage));

        Publish("app", AspNetCore);

        Assert.Equal(_scratch.File("app.dll"), Find(null).Path);
    }

    [Fact]
    public void A_link_is_followed_anew_each_time()
    {
        Publish("web", AspNetCore, "r1");
        Publish("web", AspNetCore, "r2");
        SymbolicLink.Switch(_scratch.File("current"), _scratch.File("r1"));
        Assert.Equal(_scratch.File("r1/web.dll"), Find("current/web.dll").Path);

        SymbolicLink.Switch(_scratch.File("current"), _scratch.File("r2"));

        Assert.Equal(_scratch.File("r2/web.dll"), Find("current/web.dll").Path);
    }

    [Fact]
    public void Our_own_program_is_no_application() => Assert.EndsWith(" is starletnet itself; name the application to serve", Refusal("/proc/self/exe"));

    [Fact]
    public void A_missing_file_is_refused_with_the_reason() => Assert.Contains("cannot find the application gone.dll: No such file", Refusal("gone.dll"));

    [Fact]
    public void An_assembly_without_configuration_is_a_library_and_refused()
    {
        _scratch.Write("library.dll", "MZ");

        Assert.Contains("there is no library.runtimeconfig.json beside it", Refusal("library.dll"));
    }

    [Fact]
    public void A_program_that_is_not_managed_is_refused() => Assert.Contains("is not a managed application", Refusal("sdk/dotnet"));

    [Fact]
    public void A_console_program_is_refused()
    {
        Publish("tool", """{"runtimeOptions":{"framework":{"name":"Microsoft.NETCore.App","version":"8.0.0"}}}""");

        Assert.Contains("is not an ASP.NET Core application", Refusal("tool.dll"));
    }

    [Theory]
    [InlineData("false")]
    [InlineData("\"false\"")]
    public void A_trimmed_application_is_refused(string value)
    {
        Publish("web", AspNetCore.Replace("\"tfm\"", $"\"configProperties\":{{\"System.StartupHookProvider.IsSupported\":{value}}},\"tfm\"", StringComparison.Ordinal));

        Assert.Contains("was trimmed", Refusal("web.dll"));
        // The package alone does not help: what is not called has been cut out of it.
        _scratch.Write("StarletNet.Hosting.dll", "MZ");
        Assert.Contains("does not call UseStarletNet()", Refusal("web.dll"));
    }

    [Theory]
    [InlineData("\"System.GC.HeapHardLimit\":209715200", "System.GC.HeapHardLimit")]
    [InlineData("\"System.GC.Server\":true,\"System.GC.HeapHardLimitPercent\":30", "System.GC.HeapHardLimitPercent")]
    [InlineData("\"System.GC.HeapCount\":2", null)]
    public void An_application_may_limit_its_heap_itself(string properties, string? setting)
    {
        Publish("web", AspNetCore.Replace("\"tfm\"", $"\"configProperties\":{{{properties}}},\"tfm\"", StringComparison.Ordinal));

        Assert.Equal(setting, Find("web.dll").HeapLimit);
    }

    [Fact]
    public void A_trimmed_application_that_calls_us_runs()
    {
        Publish("web", SelfContained.Replace("\"included", "\"configProperties\":{\"System.StartupHookProvider.IsSupported\":false},\"included", StringComparison.Ordinal));
        WriteCaller("StarletNet.Hosting.dll", at: 100);

        Assert.Equal(_scratch.File("web"), Find("web.dll").Program);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(64 * 1024 - 7)]
    [InlineData(300_000)]
    public void Native_code_that_calls_us_runs_as_it_is(int at)
    {
        WriteCaller("native", at);

        var application = Find("native");

        Assert.Equal(_scratch.File("native"), application.Program);
        Assert.Empty(application.LeadingArguments);
    }

    [Fact]
    public void Native_code_that_does_not_is_refused()
    {
        // Its name as text is no call: this is how a script would hold it.
        _scratch.Write("native", EnvironmentNames.Listen, executable: true);

        Assert.Contains("must reference the package StarletNet.Hosting and call UseStarletNet()", Refusal("native"));
    }

    /// <summary>A file with what .NET code has in it that calls UseStarletNet().</summary>
    private void WriteCaller(string name, int at)
    {
        var file = _scratch.Write(name, "", executable: true);
        // As the native compiler packs it: without the last zero.
        File.WriteAllBytes(file, [.. new byte[at], .. Encoding.Unicode.GetBytes(EnvironmentNames.Listen)[..^1], 0x69, .. new byte[1000]]);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("")]
    public void A_configuration_that_is_no_json_is_refused(string text)
    {
        Publish("web", text);

        Assert.Contains("cannot read the runtime configuration", Refusal("web.dll"));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"runtimeOptions":3}""")]
    [InlineData("""{"runtimeOptions":{"frameworks":{"name":1}}}""")]
    public void A_configuration_of_another_shape_names_no_framework(string json)
    {
        Publish("web", json);

        Assert.Contains("is not an ASP.NET Core application", Refusal("web.dll"));
    }

    [Fact]
    public void Comments_and_trailing_commas_in_the_configuration_do_no_harm()
    {
        Publish("web", "// generated\n" + AspNetCore.Replace("]", ",]", StringComparison.Ordinal));

        Assert.Equal(Dotnet, Find("web.dll").Program);
    }

    [Fact]
    public void Dotnet_is_looked_for_in_root_then_host_path_then_path()
    {
        Publish("web", AspNetCore);
        _scratch.Write("host", "", executable: true);
        Directory.CreateDirectory(_scratch.File("bin"));
        _scratch.Write("bin/dotnet", "", executable: true);
        _environment["DOTNET_HOST_PATH"] = _scratch.File("host");
        _environment["PATH"] = $"/nowhere::{_scratch.File("bin")}";

        Assert.Equal(Dotnet, Find("web.dll").Program);
        _environment.Remove("DOTNET_ROOT");
        Assert.Equal(_scratch.File("host"), Find("web.dll").Program);
        _environment.Remove("DOTNET_HOST_PATH");
        Assert.Equal(_scratch.File("bin/dotnet"), Find("web.dll").Program);
        _environment["PATH"] = "/nowhere";
        Assert.Contains("cannot find the dotnet host", Refusal("web.dll"));
    }

    [Fact]
    public void A_single_file_is_run_as_it_is()
    {
        WriteBundle("web", AspNetCore, markerAt: 70_000);
        WriteBundle("tool", "{}", markerAt: 65_530);

        Assert.Equal(_scratch.File("web"), Find("web").Program);
        Assert.Empty(Find("web").LeadingArguments);
        Assert.Contains("is not an ASP.NET Core application", Refusal("tool"));
    }

    [Fact]
    public void A_single_file_that_was_cut_off_is_refused()
    {
        WriteBundle("web", AspNetCore, markerAt: 100);
        using (var file = File.OpenWrite(_scratch.File("web"))) file.SetLength(200);

        Assert.Contains("is not a managed application", Refusal("web"));
    }

    /// <summary>The parts of a bundle that the host reads: the marker with the header's offset before it, the header, the configuration.</summary>
    private void WriteBundle(string name, string config, int markerAt)
    {
        byte[] signature = [0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38, 0x72, 0x7b, 0x93, 0x02, 0x14, 0xd7, 0xa0, 0x32, 0x13, 0xf5, 0xb9, 0xe6, 0xef, 0xae, 0x33, 0x18, 0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3, 0x6a, 0xae];
        var path = _scratch.Write(name, "", executable: true);
        using var writer = new BinaryWriter(File.OpenWrite(path));
        writer.Write(new byte[markerAt]);
        writer.Write(markerAt + 8L + signature.Length);
        writer.Write(signature);
        writer.Write(6u);
        writer.Write(0u);
        writer.Write(1);
        writer.Write("bundle-id");
        writer.Write(0L);
        writer.Write(0L);
        writer.Flush();
        writer.Write(writer.BaseStream.Position + 16);
        writer.Write((long)config.Length);
        writer.Write(config.ToCharArray());
    }
}
