using StartServer.Output;

namespace StarletNet.StartServer.Tests.Output;

public sealed class LogCommandTests
{
    [Theory]
    [InlineData("| tee  -a log ", "tee", "-a", "log")]
    [InlineData("  |logger", "logger")]
    [InlineData("| cat > log", "sh", "-c", "cat > log")]
    [InlineData("|logger -t 'my app'", "sh", "-c", "logger -t 'my app'")]
    [InlineData("|TZ=UTC logger", "sh", "-c", "TZ=UTC logger")]
    public void A_bar_means_a_command_and_a_shells_characters_a_shell(string value, params string[] words) =>
        Assert.Equal(words, LogCommand.Of(value)!.Words);

    [Theory]
    [InlineData(null)]
    [InlineData("log")]
    [InlineData("a|b")]
    [InlineData("./|log")]
    public void Everything_else_is_a_file(string? value) => Assert.Null(LogCommand.Of(value));
}
