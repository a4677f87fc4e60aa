using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary>--ready-path, as the worker sees it.</summary>
public sealed class ReadyPathTests
{
    private static WorkerUnderTest Start(string path) =>
        WorkerUnderTest.Start(new WorkerSetup(SampleApp.TestApp) { Environment = new Dictionary<string, string> { [EnvironmentNames.ReadyPath] = path } });

    [Fact]
    public async Task The_worker_is_ready_when_its_application_says_so_and_not_before()
    {
        await using var worker = Start("/ready");
        // Nobody accepts yet, but the kernel takes the connection.
        using var early = worker.Connect();
        await early.Get("/");

        Assert.Equal($"{ControlMessage.Unready} /ready (--ready-path) gives status 503", await worker.NextMessage());
        Assert.Equal(ControlMessage.Ready, await worker.NextMessage());

        Assert.Contains("Not ready yet: /ready (--ready-path) gives status 503", worker.Output, StringComparison.Ordinal);
        Assert.Equal(200, (await early.Response()).Status);
    }

    /// <summary>An application that sends everybody to https must not wait for ever for itself.</summary>
    [Fact]
    public async Task Behind_tls_the_question_comes_by_https()
    {
        await using var worker = WorkerUnderTest.Start(new WorkerSetup(SampleApp.TestApp)
        {
            Environment = new Dictionary<string, string> { [EnvironmentNames.ReadyPath] = "/secure" },
            Tls = TestCertificates.Usual,
        });

        Assert.Equal(ControlMessage.Ready, await worker.NextMessage());
    }

    [Fact]
    public async Task One_that_never_gets_ready_leaves_when_it_is_told_to()
    {
        await using var worker = Start("/nowhere?at=all");
        await worker.OutputLine("/nowhere?at=all (--ready-path) gives status 404");

        Assert.Equal($"{ControlMessage.Unready} /nowhere?at=all (--ready-path) gives status 404", await worker.NextMessage());
        worker.Tell(ControlMessage.Drain);

        Assert.Equal(ControlMessage.Draining, await worker.NextMessage());
        Assert.Equal(0, await worker.Exit());
    }
}
