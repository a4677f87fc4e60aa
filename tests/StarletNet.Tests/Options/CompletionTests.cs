using StarletNet.Master.Options;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Options;

/// <summary>The script is run by bash itself, as it does when the tab key is pressed.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("starletnet --max-w", "--max-workers")]
    [InlineData("starletnet --preset star", "starlet starlight starman")]
    [InlineData("starletnet --server = starm", "starman")]
    [InlineData("starletnet -s starl", "starlet starlight")]
    [InlineData("starletnet --pid some", "some-file")]
    [InlineData("starletnet some", "some-file")]
    [InlineData("starletnet --port ", "")]
    [InlineData("starletnet sta", "status stacks")]
    [InlineData("starletnet stat", "status")]
    // Everywhere else they would be the application, or for it.
    [InlineData("starletnet some-file sta", "")]
    [InlineData("starletnet --pid sta", "")]
    public async Task Bash_is_offered_what_fits(string typed, string offered)
    {
        _scratch.Write("some-file", "");
        var words = string.Join(' ', typed.Split(' ').Select(word => $"'{word}'"));
        var script = $"{Completion.Of("bash")}\ncd '{_scratch.Path}'\nCOMP_WORDS=({words})\nCOMP_CWORD=$((${{#COMP_WORDS[@]}}-1))\n_starletnet\necho \"offers: ${{COMPREPLY[*]}}\"\n";
        var bash = await SystemPrograms.RunAsync("/bin/bash", _scratch.Write("try", script));

        Assert.Equal((0, ""), (bash.ExitCode, bash.StandardError));
        Assert.StartsWith("offers: " + offered, bash.StandardOutput);
        if (offered.Length == 0) Assert.Equal("offers: \n", bash.StandardOutput);
    }

    [Fact]
    public void Zsh_takes_the_same_by_its_own_adapter() => Assert.StartsWith("autoload -U +X bashcompinit && bashcompinit\n", Completion.Of("zsh"));
}
