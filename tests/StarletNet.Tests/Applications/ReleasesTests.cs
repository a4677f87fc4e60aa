using StarletNet.Master.Applications;
using StarletNet.Master.Options;
using StarletNet.Master.Output;
using StarletNet.Shared.Events;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Applications;

public sealed class ReleasesTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly EventQueue _queue = new();

    public void Dispose()
    {
        _queue.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public void A_restart_without_copies_gives_up_one_that_is_being_made()
    {
        Directory.CreateDirectory(_scratch.File("app"));
        _scratch.Write("app/app", "#!/bin/sh\n", executable: true);
        _scratch.Write("app/app.dll", "MZ");
        _scratch.Write("app/app.runtimeconfig.json", """{"runtimeOptions":{"includedFrameworks":[{"name":"Microsoft.AspNetCore.App","version":"10.0.0"}]}}""");
        var copies = Directory.CreateDirectory(_scratch.File("copies")).FullName;
        var options = new MasterOptions { Application = _scratch.File("app/app"), ShadowCopy = true, ShadowDirectory = copies };
        using var log = new MasterLog(new StandardErrorSink(null, null), quiet: true);
        using var releases = new Releases(options, _scratch.Path, _ => null, log);
        releases.Prepare(_queue);
        var taken = new List<Func<Application>>();

        releases.Take(options, taken.Add);
        // Made, but nobody has heard of that yet.
        var made = Assert.IsType<Readable>(Assert.Single(_queue.Take()));
        releases.Take(options with { ShadowCopy = false }, taken.Add);
        Assert.IsType<Copier>(made.Tag).Hear();

        Assert.Null(Assert.Single(taken)().Copy);
        releases.Dispose();
        Assert.Empty(Directory.GetDirectories(copies));
    }
}
