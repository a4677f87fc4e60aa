namespace StarletNet.Master.Tests.Programs;

public sealed class ExplainTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task An_application_is_explained_and_nothing_else_happens()
    {
        var explained = _test.Run(["--explain", "-w", "3", _test.Application]);

        Assert.Equal(0, (await explained.ExitAsync()).Code);
        Assert.Contains("Run it with\nstarletnet FakeWorker.dll\n", explained.OutputText.Replace("\n  ", "\n", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Empty(explained.ErrorText);
    }

    [Theory]
    [InlineData("app.cs", "app.cs")]
    [InlineData("web.csproj", "--project", "web.csproj")]
    public async Task Code_must_be_built_first(string file, params string[] application)
    {
        _test.Write(file, "");
        var explained = _test.Run(["--explain", .. application.Select(word => word == file ? _test.File(file) : word)]);

        Assert.Equal(2, (await explained.ExitAsync()).Code);
        Assert.Equal($"starletnet: option --explain: {_test.File(file)} is code, and it is the built application that is looked at; run dotnet publish and name its output", explained.ErrorText);
    }

    [Fact]
    public async Task What_cannot_be_served_says_so_here_too()
    {
        var explained = _test.Run(["--explain", _test.Write("script", "#!/bin/sh\n", executable: true)]);

        Assert.Equal(1, (await explained.ExitAsync()).Code);
        Assert.Contains("call UseStarletNet()", explained.ErrorText);
    }
}
