using StarletNet.Master.Options;
using StarletNet.Shared.Errors;

namespace StarletNet.Master.Tests.Options;

public sealed class FirstWordTests
{
    [Theory]
    [InlineData("help", "there is no application 'help'; write starletnet --help")]
    [InlineData("version", "there is no application 'version'; write starletnet --version")]
    [InlineData("stop", "send TERM to the master")]
    [InlineData("restart", "send HUP to the master")]
    [InlineData("run", "the application comes first: starletnet [options] app.dll")]
    [InlineData("status", "write starletnet status [PID]")]
    [InlineData("staus", "there is no application 'staus'; if status is meant, write starletnet status [PID]")]
    [InlineData("stauts", "if status is meant")]
    [InlineData("stcaks", "if stacks is meant")]
    [InlineData("verison", "if version is meant")]
    [InlineData("hlep", "if help is meant")]
    public void A_command_is_not_taken_for_an_application(string word, string answer)
    {
        var error = Assert.Throws<OperatorException>(() => FirstWord.RefuseCommand(word));
        Assert.Contains(answer, error.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, error.ExitCode);
    }

    [Theory]
    [InlineData("app.dll")]
    [InlineData("./stop")]
    [InlineData("/srv/status")]
    [InlineData("shop")]
    [InlineData("my-service")]
    [InlineData("")]
    public void Anything_else_may_be_one(string word) => FirstWord.RefuseCommand(word);
}
