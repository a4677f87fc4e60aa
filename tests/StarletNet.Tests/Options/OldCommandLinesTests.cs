using StarletNet.Master.Options;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;

namespace StarletNet.Master.Tests.Options;

/// <summary>Command lines as they were written for plackup, starlight and starman.</summary>
public sealed class OldCommandLinesTests
{
    private static MasterOptions Read(string commandLine) =>
        new OptionsReader(new CommandLineParser(OptionTable.All, Dialect.Plack).Parse(commandLine.Split(' ')), _ => null, processors: 4).Read();

    [Fact]
    public void Plackup_with_starlet()
    {
        var options = Read("-s Starlet --max-workers=20 -p 8080 -o 127.0.0.1 -E production --spawn_interval=0.5 -a app.dll");

        Assert.Equal("starlet", options.Preset);
        Assert.Equal(20, options.Workers);
        Assert.Equal("127.0.0.1:8080", Assert.Single(options.Listeners).ToString());
        Assert.Equal("production", options.EnvironmentName);
        Assert.Equal(0.5, options.SpawnInterval.TotalSeconds);
        Assert.Equal("app.dll", options.Application);
    }

    [Fact]
    public void Starlight()
    {
        var options = Read("-s Starlight --main-process-delay=0.1 --err-respawn-interval 2 --socket /tmp/a.sock --pid=x.pid --quiet app.dll");

        Assert.Equal("unix:/tmp/a.sock", Assert.Single(options.Listeners).ToString());
        Assert.Equal(2, options.ErrRespawnInterval.TotalSeconds);
        Assert.Equal("x.pid", options.PidFile);
        Assert.True(options.Quiet);
    }

    [Fact]
    public void Starman()
    {
        var options = Read("-s Starman --workers 32 --backlog 2048 -l :5001 -l /tmp/a.sock --pid x.pid -q app.dll");

        Assert.Equal(32, options.Workers);
        Assert.Equal(2048, options.Backlog);
        Assert.Equal([":5001", "unix:/tmp/a.sock"], options.Listeners.Select(spec => spec.ToString()));
        Assert.True(options.StopsFast);
    }

    [Theory]
    [InlineData("-e sub{}", "option -e is not supported: it takes Perl code")]
    [InlineData("-Ilib", "option -I is not supported")]
    [InlineData("-MFoo", "option -M is not supported")]
    [InlineData("--no-default-middleware", "option --no-default-middleware is not supported")]
    [InlineData("--default-middleware=0", "option --default-middleware is not supported")]
    [InlineData("--min_servers 3", "option --min_servers is not supported: the number of workers")]
    [InlineData("--net_server-cidr_allow=127.0.0.1", "there is no Net::Server here")]
    [InlineData("-s Twiggy", "'Twiggy' is not a server whose ways are known; there are starlet, starlight, starman")]
    public void What_cannot_mean_anything_is_refused_with_a_reason(string commandLine, string reason)
    {
        var error = Assert.Throws<OperatorException>(() => Read(commandLine));

        Assert.Contains(reason, error.Message);
        Assert.Equal(ExitCodes.Usage, error.ExitCode);
    }
}
