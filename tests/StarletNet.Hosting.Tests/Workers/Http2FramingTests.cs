using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary>Requests of HTTP/2 that are malformed (RFC 9113, 8.2.2): an attacker adds to them what a proxy turns into the framing of HTTP/1.</summary>
public sealed class Http2FramingTests
{
    [Fact]
    public async Task A_request_with_a_connection_specific_field_is_refused_and_its_connection_goes_on()
    {
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp) { Http = HttpVersions.Http2 });
        using var client = await Http2Client.Connect(worker.EndPoint);

        foreach (var (name, value) in new[] { ("transfer-encoding", "chunked"), ("upgrade", "h2c"), ("keep-alive", "timeout=5"), ("proxy-connection", "keep-alive") })
        {
            var refused = await client.Get("/pid", (name, value));
            Assert.DoesNotContain($"{worker.Pid}", Http2Frame.Body(await client.UntilEndOf(refused)), StringComparison.Ordinal);
        }

        var answered = await client.Get("/pid", ("x-usual", "field"));
        Assert.Equal($"{worker.Pid}", Http2Frame.Body(await client.UntilEndOf(answered)));
    }
}
