using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;

namespace StarletNet.Hosting.Tests.Transport;

public sealed class HelloTests
{
    [Fact]
    public async Task A_request_over_an_inherited_descriptor_is_answered()
    {
        await using var server = await TestServer.Start(app => app.MapGet("/", () => "hello"));
        using var client = new HttpClient { BaseAddress = new Uri(server.TransportListener.Address) };

        Assert.Equal("hello", await client.GetStringAsync("/", TestContext.Current.CancellationToken));
    }
}
