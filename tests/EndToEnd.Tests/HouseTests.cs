using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>Rules of the house that no compiler checks.</summary>
public sealed class HouseTests
{
    [Fact]
    public void Libc_is_declared_in_one_folder() =>
        Assert.All(Sources("src"), file => Assert.True(
            file.StartsWith("src/Shared/Interop/", StringComparison.Ordinal) || !Regex.IsMatch(Text(file), @"\[(LibraryImport|DllImport)\("), file));

    /// <summary>The one would reap our children behind our back, the other make threads of the runtime's that take signals away.</summary>
    [Fact]
    public void The_two_programs_never_use_the_process_class_or_signal_registrations() =>
        Assert.All(Sources("src/Shared").Concat(Sources("src/StartServer")).Concat(Sources("src/StarletNet")), file =>
        {
            var code = Regex.Replace(Text(file), "//.*", "");
            Assert.False(Regex.IsMatch(code, @"\bProcess\.Start\(|\bnew Process\(|\bPosixSignal(Registration)?\."), file);
        });

    [Theory]
    [InlineData("Shared")]
    [InlineData("StartServer", "Shared")]
    [InlineData("StarletNet", "Shared")]
    [InlineData("StarletNet.Hosting")]
    public void Projects_reference_only_what_is_below_them(string project, params string[] below)
    {
        var file = Text($"src/{project}/{project}.csproj");
        Assert.Equal(below, Regex.Matches(file, "<ProjectReference Include=\"[^\"]*/([^/\"]*)\\.csproj\"").Select(match => match.Groups[1].Value));
        // The hosting assembly lives in a process that is not ours.
        if (project == "StarletNet.Hosting") Assert.DoesNotContain("PackageReference", file);
    }

    [Theory]
    [InlineData("start_server", "## Options of start_server", "## Options of starletnet")]
    [InlineData("starletnet", "## Options of starletnet", "## Guarantees")]
    public async Task The_readme_names_every_option(string program, string from, string to)
    {
        using var help = ProgramUnderTest.Start(Path.Combine(Artifacts.Bin, program), ["--help"]);
        Assert.Equal(0, (await help.ExitAsync()).Code);
        var readme = Text("README.md");
        var section = readme[readme.IndexOf(from, StringComparison.Ordinal)..readme.IndexOf(to, StringComparison.Ordinal)];

        var names = Regex.Matches(help.OutputText, "^  (?:-., )?(--[a-z0-9-]+)", RegexOptions.Multiline).Select(match => match.Groups[1].Value).ToArray();

        Assert.True(names.Length > 10, help.OutputText);
        Assert.All(names, name => Assert.Matches($"{name}\\b", section));
    }

    [Theory]
    [InlineData("start_server")]
    [InlineData("starletnet")]
    public async Task The_manual_page_has_every_option_of_the_help_and_groff_has_no_complaint(string program)
    {
        using var help = ProgramUnderTest.Start(Path.Combine(Artifacts.Bin, program), ["--help"]);
        await help.ExitAsync();
        using var page = ProgramUnderTest.Start(Path.Combine(Artifacts.Bin, program), ["--man"]);
        Assert.Equal(0, (await page.ExitAsync()).Code);
        Assert.Equal(Regex.Count(help.OutputText, "^  -", RegexOptions.Multiline), Regex.Count(page.OutputText, @"^\.B \\-", RegexOptions.Multiline));
        using var scratch = new ScratchDirectory();
        using var groff = ProgramUnderTest.Start(Needs.Program("groff", "groff"), ["-man", "-Tutf8", "-ww", "-z", scratch.Write("page.1", page.OutputText + "\n")]);
        Assert.Equal((0, ""), ((await groff.ExitAsync()).Code, groff.ErrorText));
    }

    [Theory]
    [InlineData("src/StarletNet/Output/MasterLog.cs", @"\b(?:Announce|Information|Warning|Error|Write)\((\d+),")]
    [InlineData("src/StarletNet.Hosting/WorkerLog.cs", @"\[LoggerMessage\((\d+),")]
    public void No_two_events_of_a_log_have_the_same_number(string file, string number)
    {
        var numbers = Regex.Matches(Text(file), number).Select(match => match.Groups[1].Value).ToArray();

        Assert.True(numbers.Length > 5, file);
        Assert.Equal(numbers.Distinct(), numbers);
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Artifacts.RepositoryRoot, folder), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Artifacts.RepositoryRoot, file))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));

    private static string Text(string file) => File.ReadAllText(Path.Combine(Artifacts.RepositoryRoot, file));
}
