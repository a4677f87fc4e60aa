using System.Text.RegularExpressions;
using StarletNet.Master.Options;
using StarletNet.Shared.CommandLine;

namespace StarletNet.Master.Tests.Options;

public sealed class ManualPageTests
{
    [Fact]
    public void The_short_help_fits_a_screen_and_names_options_that_there_are()
    {
        var lines = ManualPage.Short.TrimEnd('\n').Split('\n');
        Assert.InRange(lines.Length, 20, 60);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 100));
        var options = ManualPage.Short[ManualPage.Short.IndexOf("Options that", StringComparison.Ordinal)..];
        var names = Regex.Matches(options, @"(?<![\w-])--([a-z][\w-]*)").Select(match => match.Groups[1].Value).Distinct().Except(["some-name"]).ToArray();
        Assert.True(names.Length > 15, options);
        Assert.All(names, name => Assert.Contains(OptionTable.Entries, entry => entry.Name == name || entry.Declared.Aliases.Contains(name)));
    }

    [Fact]
    public void The_examples_are_command_lines_that_are_accepted()
    {
        var examples = Regex.Matches(ManualPage.Short, @"^  \$ .*?starletnet (.*)$", RegexOptions.Multiline).Select(match => match.Groups[1].Value.Split(' ')).ToArray();
        Assert.Equal(3, examples.Length);
        Assert.All(examples, words =>
        {
            var options = new OptionsReader(new CommandLineParser(OptionTable.All, Dialect.Plack).Parse(words), _ => null, processors: 4).Read();
            Assert.EndsWith("app.dll", options.Application, StringComparison.Ordinal);
            Assert.Empty(options.ApplicationArguments);
        });
    }

    [Fact]
    public void The_long_help_has_what_an_operator_looks_up_and_the_rule_for_variables_once()
    {
        foreach (var heading in new[] { "Examples", "Environment", "Signals to the master", "Exit codes", "Files", "See also" })
            Assert.Contains($"\n{heading}:\n", ManualPage.Text, StringComparison.Ordinal);
        Assert.All(OptionTable.Entries, entry => Assert.Matches($@"\n  (-\w, )?(--[\w-]+, )*--{entry.Name}\b", ManualPage.Text));
        // The rule itself with its example, and the one that belongs to no option.
        Assert.InRange(Regex.Count(ManualPage.Text, "STARLETNET_"), 3, 6);
        Assert.Equal("Compatibility with plackup, Starlet, Starlight and Starman", Regex.Matches(ManualPage.Text, "^(\\S.*):\n  -", RegexOptions.Multiline)[^1].Groups[1].Value);
    }
}
