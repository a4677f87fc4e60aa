using StarletNet.Master.Options;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Options;

public sealed class ConfigFileTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly Dictionary<string, string> _environment = [];

    public void Dispose() => _scratch.Dispose();

    private MasterOptions Read(string text, params string[] arguments)
    {
        var file = _scratch.Write("web.conf", text);
        var commandLine = new CommandLineParser(OptionTable.All, Dialect.Plack).Parse(["--config", file, .. arguments]);
        return new OptionsReader(commandLine, _environment.GetValueOrDefault, processors: 4).Read();
    }

    private string Refusal(string text)
    {
        var error = Assert.Throws<OperatorException>(() => Read(text));
        Assert.Equal(ExitCodes.Usage, error.ExitCode);
        return error.Message;
    }

    [Theory]
    [InlineData("/dev/zero", "it is no regular file")]
    [InlineData("/dev/null", "it is no regular file")]
    [InlineData("link", "it is no regular file")]
    [InlineData("large", "it has 1048577 bytes, and a configuration file has at most 1048576")]
    [InlineData("link-to-large", "it has 1048577 bytes, and a configuration file has at most 1048576")]
    public void Only_a_file_of_a_size_that_options_can_have_is_read(string name, string why)
    {
        File.CreateSymbolicLink(_scratch.File("link"), "/dev/zero");
        _scratch.Write("large", new string('#', (1 << 20) + 1));
        File.CreateSymbolicLink(_scratch.File("link-to-large"), "large");
        var file = Path.Combine(_scratch.Path, name);
        var commandLine = new CommandLineParser(OptionTable.All, Dialect.Plack).Parse(["--config", file]);

        var error = Assert.Throws<OperatorException>(() => new OptionsReader(commandLine, _ => null, processors: 4).Read());

        Assert.Equal(($"cannot read the configuration file {file}: {why}", ExitCodes.Usage), (error.Message, error.ExitCode));
    }

    [Fact]
    public void The_largest_file_and_a_link_to_one_are_read()
    {
        _scratch.Write("most", "max-workers = 7\n".PadRight(1 << 20, '#'));
        File.CreateSymbolicLink(_scratch.File("link"), "most");
        var commandLine = new CommandLineParser(OptionTable.All, Dialect.Plack).Parse(["--config", _scratch.File("link")]);
        Assert.Equal(7, new OptionsReader(commandLine, _ => null, processors: 4).Read().Workers);
    }

    [Theory]
    [InlineData("max-workers = 7")]
    [InlineData("max_workers=7")]
    [InlineData("workers 7")]
    [InlineData("--max-workers 7")]
    [InlineData("--max-workers=7")]
    [InlineData("-w7")]
    [InlineData("-w 7")]
    [InlineData("  # a comment\n\n\tmax-workers = 7   # another\n")]
    [InlineData("max-workers = \"7\" # quoted")]
    [InlineData("max-workers = 3\nmax-workers = 7")]
    public void An_option_a_line(string text) => Assert.Equal(7, Read(text).Workers);

    [Theory]
    [InlineData("quiet")]
    [InlineData("quiet = yes")]
    [InlineData("--quiet")]
    [InlineData("--enable-quiet")]
    public void A_switch_needs_no_value(string text) => Assert.True(Read(text).Quiet);

    [Fact]
    public void A_value_in_quotes_keeps_its_blanks_and_hashes() => Assert.Equal(" a # b", Read("pid = \" a # b\"").PidFile);

    [Fact]
    public void A_hash_in_a_word_is_no_comment() => Assert.Equal("a#b", Read("pid = a#b").PidFile);

    [Fact]
    public void Every_address_counts_and_the_command_line_replaces_them_all()
    {
        const string text = "listen = :8080\nlisten = unix:/run/a.sock\n";

        Assert.Equal([":8080", "unix:/run/a.sock"], Read(text).Listeners.Select(spec => spec.ToString()));
        Assert.Equal([":9090"], Read(text, "-l", ":9090").Listeners.Select(spec => spec.ToString()));
    }

    [Fact]
    public void The_environment_beats_the_file_and_the_file_the_preset()
    {
        Assert.Equal(10, Read("", "--preset", "starlet").Workers);
        Assert.Equal(7, Read("workers = 7", "--preset", "starlet").Workers);
        _environment["STARLETNET_MAX_WORKERS"] = "8";
        Assert.Equal(8, Read("workers = 7", "--preset", "starlet").Workers);
        Assert.Equal(9, Read("workers = 7", "--preset", "starlet", "-w9").Workers);
    }

    [Fact]
    public void The_file_may_choose_the_preset() => Assert.Equal(5, Read("preset = starman").Workers);

    [Theory]
    [InlineData("# ok\nmax-wokers = 3", "web.conf:2: unknown option --max-wokers; did you mean --max-workers?")]
    [InlineData("max-workers = many", "web.conf:1: max-workers: 'many' is not auto or a whole number from 0 to 1024")]
    [InlineData("\n\nport", "web.conf:3: option --port needs a value")]
    [InlineData("quiet now", "web.conf:1: 'quiet now' is not an option")]
    [InlineData("= 3", "web.conf:1: unknown option")]
    [InlineData("help", "web.conf:1: --help belongs on the command line")]
    [InlineData("config = other", "web.conf:1: --config belongs on the command line")]
    [InlineData("app.psgi", "web.conf:1: unknown option --app.psgi")]
    [InlineData("min-servers = 3", "web.conf:1: option --min-servers is not supported: the number of workers is fixed by --max-workers")]
    public void A_bad_line_is_named(string text, string message) => Assert.Contains(message, Refusal(text));

    [Theory]
    [InlineData("none", "cannot read the configuration file none: No such file or directory")]
    [InlineData("/usr", "cannot read the configuration file /usr: it is a directory")]
    [InlineData("", "option --config: is empty; give a file name")]
    public void A_file_that_cannot_be_read_is_named(string file, string message)
    {
        var commandLine = new CommandLineParser(OptionTable.All, Dialect.Plack).Parse(["--config", file]);
        var error = Assert.Throws<OperatorException>(() => new OptionsReader(commandLine, _ => null, 4).Read());

        Assert.Equal(message, error.Message);
        Assert.Equal(ExitCodes.Usage, error.ExitCode);
    }
}
