using StarletNet.Master.Options;
using StarletNet.Shared.Errors;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Options;

public sealed class FirstWordTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

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
        var error = Assert.Throws<OperatorException>(() => FirstWord.RefuseCommand(word, _scratch.Path));
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
    public void Anything_else_may_be_one(string word) => FirstWord.RefuseCommand(word, _scratch.Path);

    [Theory]
    [InlineData("stop")]
    [InlineData("staus")]
    public void A_file_or_directory_of_that_name_is_one(string word)
    {
        Directory.CreateDirectory(_scratch.File("stop"));
        _scratch.Write("staus", "");
        FirstWord.RefuseCommand(word, _scratch.Path);
    }
}
