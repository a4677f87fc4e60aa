using Microsoft.AspNetCore.Server.Kestrel.Core;
using StarletNet.Hosting.Server;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Server;

/// <summary>Who has the last word on a limit: an operator's order, then the application, then a preset, then Kestrel.</summary>
public sealed class HttpLimitsTests
{
    private static readonly MinDataRate Own = new(7, TimeSpan.FromMinutes(7));

    // Everything of Kestrel's that a preset's values, and the other limits, are put upon: an application's choice, and a look at it.
    private static readonly Dictionary<string, (Action<KestrelServerOptions> Choose, Func<KestrelServerOptions, object?> Look)> Choices = new()
    {
        ["head's time"] = (app => app.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(77), seen => seen.Limits.RequestHeadersTimeout),
        ["idle time"] = (app => app.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(77), seen => seen.Limits.KeepAliveTimeout),
        ["body's rate"] = (app => app.Limits.MinRequestBodyDataRate = Own, seen => Words(seen.Limits.MinRequestBodyDataRate)),
        ["no body's rate"] = (app => app.Limits.MinRequestBodyDataRate = null, seen => Words(seen.Limits.MinRequestBodyDataRate)),
        ["body's grace"] = (app => app.Limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(77)), seen => Words(seen.Limits.MinRequestBodyDataRate)),
        ["answer's rate"] = (app => app.Limits.MinResponseDataRate = Own, seen => Words(seen.Limits.MinResponseDataRate)),
        ["no answer's rate"] = (app => app.Limits.MinResponseDataRate = null, seen => Words(seen.Limits.MinResponseDataRate)),
        ["answer's grace"] = (app => app.Limits.MinResponseDataRate = new MinDataRate(240, TimeSpan.FromSeconds(77)), seen => Words(seen.Limits.MinResponseDataRate)),
        ["headers"] = (app => app.Limits.MaxRequestHeaderCount = 77, seen => seen.Limits.MaxRequestHeaderCount),
        ["head"] = (app => app.Limits.MaxRequestHeadersTotalSize = 77_000, seen => seen.Limits.MaxRequestHeadersTotalSize),
        ["line"] = (app => app.Limits.MaxRequestLineSize = 7_700, seen => seen.Limits.MaxRequestLineSize),
        ["body"] = (app => app.Limits.MaxRequestBodySize = 77, seen => seen.Limits.MaxRequestBodySize),
        ["connections"] = (app => app.Limits.MaxConcurrentConnections = 77, seen => seen.Limits.MaxConcurrentConnections),
        ["server"] = (app => app.AddServerHeader = false, _ => null),
    };

    /// <summary>A client that sends a byte now and then would keep its request for ever.</summary>
    [Theory]
    [InlineData("timeout=300000", 240)]
    [InlineData("timeout~300000", 1)]
    public void A_body_has_a_minimum_rate_and_a_presets_is_that_of_its_original(string settings, double rate)
    {
        var options = new KestrelServerOptions();
        new HttpLimits(HttpSettings.Parse(settings)).PostConfigure(null, options);

        Assert.Equal(new MinDataRate(rate, TimeSpan.FromMinutes(5)).BytesPerSecond, options.Limits.MinRequestBodyDataRate!.BytesPerSecond);
        Assert.Equal(TimeSpan.FromMinutes(5), options.Limits.MinRequestBodyDataRate.GracePeriod);
    }

    [Theory]
    // The values of the presets, as they travel; then those that none of them has.
    [InlineData("timeout", "300000", "head's time")]
    [InlineData("timeout", "300000", "body's rate")]
    [InlineData("timeout", "300000", "no body's rate")]
    [InlineData("timeout", "300000", "body's grace")]
    [InlineData("timeout", "300000", "answer's rate")]
    [InlineData("timeout", "300000", "no answer's rate")]
    [InlineData("timeout", "300000", "answer's grace")]
    [InlineData("timeout", "0", "body's rate")]
    [InlineData("timeout", "0", "answer's rate")]
    [InlineData("read-timeout", "5000", "head's time")]
    [InlineData("keepalive-timeout", "2000", "idle time")]
    [InlineData("max-header-size", "131072", "head")]
    [InlineData("max-request-line", "131072", "line")]
    [InlineData("max-body", "0", "body")]
    [InlineData("server-software", "Starlet", "server")]
    [InlineData("server-software", "", "server")]
    [InlineData("max-headers", "50", "headers")]
    [InlineData("max-connections", "50", "connections")]
    public void A_preset_yields_to_the_application_and_an_order_does_not(string name, string value, string choice)
    {
        var (choose, look) = Choices[choice];
        var chosen = new KestrelServerOptions();
        choose(chosen);

        var (yielding, ours) = Applied(name, value, yields: true, choose);
        Assert.Equal(look(chosen), look(yielding));
        Assert.Equal(chosen.AddServerHeader, yielding.AddServerHeader);
        // Nor do we hold a connection to it ourselves; what the application has not chosen stays the preset's.
        var (_, alone) = Applied(name, value, yields: true, _ => { });
        Assert.Equal(Without(choice, alone), ours);

        var (ordered, all) = Applied(name, value, yields: false, choose);
        var (unchanged, _) = Applied(name, value, yields: false, _ => { });
        Assert.Equal(look(unchanged), look(ordered));
        Assert.Equal(unchanged.AddServerHeader, ordered.AddServerHeader);
        Assert.Equal(alone, all);
        // Else the row would show nothing.
        Assert.True(!Equals(look(chosen), look(ordered)) || alone != ours);
    }

    private static (KestrelServerOptions Options, ConnectionLimits Ours) Applied(string name, string value, bool yields, Action<KestrelServerOptions> choose)
    {
        var options = new KestrelServerOptions();
        choose(options);
        var limits = new HttpLimits(HttpSettings.Of([new HttpSetting(name, value, yields)]));
        limits.PostConfigure(null, options);
        return (options, limits.OfConnections);
    }

    private static ConnectionLimits Without(string choice, ConnectionLimits limits) => choice switch
    {
        "head's time" => limits with { Head = 0 },
        "idle time" => limits with { Idle = 0 },
        "body's rate" or "no body's rate" or "body's grace" => limits with { Stall = 0 },
        "answer's rate" or "no answer's rate" or "answer's grace" => limits with { AnswerStall = 0 },
        "server" => limits with { ServerSoftware = null },
        _ => limits,
    };

    private static string Words(MinDataRate? rate) => rate is null ? "none" : $"{rate.BytesPerSecond} after {rate.GracePeriod}";
}
