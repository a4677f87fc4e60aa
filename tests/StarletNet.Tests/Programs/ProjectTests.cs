using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>--project and app.cs, with an SDK of which a script plays the part: what a build does stands in a file.</summary>
public sealed class ProjectTests : IDisposable
{
    private readonly MasterUnderTest _test = new();
    private readonly string _copies;
    private readonly string _project;

    public ProjectTests()
    {
        _copies = Directory.CreateDirectory(_test.File("copies")).FullName;
        _project = Directory.CreateDirectory(_test.File("project")).FullName;
        Directory.CreateDirectory(_test.File("tools/sdk/10.0.100"));
        Directory.CreateDirectory(_test.File("tmp"));
        _test.Write("project/web.csproj", "<Project/>");
        _test.Write("project/Program.cs", "");
        _test.Write("tools/dotnet", $"""
            #!/bin/sh
            [ "$1" = build ] || exec '{SystemPrograms.Find("dotnet")}' "$@"
            for word; do case $word in -getResultOutputFile:*) answer=$(echo "$word" | cut -d: -f2-) ;; esac; done
            echo "$*" >> '{_test.File("asked")}'
            . '{_test.File("build")}'
            """, executable: true);
        Builds();
    }

    public void Dispose() => _test.Dispose();

    private void Builds() => _test.Write("build", $"""
        mkdir -p '{_test.File("out")}' && cp '{_test.File("app")}'/* '{_test.File("out")}' && echo '{_test.File("out/FakeWorker.dll")}' > "$answer"
        """);

    private void Fails() => _test.Write("build", "echo 'Program.cs(3,1): error CS1002: ; expected'; exit 1");

    private ProgramUnderTest Start(params string[] options) => _test.Run(
        ["-l", "127.0.0.1:0", "-w1", "--shadow-dir", _copies, .. options],
        new ProgramOptions
        {
            Environment = new Dictionary<string, string>
            {
                ["PATH"] = _test.File("tools") + ":/usr/bin:/bin",
                ["DOTNET_ROOT"] = "",
                ["TMPDIR"] = _test.File("tmp"),
            },
        });

    private ProgramUnderTest StartProject(params string[] options) => Start([.. options, "--project", _project, _test.Behaviour, "more"]);

    [Fact]
    public async Task A_project_is_built_and_served_from_a_copy_in_its_own_directory_for_development()
    {
        _test.Behave("environment");
        var master = StartProject();

        await master.LineAsync("building .*/project/web.csproj");
        await master.LineAsync("begins: more$");
        await master.LineAsync($"cwd {_project}$");
        await master.LineAsync("env ASPNETCORE_ENVIRONMENT=Development$");
        await master.LineAsync("serving .*/out/FakeWorker.dll with 1 workers");
        Assert.Contains(master.Family, process => process.Command.Contains("/copies/starletnet-copy-", StringComparison.Ordinal));
        Assert.StartsWith($"build {_project}/web.csproj -nologo", File.ReadAllText(_test.File("asked")));
        Assert.Equal(0, (await master.StopAsync()).Code);
        Assert.Empty(Directory.GetDirectories(_test.File("tmp")));
    }

    [Fact]
    public async Task A_build_that_fails_is_shown_and_the_running_workers_go_on()
    {
        var master = StartProject("--reload");
        await master.LineAsync("serving");

        Fails();
        Directory.CreateDirectory(_test.File("project/obj"));
        _test.Write("project/Program.cs", "mistake");
        await master.LineAsync("/project/Program.cs has changed");
        await master.LineAsync("^Program.cs\\(3,1\\): error CS1002");
        await master.LineAsync("no restart: the build of .*/web.csproj failed \\(exit code 1\\); the running workers go on serving");
        Assert.Contains("gen=1", await MasterUnderTest.AskAsync(master));

        Builds();
        _test.Write("project/Program.cs", "right");
        await master.LineAsync("restart done: all workers are of generation 2");
        await MasterUnderTest.AnsweredByAsync(master, 2);
    }

    [Fact]
    public async Task A_first_build_that_fails_ends_the_start()
    {
        Fails();
        var master = StartProject();

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Contains("error CS1002", master.ErrorText);
        Assert.Matches("starletnet: the build of .*/web.csproj failed", master.ErrorText);
        await master.NothingLeftAsync();
    }

    [Fact]
    public async Task A_dotnet_that_cannot_be_executed_is_named_with_the_reason()
    {
        _test.Write("tools/dotnet", "#!/no/such/interpreter\n", executable: true);
        var master = StartProject();

        await master.LineAsync($"^starletnet: cannot execute {_test.File("tools/dotnet")}: No such file or directory$");
        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Empty(Directory.GetFileSystemEntries(_test.File("tmp")));
    }

    [Fact]
    public async Task Term_during_the_first_build_ends_both()
    {
        _test.Write("build", "echo begun > '" + _test.File("begun") + "'; sleep 1000");
        var master = StartProject();
        await Eventually.TrueAsync(() => File.Exists(_test.File("begun")), "the build has begun");

        Assert.Equal(0, (await master.StopAsync()).Code);
        await master.NothingLeftAsync();
        Assert.Empty(Directory.GetDirectories(_test.File("tmp")));
    }

    [Fact]
    public async Task A_file_of_code_is_built_and_watched_alone()
    {
        _test.Write("web.cs", "");
        var master = Start("--reload", _test.File("web.cs"), _test.Behaviour);
        await master.LineAsync("serving");
        Assert.StartsWith($"build {_test.File("web.cs")} ", File.ReadAllText(_test.File("asked")));

        _test.Write("other.cs", "");
        _test.Write("web.cs", "changed");

        await master.LineAsync("/web.cs has changed");
        await master.LineAsync("restart done: all workers are of generation 2");
        Assert.DoesNotContain(master.Lines, line => line.Text.Contains("other.cs", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_an_sdk_it_says_what_is_missing()
    {
        Directory.Delete(_test.File("tools/sdk"), recursive: true);
        var master = StartProject();

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Matches("to build .* takes the .NET SDK, and .*/tools/dotnet has none .*install it, or serve the output of dotnet publish", master.ErrorText);
    }

    [Theory]
    [InlineData("cannot find the project", "--project", "/no/such/project")]
    [InlineData("holds no project: there is no \\*.csproj in it", "--project", "/usr/bin")]
    [InlineData("cannot find the application /no/such.cs", "/no/such.cs")]
    public async Task What_is_no_project_is_refused(string message, params string[] arguments)
    {
        var refused = Start(arguments);

        Assert.Equal(1, (await refused.ExitAsync()).Code);
        Assert.Matches(message, refused.ErrorText);
    }

    [Theory]
    [InlineData("give one of them", "--project", ".", "--app", "x.dll")]
    [InlineData("would be built by who starts starletnet", "--project", ".", "--user", "nobody")]
    public async Task What_does_not_go_with_it_is_refused(string message, params string[] arguments)
    {
        var refused = Start(arguments);

        Assert.Equal(2, (await refused.ExitAsync()).Code);
        Assert.Contains(message, refused.ErrorText);
    }
}
