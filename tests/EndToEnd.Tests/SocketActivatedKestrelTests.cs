using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>An ASP.NET Core application with plain Kestrel, which knows of systemd's socket activation and of nothing of ours.</summary>
public sealed class SocketActivatedKestrelTests
{
    [Fact]
    public async Task Kestrel_with_UseSystemd_is_hot_deployed_by_start_server()
    {
        using var scratch = new ScratchDirectory();
        var releases = new Releases(scratch);
        using var service = new Service(scratch, Transport.Tcp, Release("v1"), options: ["--listen-fds", "--interval=3"]);
        await service.FirstGenerationAsync();
        Assert.Equal("hello from version v1\n", await Browser.GetAsync(service.Target, "/"));

        await service.DeployAsync(Release("v2"));

        Assert.Equal("hello from version v2\n", await Browser.GetAsync(service.Target, "/"));
        await service.StopAsync();

        string Release(string version) =>
            releases.Write(version, $"export APP_VERSION={version} APP_USE_SYSTEMD=1\nexec dotnet '{Releases.TestApp}'");
    }
}
