using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using StarletNet.Hosting.Server;

namespace StarletNet.Hosting.Tests.Server;

public sealed class ForwardedFromNearTests
{
    [Theory]
    // From this machine, and over a Unix socket, whose peers have no address.
    [InlineData("127.0.0.1", "203.0.113.7 https inside")]
    [InlineData("127.8.8.8", "203.0.113.7 https inside")]
    [InlineData("::1", "203.0.113.7 https inside")]
    [InlineData("::ffff:127.0.0.1", "203.0.113.7 https inside")]
    [InlineData("", "203.0.113.7 https inside")]
    [InlineData("10.0.0.1", "10.0.0.1 http inside")]
    [InlineData("2001:db8::1", "2001:db8::1 http inside")]
    public async Task What_a_proxy_says_is_believed_if_it_is_near(string peer, string seen) => Assert.Equal(seen, await SeenBy(peer, context =>
    {
        context.Request.Headers["X-Forwarded-For"] = "203.0.113.7";
        context.Request.Headers["X-Forwarded-Proto"] = "https";
        // Usual configurations of proxies pass on what the client has written there.
        context.Request.Headers["X-Forwarded-Host"] = "attacker.example";
    }));

    [Fact]
    public async Task Only_the_last_of_several_addresses_comes_from_the_proxy_itself() =>
        Assert.StartsWith("198.51.100.2 ", await SeenBy("127.0.0.1", context => context.Request.Headers["X-Forwarded-For"] = "203.0.113.7, 198.51.100.2"), StringComparison.Ordinal);

    [Fact]
    public async Task Without_such_headers_everything_is_as_it_came() => Assert.Equal("127.0.0.1 http inside", await SeenBy("127.0.0.1", _ => { }));

    // Each run of the middleware takes one more name: the application's, after ours, would take what the client has written.
    [Fact]
    public async Task Who_says_himself_whom_to_believe_is_left_alone()
    {
        static void Behind(HttpContext context) => context.Request.Headers["X-Forwarded-For"] = "10.0.0.5, 203.0.113.9";

        Assert.Equal("127.0.0.1 http inside", await SeenBy("127.0.0.1", Behind, services => services.Configure<ForwardedHeadersOptions>(options => options.ForwardLimit = 2)));
        Assert.Equal("127.0.0.1 http inside", await SeenBy("127.0.0.1", Behind, services => services.AddSingleton<IConfiguration>(
            new ConfigurationBuilder().AddInMemoryCollection([new("ForwardedHeaders_Enabled", "true")]).Build())));
    }

    // What every web application is given by itself is nobody's choice.
    [Fact]
    public async Task The_usual_services_are_not_a_word_of_the_application() => Assert.Equal("203.0.113.9 http inside", await SeenBy("127.0.0.1",
        context => context.Request.Headers["X-Forwarded-For"] = "10.0.0.5, 203.0.113.9", services =>
        {
            foreach (var usual in WebApplication.CreateBuilder().Services.Where(service => service.ServiceType == typeof(IConfigureOptions<ForwardedHeadersOptions>))) services.Add(usual);
            services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        }));

    private static async Task<string> SeenBy(string peer, Action<HttpContext> prepare, Action<IServiceCollection>? more = null)
    {
        var given = new ServiceCollection().AddLogging().AddOptions();
        more?.Invoke(given);
        using var services = given.BuildServiceProvider();
        var seen = "";
        var builder = new ApplicationBuilder(services);
        new ForwardedFromNear().Configure(application => application.Run(context =>
        {
            seen = $"{context.Connection.RemoteIpAddress} {context.Request.Scheme} {context.Request.Host}";
            return Task.CompletedTask;
        }))(builder);
        var context = new DefaultHttpContext { RequestServices = services };
        context.Connection.RemoteIpAddress = peer.Length > 0 ? IPAddress.Parse(peer) : null;
        (context.Request.Scheme, context.Request.Host) = ("http", new HostString("inside"));
        prepare(context);

        await builder.Build()(context);

        return seen;
    }
}
