using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>The published directory works wherever it is copied to.</summary>
public sealed class RelocationTests
{
    [Fact]
    public async Task Copied_programs_serve_and_restart_from_their_new_place()
    {
        using var scratch = new ScratchDirectory();
        var bin = Directory.CreateDirectory(scratch.File("some where else")).FullName;
        foreach (var file in Directory.EnumerateFiles(Artifacts.Bin)) scratch.Copy(file, Path.Combine(bin, Path.GetFileName(file)));
        var release = new Releases(scratch).Write("v1", $"export APP_VERSION=v1\nexec '{bin}/starletnet' --max-workers=1 '{Releases.TestApp}'");
        using var service = new Service(scratch, Transport.Unix, release, Path.Combine(bin, "start_server"));
        await service.FirstGenerationAsync();

        await service.DeployAsync(release);

        Assert.Contains("version v1", await Browser.GetAsync(service.Target, "/"), StringComparison.Ordinal);
        await service.StopAsync();
    }
}
