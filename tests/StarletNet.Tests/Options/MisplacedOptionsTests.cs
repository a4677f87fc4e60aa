using StarletNet.Master.Options;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;

namespace StarletNet.Master.Tests.Options;

public sealed class MisplacedOptionsTests
{
    private static string? Find(string commandLine)
    {
        var words = commandLine.Split(' ');
        return MisplacedOptions.Find(words, new CommandLineParser(OptionTable.All, Dialect.Plack).Parse(words));
    }

    [Theory]
    [InlineData("app.dll -p 80", "-p behind app.dll goes to the application: write it in front if starletnet is meant, or -- before the application if not (starletnet -- app.dll -p …)")]
    [InlineData("-w 2 app.dll --port=80", "--port=80 behind app.dll goes to the application")]
    [InlineData("app.dll serve -w4", "-w4 behind app.dll")]
    [InlineData("app.dll --max_workers 4", "--max_workers behind app.dll")]
    [InlineData("app.dll --urls http://*:80", "--urls behind app.dll goes to the application, which opens no address of its own here: write --listen ADDRESS in front of it")]
    [InlineData("--app app.dll --workers 4 x --listen 80", "--listen behind the application")]
    [InlineData("--project . -- --urls x", null)]
    public void An_option_of_ours_behind_the_application_is_named(string commandLine, string? says)
    {
        if (says is null) Assert.Null(Find(commandLine));
        else Assert.StartsWith(says, Find(commandLine), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("app.dll")]
    [InlineData("-p 80 app.dll")]
    // Its own options, and those that every program has.
    [InlineData("app.dll --tenant x -x --verbose --ConnectionStrings:Shop=y")]
    [InlineData("app.dll --help --version -v -q --config shop.json --env staging")]
    [InlineData("app.dll p 80 port")]
    [InlineData("app.dll -port 80")]
    [InlineData("app.dll - --")]
    [InlineData("app.dll -- -p 80")]
    [InlineData("-- app.dll -p 80")]
    [InlineData("-w 2 -- app.dll --urls http://*:80")]
    public void The_arguments_of_the_application_are_its_own(string commandLine) => Assert.Null(Find(commandLine));

    [Theory]
    [InlineData("--urls http://*:80", "option --urls is not supported: write --listen ADDRESS")]
    [InlineData("--bind 0.0.0.0:80", "option --bind is not supported: write --listen ADDRESS")]
    [InlineData("-b :80", "option -b is not supported: write --listen ADDRESS")]
    [InlineData("--threads 4", "option --threads is not supported: write --workers N")]
    [InlineData("--reload-dir src", "option --reload-dir is not supported: write --reload-dirs DIR,DIR (uvicorn has it)")]
    [InlineData("--worker_class gevent", "option --worker_class is not supported: write --loop")]
    [InlineData("--http_ports 80", "option --http_ports is not supported: write --port N (Kestrel has it)")]
    public void Options_of_other_servers_are_answered_with_the_one_that_is_meant(string commandLine, string says)
    {
        var error = Assert.Throws<OperatorException>(() => Find(commandLine));
        Assert.StartsWith(says, error.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, error.ExitCode);
    }

    [Fact]
    public void What_is_suggested_for_them_exists()
    {
        foreach (var option in ForeignOptions.All)
            Assert.All(System.Text.RegularExpressions.Regex.Matches(option.Refusal!, @"--(\w[\w-]*)").Select(match => match.Groups[1].Value),
                name => Assert.Contains(OptionTable.Entries, entry => entry.Name == name || entry.Declared.Aliases.Contains(name)));
    }
}
