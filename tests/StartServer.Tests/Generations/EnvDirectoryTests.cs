using StarletNet.TestKit;
using StartServer.Generations;

namespace StarletNet.StartServer.Tests.Generations;

public sealed class EnvDirectoryTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("value\n", "value")]
    [InlineData("value", "value")]
    [InlineData("first\nsecond\n", "first")]
    [InlineData("\nsecond\n", "")]
    [InlineData(" kept \t\r\n", " kept \t\r")]
    [InlineData("", null)]
    public void The_first_line_is_the_value_and_an_empty_file_sets_nothing(string content, string? value)
    {
        _scratch.Write("NAME", content);
        Assert.Equal(value, EnvDirectory.Read(_scratch.Path).Variables.GetValueOrDefault("NAME"));
    }

    [Fact]
    public void Only_regular_files_with_plain_names_count_and_links_are_followed()
    {
        var target = _scratch.Write(".hidden", "x\n");
        File.CreateSymbolicLink(_scratch.File("LINK"), target);
        File.CreateSymbolicLink(_scratch.File("BROKEN"), "nowhere");
        Directory.CreateDirectory(_scratch.File("SUB"));
        var files = EnvDirectory.Read(_scratch.Path);
        Assert.Equal([new("LINK", "x")], files.Variables);
        Assert.Empty(files.Problems);
    }

    [Fact]
    public async Task A_fifo_is_passed_over_without_waiting_for_a_writer()
    {
        Assert.True((await SystemPrograms.RunAsync("mkfifo", _scratch.File("FIFO"))).IsSuccess);
        Assert.Empty(EnvDirectory.Read(_scratch.Path).Variables);
    }

    [Fact]
    public void What_cannot_be_a_variable_is_named()
    {
        _scratch.Write("A=B", "x");
        _scratch.Write("ZERO", "a\0b\n");
        _scratch.Write("LONG", new string('x', 128 * 1024));
        var files = EnvDirectory.Read(_scratch.Path);
        Assert.Empty(files.Variables);
        Assert.Equal(3, files.Problems.Count);
        Assert.All(["A=B", "ZERO", "LONG"], name => Assert.Contains(files.Problems, problem => problem.Contains($"/{name} is passed over: ", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_longest_value_that_execve_takes_is_taken()
    {
        var longest = new string('x', (128 * 1024) - "LONG=".Length - 1);
        _scratch.Write("LONG", longest + "\n");
        Assert.Equal(longest, EnvDirectory.Read(_scratch.Path).Variables["LONG"]);
    }

    [Fact]
    public void A_directory_that_is_missing_or_none_gives_nothing_but_a_word()
    {
        var missing = EnvDirectory.Read(_scratch.File("missing"));
        Assert.Empty(missing.Variables);
        Assert.EndsWith("/missing gives no variables: there is no such directory", Assert.Single(missing.Problems), StringComparison.Ordinal);
        Assert.Single(EnvDirectory.Read(_scratch.Write("file", "")).Problems);
    }
}
