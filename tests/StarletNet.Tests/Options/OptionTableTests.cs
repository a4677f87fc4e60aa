using StarletNet.Master.Options;
using StarletNet.Shared.CommandLine;

namespace StarletNet.Master.Tests.Options;

/// <summary>What holds for every option, whoever adds one.</summary>
public sealed class OptionTableTests
{
    public static TheoryData<string> Settings => [.. OptionTable.Entries.Where(entry => !entry.IsCommand).Select(entry => entry.Name)];

    [Theory]
    [MemberData(nameof(Settings))]
    public void It_may_be_set_in_the_environment(string name) =>
        Assert.Equal("STARLETNET_" + name.Replace('-', '_').ToUpperInvariant(), OptionTable.Find(name).Declared.EnvironmentTwin);

    [Theory]
    [MemberData(nameof(Settings))]
    public void What_it_shows_it_reads(string name)
    {
        var entry = OptionTable.Find(name);
        if (entry.Show(new MasterOptions()) is not { } shown) return;

        Assert.Equal(shown, entry.Show(entry.Read(new MasterOptions(), shown)));
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void Its_help_ends_as_a_sentence_and_names_its_value(string name)
    {
        var declared = OptionTable.Find(name).Declared;

        Assert.EndsWith(".", declared.Help);
        if (declared.HasValue) Assert.NotEqual("VALUE", declared.ValueName);
    }

    [Fact]
    public void No_name_is_given_twice()
    {
        var names = OptionTable.All.SelectMany(option => option.Aliases.Append(option.Name)).ToArray();

        Assert.Equal(names.Distinct(), names);
    }

    [Fact]
    public void The_help_names_what_may_be_given_and_only_that()
    {
        var help = HelpText.Of(OptionTable.All) + HelpText.CompatibilityOf(OptionTable.All);

        Assert.All(OptionTable.Entries, entry => Assert.Contains($"--{entry.Name}", help));
        Assert.DoesNotContain("net-server", help);
    }
}
