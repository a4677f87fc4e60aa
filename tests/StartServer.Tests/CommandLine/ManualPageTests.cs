using System.Text.RegularExpressions;
using StartServer.CommandLine;

namespace StarletNet.StartServer.Tests.CommandLine;

public sealed class ManualPageTests
{
    [Fact]
    public void The_short_help_fits_a_screen_and_names_options_that_there_are()
    {
        var lines = ManualPage.Short.TrimEnd('\n').Split('\n');
        Assert.InRange(lines.Length, 20, 60);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 100));
        var names = Regex.Matches(ManualPage.Short, @"(?<![\w-])--(\w[\w-]*)").Select(match => match.Groups[1].Value).Distinct().ToArray();
        Assert.True(names.Length > 15, ManualPage.Short);
        Assert.All(names, name => Assert.Contains(OptionTable.Options, option => option.Name == name));
    }

    [Fact]
    public void The_examples_are_command_lines_that_are_accepted()
    {
        var examples = Regex.Matches(ManualPage.Short, @"^  \$ start_server (.*)$", RegexOptions.Multiline).Select(match => match.Groups[1].Value.Split(' ')).ToArray();
        Assert.Equal(3, examples.Length);
        Assert.IsType<StartServerOptions>(StartServerOptions.Parse(examples[0], _ => null));
        Assert.IsType<RestartByControl>(StartServerOptions.Parse(examples[1], _ => null));
        Assert.IsType<ListByControl>(StartServerOptions.Parse(examples[2], _ => null));
    }

    [Fact]
    public void The_long_help_has_every_option_and_what_an_operator_looks_up()
    {
        Assert.All(OptionTable.Options, option => Assert.Contains($"\n  --{option.Name}", ManualPage.Text, StringComparison.Ordinal));
        foreach (var heading in new[] { "Examples", "Signals to start_server", "Exit codes", "Files", "See also" })
            Assert.Contains($"\n{heading}:\n", ManualPage.Text, StringComparison.Ordinal);
        // No other option comes behind those for other command lines.
        Assert.Equal("Compatibility with Server::Starter", Regex.Matches(ManualPage.Text, "^(\\S.*):\n  --", RegexOptions.Multiline)[^1].Groups[1].Value);
    }

    [Theory]
    [InlineData(false, "--help")]
    [InlineData(true, "--help", "all")]
    [InlineData(true, "--help=all")]
    [InlineData(true, "-h=all")]
    public void All_is_shown_to_those_who_ask_for_it(bool all, params string[] words) => Assert.Equal(new ShowHelp(all), StartServerOptions.Parse(words, _ => null));

    [Fact]
    public void An_unknown_shell_is_refused()
    {
        Assert.Equal(new ShowCompletion("fish"), StartServerOptions.Parse(["--completion", "fish"], _ => null));
        Assert.Equal("invalid ``completion'' value:tcsh: it must be bash, zsh, fish",
            Assert.Throws<Shared.Errors.OperatorException>(() => StartServerOptions.Parse(["--completion=tcsh"], _ => null)).Message);
    }
}
