using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>Rules of the house that no compiler checks.</summary>
public sealed class HouseTests
{
    private const string MissingLibC = "src/Shared/Interop/LibC.Missing.cs";

    [Fact]
    public void Libc_is_declared_where_tmds_libc_lacks_it_and_where_no_package_may_be() =>
        Assert.All(Sources("src"), file => Assert.True(
            file == MissingLibC || file.StartsWith("src/StarletNet.Hosting/Interop/", StringComparison.Ordinal) || !Regex.IsMatch(Text(file), @"\[(LibraryImport|DllImport)\("), file));

    [Fact]
    public void What_tmds_libc_declares_is_not_declared_again()
    {
        var declared = Regex.Matches(Text(MissingLibC), @"internal static (?:extern )?\S+ (\w+)(?:\(| =>)").Select(match => match.Groups[1].Value).ToArray();

        Assert.True(declared.Length > 60, string.Join(' ', declared));
        Assert.Empty(declared.Intersect(typeof(Tmds.Linux.LibC).GetMembers().Select(member => member.Name)));
    }

    /// <summary>CliWrap reaps by the process class, and so may not be where the master's loop is.</summary>
    [Fact]
    public void Commands_are_run_by_cliwrap_in_a_role_of_their_own_alone() =>
        Assert.Equal(["src/StarletNet/Applications/BuildRole.cs"], Sources("src").Where(file => Regex.IsMatch(Text(file), @"\busing CliWrap\b|\bCli\.Wrap\(")));

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
    public async Task The_readme_names_every_option_and_its_default(string program, string from, string to)
    {
        using var help = ProgramUnderTest.Start(Path.Combine(Artifacts.Bin, program), ["--help", "all"]);
        Assert.Equal(0, (await help.ExitAsync()).Code);
        var readme = Text("README.md");
        var section = readme[readme.IndexOf(from, StringComparison.Ordinal)..readme.IndexOf(to, StringComparison.Ordinal)];

        var options = OptionsOf(help.OutputText);
        Assert.True(options.Length > 10, help.OutputText);
        // As whole words, in a row of their own: --ssl is not named by --ssl-cert.
        var named = Rows(section).SelectMany(cells => Regex.Matches(cells[1], @"(?<![\w-])--?\w[\w-]*").Select(match => match.Value)).ToHashSet();
        Assert.All(options.SelectMany(option => option.Names), name => Assert.Contains(name, named));

        var compared = 0;
        foreach (var (name, said) in DefaultsOf(section))
        {
            // What takes more than a word to say may be said in other words.
            var (real, word) = (options.Single(option => option.Names.Contains(name)).Default, Word(said));
            if (real is null) Assert.True(word is null or "none" or "off" or "stay", $"{name}: {said}");
            else Assert.True(Word(real) == word, $"{name}: {said}, and {real}");
            compared++;
        }
        Assert.True(compared > 20, section);
    }

    /// <summary>Names, aliases and default of each option, as the help has them, which is made from the table of options.</summary>
    private static (string[] Names, string? Default)[] OptionsOf(string help) =>
    [
        .. Regex.Matches(help, @"^  (-.*)\n((?:      .*\n?)*)", RegexOptions.Multiline).Select(option =>
        {
            var names = Regex.Matches(option.Groups[1].Value, @"(?<![\w-])--?[A-Za-z][\w-]*").Select(match => match.Value).ToArray();
            var shown = Regex.Match(Regex.Replace(option.Groups[2].Value, @"\s+", " "), @"Default: (.*?)\.(?: |$)");
            return (names, shown.Success ? shown.Groups[1].Value : null);
        }),
    ];

    // A bar with a backslash is a part of the text.
    private static IEnumerable<string[]> Rows(string section) =>
        section.Split('\n').Where(line => line.StartsWith("| `-", StringComparison.Ordinal)).Select(line => Regex.Split(line, @"(?<!\\)\|"));

    /// <summary>Of the rows of a table that have as many defaults as options.</summary>
    private static IEnumerable<(string Name, string Default)> DefaultsOf(string section)
    {
        foreach (var cells in Rows(section))
        {
            var names = Regex.Matches(Regex.Replace(cells[1], @"\(.*?\)", ""), @"(?<![\w-])--[a-z][\w-]*").Select(match => match.Value).ToArray();
            var defaults = cells[2].Trim().Split(';');
            if (names.Length != defaults.Length || cells[2].Trim().Length == 0) continue;
            for (var option = 0; option < names.Length; option++) yield return (names[option], defaults[option].Trim());
        }
    }

    // "0: never" is 0; null: it takes more words than one.
    private static string? Word(string text) => Regex.Match(text, @"^`?([\w.]+)`?(?::|$)") is { Success: true } word ? word.Groups[1].Value : null;

    [Theory]
    [InlineData("start_server")]
    [InlineData("starletnet")]
    public async Task The_manual_page_has_every_option_of_the_help_and_groff_has_no_complaint(string program)
    {
        using var help = ProgramUnderTest.Start(Path.Combine(Artifacts.Bin, program), ["--help", "all"]);
        await help.ExitAsync();
        using var page = ProgramUnderTest.Start(Path.Combine(Artifacts.Bin, program), ["--man"]);
        Assert.Equal(0, (await page.ExitAsync()).Code);
        Assert.Equal(Regex.Count(help.OutputText, "^  -", RegexOptions.Multiline), Regex.Count(page.OutputText, @"^\.B \\-", RegexOptions.Multiline));
        using var scratch = new ScratchDirectory();
        var groff = await SystemPrograms.RunAsync(Needs.Program("groff", "groff"), "-man", "-Tutf8", "-ww", "-z", scratch.Write("page.1", page.OutputText + "\n"));
        Assert.Equal((0, ""), (groff.ExitCode, groff.StandardError));
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

    /// <summary>The rest of the style is the analyzers' and <c>dotnet format whitespace</c>'s, which need no second build to say so.</summary>
    [Fact]
    public void Namespaces_are_imported_in_order_and_those_of_the_system_first() =>
        Assert.All(new[] { "src", "tests", "examples" }.SelectMany(Sources), file =>
        {
            var imports = Regex.Matches(Text(file), @"^(?:global )?using ((?:static )?(?:\w+ = )?[\w.]+);", RegexOptions.Multiline).Select(match => match.Groups[1].Value).ToArray();
            Assert.True(imports.SequenceEqual(imports.OrderBy(Place).ThenBy(name => name.Replace('.', '\u0001'), StringComparer.OrdinalIgnoreCase)), $"{file}: {string.Join(", ", imports)}");
        });

    private static int Place(string import) =>
        import.Contains('=', StringComparison.Ordinal) ? 3 : import.StartsWith("static ", StringComparison.Ordinal) ? 2 : import == "System" || import.StartsWith("System.", StringComparison.Ordinal) ? 0 : 1;

    [Fact]
    public void The_tests_that_the_architecture_names_exist()
    {
        var named = Regex.Matches(Text("ARCHITECTURE.md"), @"`(\w+Tests)\.(\w+)`").Select(match => (Class: match.Groups[1].Value, Method: match.Groups[2].Value)).ToArray();
        var tests = Sources("tests").Select(Text).ToArray();

        Assert.NotEmpty(named);
        Assert.All(named, test => Assert.Contains(tests, text => text.Contains($" class {test.Class}", StringComparison.Ordinal) && text.Contains($" {test.Method}(", StringComparison.Ordinal)));
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Artifacts.RepositoryRoot, folder), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Artifacts.RepositoryRoot, file))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));

    private static string Text(string file) => File.ReadAllText(Path.Combine(Artifacts.RepositoryRoot, file));
}
