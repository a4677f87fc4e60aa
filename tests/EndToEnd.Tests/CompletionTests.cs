using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>The scripts of <c>--completion</c>, each in the shell that it is for; what that does when the tab key is pressed.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public CompletionTests()
    {
        _scratch.Write("some-file", "");
        Directory.CreateDirectory(_scratch.File("some-dir"));
    }

    public void Dispose() => _scratch.Dispose();

    public static TheoryData<string, string> Typed => new()
    {
        { "starletnet --max-wo", "--max-workers" },
        { "starletnet --preset starm", "starman" },
        { "starletnet -s starm", "starman" },
        { "starletnet --pid some-f", "some-file" },
        { "starletnet some-f", "some-file" },
        { "starletnet --chdir some", "some-dir" },
        { "starletnet --listen unix:x -w 2 --max-wo", "--max-workers" },
        { "starletnet --completion fi", "fish" },
        { "starletnet stac", "stacks" },
        // What stands behind the application is the application's.
        { "starletnet some-file --max-wo", "" },
        { "starletnet -- --max-wo", "" },
        { "start_server --restar", "--restart" },
        { "start_server --ready al", "alive" },
        { "start_server --signal-on-hup QU", "QUIT" },
        { "start_server --dir some", "some-dir" },
        { "start_server --port 80 --envd", "--envdir" },
        { "start_server -- some-file --envd", "" },
    };

    [Theory]
    [MemberData(nameof(Typed))]
    public async Task Bash_offers_what_fits(string typed, string offered)
    {
        var bash = Needs.Program("bash", "bash");
        var words = string.Join(' ', typed.Split(' ').Select(word => $"'{word}'"));
        var text = $"source '{await ScriptAsync(typed, "bash")}'\ncd '{_scratch.Path}'\nCOMP_WORDS=({words})\nCOMP_CWORD=$((${{#COMP_WORDS[@]}}-1))\n_{typed.Split(' ')[0]}\necho \"${{COMPREPLY[*]}}\"\n";
        Assert.Equal(offered, await RunAsync(bash, [_scratch.Write("try", text)]));
    }

    /// <summary>There are those for whom bash makes words of their own of '=' and ':', and those for whom it does not.</summary>
    [Theory]
    [InlineData("starletnet --preset = starm", "starman")]
    [InlineData("starletnet --preset =", "starlet starlight starman")]
    [InlineData("starletnet --preset=starm", "--preset=starman")]
    [InlineData("starletnet --listen 127.0.0.1 : 80 --max-wo", "--max-workers")]
    [InlineData("starletnet --preset = starman --max-wo", "--max-workers")]
    [InlineData("starletnet sta", "status stacks")]
    public Task Bash_parts_words(string typed, string offered) => Bash_offers_what_fits(typed, offered);

    [Theory]
    [MemberData(nameof(Typed))]
    public async Task Fish_offers_what_fits(string typed, string offered)
    {
        var fish = Needs.Program("fish", "fish");
        var text = $"source '{await ScriptAsync(typed, "fish")}'\ncd '{_scratch.Path}'\ncomplete -C '{typed}'\n";
        // A candidate and its description to a line; a directory with its slash.
        var lines = (await RunAsync(fish, ["--no-config", _scratch.Write("try", text)])).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(offered, string.Join(' ', lines.Select(line => line.Split('\t')[0].TrimEnd('/'))));
        // An option says what it is for.
        if (offered.StartsWith("--", StringComparison.Ordinal)) Assert.All(lines, line => Assert.Matches("\t.{10}", line));
    }

    /// <summary>In a terminal of its own, because zsh completes nowhere else: the line after the tab key.</summary>
    [Theory]
    [MemberData(nameof(Typed))]
    public async Task Zsh_completes_what_fits(string typed, string offered)
    {
        var zsh = Needs.Program("zsh", "zsh");
        var text = $$"""
            zmodload zsh/zpty || exit 3
            zpty shell zsh -f -i
            await() { typeset -g all=; local line; while zpty -r shell line; do all+=$line; [[ $all == ${~1} ]] && return; done; print -ru2 "ended: $all"; exit 1 }
            zpty -w shell "PS1=; unset zle_bracketed_paste; cd '{{_scratch.Path}}'; autoload -U compinit; compinit -D -u; source '{{await ScriptAsync(typed, "zsh")}}'; show() { print -r -- \"LINE<\$BUFFER>\" }; zle -N show; bindkey '^X' show; setopt no_beep; bindkey '^I' complete-word; print RE''ADY"
            await '*READY*'
            zpty -w -n shell '{{typed}}'$'\t\x18'
            await '*LINE<*>*'
            print -r -- "${${all##*LINE<}%%>*}"
            zpty -d shell

            """;
        var line = (await RunAsync(zsh, ["-f", _scratch.Write("try", text)])).TrimEnd(' ', '/');
        Assert.Equal(offered.Length == 0 ? typed : typed[..(typed.LastIndexOf(' ') + 1)] + offered, line);
    }

    private async Task<string> ScriptAsync(string typed, string shell)
    {
        var program = typed.Split(' ')[0];
        return _scratch.Write($"script.{program}.{shell}", await RunAsync(Path.Combine(Artifacts.Bin, program), ["--completion", shell]) + "\n");
    }

    private async Task<string> RunAsync(string program, string[] arguments)
    {
        using var run = ProgramUnderTest.Start(program, arguments, new ProgramOptions { Environment = new Dictionary<string, string> { ["HOME"] = _scratch.Path } });
        Assert.True((await run.ExitAsync()).Code == 0, run.Describe());
        Assert.Equal("", run.ErrorText);
        return run.OutputText;
    }
}
