using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;

namespace StarletNet.Shared.Tests.CommandLine;

public sealed class CommandLineParserTests
{
    private static readonly Option[] Table =
    [
        new("port", ValueForm.Text, "P.") { Repeatable = true },
        new("status-file", ValueForm.Text, "S."),
        new("signal-on-hup", ValueForm.Text, "H."),
        new("interval", ValueForm.Integer, "I."),
        new("ready-timeout", ValueForm.Integer, "R.") { Extension = true },
        new("max-workers", ValueForm.Integer, "W.") { Aliases = ["workers", "w"] },
        new("ssl", ValueForm.Switch, "T."),
        new("disable-keepalive", ValueForm.Switch, "K."),
        new("quiet", ValueForm.Switch, "Q.") { Aliases = ["q"] },
        new("help", ValueForm.Switch, "H."),
    ];

    private static ParsedCommandLine Getopt(params string[] arguments) =>
        new CommandLineParser(Table, Dialect.Getopt, ["restart", "stop"]).Parse(arguments);

    private static ParsedCommandLine Plack(params string[] arguments) => new CommandLineParser(Table, Dialect.Plack).Parse(arguments);

    [Theory]
    [InlineData("--port=80")]
    [InlineData("--port", "80")]
    [InlineData("-port=80")]
    [InlineData("-port", "80")]
    [InlineData("--PORT", "80")]
    [InlineData("--po", "80")]
    [InlineData("-p=80")]
    public void Getopt_takes_a_value_attached_or_next_with_one_dash_or_two_in_any_case_or_abbreviated(params string[] words) =>
        Assert.Equal("80", Getopt(words)["port"]);

    [Theory]
    [InlineData("--max-workers=4")]
    [InlineData("--max_workers", "4")]
    [InlineData("--workers", "4")]
    [InlineData("-w4")]
    [InlineData("-w", "4")]
    [InlineData("-w=4")]
    public void Plack_takes_long_names_aliases_underscores_and_letters(params string[] words) => Assert.Equal("4", Plack(words)["max-workers"]);

    [Theory]
    [InlineData("1", "--ssl")]
    [InlineData("1", "--ssl=yes")]
    [InlineData("1", "--enable-ssl")]
    [InlineData("0", "--ssl=off")]
    [InlineData("0", "--disable-ssl")]
    [InlineData("0", "--no-ssl")]
    [InlineData("0", "--ssl", "--no-ssl")]
    [InlineData("1", "--no-ssl", "--ssl")]
    public void Plack_turns_switches_on_and_off_and_the_last_word_counts(string expected, params string[] words) => Assert.Equal(expected, Plack(words)["ssl"]);

    [Theory]
    [InlineData("1", "--disable-keepalive")]
    [InlineData("1", "--disable_keepalive=yes")]
    [InlineData("1", "--no-keepalive")]
    [InlineData("0", "--enable-keepalive")]
    [InlineData("0", "--no-disable-keepalive")]
    [InlineData("0", "--no-keepalive", "--enable-keepalive")]
    public void A_switch_that_is_a_negation_has_the_opposite_forms(string expected, params string[] words) =>
        Assert.Equal(expected, Plack(words)["disable-keepalive"]);

    [Theory]
    [InlineData("--no-ssl=1")]
    [InlineData("--no-keepalive=no")]
    [InlineData("--enable-keepalive=1")]
    public void A_name_that_says_what_is_set_takes_no_value(string word) =>
        Assert.Equal($"option {word.Split('=')[0]} takes no value, but '={word.Split('=')[1]}' gives one", Assert.Throws<OperatorException>(() => Plack(word)).Message);

    [Fact]
    public void All_values_of_a_repeatable_option_are_kept_in_order() =>
        Assert.Equal(["1", "2", "3"], Getopt("--port", "1", "--port=2", "-port", "3").All("port"));

    [Fact]
    public void Parsing_ends_at_the_first_word_that_is_no_option()
    {
        var line = Getopt("--port", "80", "perl", "--port", "81", "-s");
        Assert.Equal("80", Assert.Single(line.All("port")));
        Assert.Equal(["perl", "--port", "81", "-s"], line.Rest);
        Assert.Equal(["-", "--ssl"], Plack("-", "--ssl").Rest);
    }

    [Fact]
    public void Two_dashes_end_the_options_and_vanish() => Assert.Equal(["--port", "--", "x"], Getopt("--", "--port", "--", "x").Rest);

    [Fact]
    public void A_value_is_a_value_whatever_it_looks_like()
    {
        Assert.Equal("--interval", Getopt("--port", "--interval").All("port").Single());
        Assert.Equal("a=b", Getopt("--port=a=b")["port"]);
    }

    [Theory]
    [InlineData("+5", "5")]
    [InlineData("-5", "-5")]
    [InlineData("007", "7")]
    public void An_integer_has_an_optional_sign(string written, string read) => Assert.Equal(read, Getopt("--interval", written)["interval"]);

    [Theory]
    [InlineData("Unknown option: bogus", "--bogus=1", "--help")]
    [InlineData("Unknown option: prot; did you mean --port?", "--prot=80")]
    [InlineData("Unknown option: rea; did you mean --ready-timeout?", "--rea=5")]
    [InlineData("Unknown option: ready-timeotu; did you mean --ready-timeout?", "-ready-timeotu")]
    [InlineData("Option ready-timeout requires an argument", "--ready-timeout", "--", "program")]
    [InlineData("Option s is ambiguous (signal-on-hup, ssl, status-file, stop)", "-s")]
    [InlineData("Option st is ambiguous (status-file, stop)", "--st")]
    [InlineData("Option port requires an argument", "--port")]
    [InlineData("Option port requires an argument", "--port=")]
    [InlineData("Value \"0.5\" invalid for option interval (number expected)", "--interval=0.5")]
    [InlineData("Value \"9999999999\" invalid for option interval (number expected)", "--int=9999999999")]
    [InlineData("Option help does not take an argument", "--help=1")]
    [InlineData("Option restart is not supported by this version", "--restart")]
    [InlineData("Option restart is not supported by this version", "-RE")]
    public void Getopt_refuses_in_the_words_of_its_model(string message, params string[] words)
    {
        var error = Assert.Throws<OperatorException>(() => Getopt(words));
        Assert.Equal((message, 1), (error.Message, error.ExitCode));
    }

    [Theory]
    [InlineData("unknown option --max-worker; did you mean --max-workers?", "--max-worker=4")]
    [InlineData("unknown option --zzzzzzzz; see --help", "--zzzzzzzz")]
    [InlineData("unknown option -port; did you mean --port?", "-port")]
    [InlineData("unknown option --prot; did you mean --port?", "--prot", "80")]
    [InlineData("option --port needs a value: --port VALUE", "--port")]
    [InlineData("option --port needs a value: --port VALUE", "--port", "--", "app.dll")]
    [InlineData("option --workers needs a value: --workers VALUE", "--workers")]
    [InlineData("option -w needs a value: -w VALUE", "-w")]
    [InlineData("option --enable-ssl: 'maybe' is not a yes or no; write 1, 0, true, false, yes, no, on or off", "--enable-ssl=maybe")]
    [InlineData("option -w: 'four' is not a whole number", "-wfour")]
    [InlineData("option -q takes no value, but '-qx' gives one", "-qx")]
    [InlineData("option --ssl: 'maybe' is not a yes or no; write 1, 0, true, false, yes, no, on or off", "--ssl=maybe")]
    public void Plack_refuses_with_a_hint(string message, params string[] words)
    {
        var error = Assert.Throws<OperatorException>(() => Plack(words));
        Assert.Equal((message, 2), (error.Message, error.ExitCode));
    }

    [Fact]
    public void Plack_knows_no_abbreviations_and_no_other_case()
    {
        Assert.Throws<OperatorException>(() => Plack("--por", "80"));
        Assert.Throws<OperatorException>(() => Plack("--PORT", "80"));
    }

    [Fact]
    public void An_extension_neither_takes_an_abbreviation_nor_makes_it_ambiguous_nor_has_one()
    {
        // Both begin with "re"; the old name has it.
        Assert.Equal("Option restart is not supported by this version", Assert.Throws<OperatorException>(() => Getopt("--re")).Message);
        Assert.Throws<OperatorException>(() => Getopt("--ready-timeou=5"));
        Assert.Equal("5", Getopt("--READY-timeout=5")["ready-timeout"]);
        // As with Getopt::Long, an option of the original takes anything.
        Assert.Equal("--", Getopt("--port", "--").All("port").Single());
    }

    [Fact]
    public void Help_keeps_options_for_other_command_lines_apart_and_says_a_rule_for_variables_once()
    {
        Option[] table =
        [
            new("old", ValueForm.Switch, "Old.") { EnvironmentTwin = "X_OLD", Section = HelpText.Compatibility + " with others" },
            new("new", ValueForm.Switch, "New.") { EnvironmentTwin = "X_NEW", Section = "First" },
            new("odd", ValueForm.Switch, "Odd.") { EnvironmentTwin = "OTHER", Section = "First" },
        ];
        static string twin(string name) => "X_" + name.ToUpperInvariant();

        Assert.Equal("First:\n  --new\n      New.\n  --odd\n      Odd. Environment: OTHER.\n", HelpText.Of(table, twin));
        Assert.Equal("Compatibility with others:\n  --old\n      Old.\n", HelpText.CompatibilityOf(table, twin));
    }

    [Fact]
    public void Help_lists_the_table_in_its_order_with_defaults_and_twins()
    {
        var text = HelpText.Of(
        [
            new("port", ValueForm.Text, "Where to listen.") { ValueName = "SPEC", Repeatable = true, Section = "First" },
            new("workers", ValueForm.Integer, string.Join(' ', Enumerable.Repeat("word", 30)))
                { Aliases = ["w"], ValueName = "N", Default = "2", EnvironmentTwin = "WORKERS", Section = "Second" },
        ]);
        Assert.StartsWith("First:\n  --port SPEC\n      Where to listen. May be repeated.\n\nSecond:\n  -w, --workers N\n      word word", text, StringComparison.Ordinal);
        Assert.EndsWith("Default: 2. Environment: WORKERS.\n", text, StringComparison.Ordinal);
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 79, line));
    }
}
