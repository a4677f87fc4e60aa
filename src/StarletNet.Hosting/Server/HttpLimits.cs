using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Server;

/// <summary>
/// The operator's limits, put upon Kestrel's after the application has set its own: what was asked for on the command line wins,
/// what merely comes with a preset yields to anything but Kestrel's default.
/// </summary>
internal sealed class HttpLimits(HttpSettings settings) : IPostConfigureOptions<KestrelServerOptions>
{
    /// <summary>Kestrel takes no data rate whose grace is not longer than its own tick.</summary>
    private static readonly TimeSpan LeastGrace = TimeSpan.FromSeconds(1.001);

    /// <summary>
    /// In bytes per second, with a preset: a byte now and then is progress, as it is for the Perl servers. With <c>--timeout</c> itself Kestrel's own rate stays,
    /// or a client that sends a byte at a time would keep its request for ever.
    /// </summary>
    private const double SlowestBodyOfPresets = 1;

    /// <summary>Those that Kestrel is too coarse for. Complete once Kestrel's options have been made.</summary>
    internal ConnectionLimits OfConnections { get; private set; } = new();

    internal bool KeepsAppEndpoints => settings.Find(HttpSettings.KeepAppEndpoints) is { Number: 1 };

    public void PostConfigure(string? name, KestrelServerOptions options)
    {
        var limits = options.Limits;
        var usual = new KestrelServerLimits();

        var head = Chosen(HttpSettings.ReadTimeout, HttpSettings.Timeout, limits.RequestHeadersTimeout == usual.RequestHeadersTimeout);
        var idle = Chosen(HttpSettings.KeepAliveTimeout, limits.KeepAliveTimeout == usual.KeepAliveTimeout);
        var stall = Chosen(HttpSettings.Timeout, Same(limits.MinRequestBodyDataRate, usual.MinRequestBodyDataRate));
        var answerStall = Chosen(HttpSettings.Timeout, Same(limits.MinResponseDataRate, usual.MinResponseDataRate));
        // Kestrel's own clocks go on behind ours, for HTTP/2, whose connections are busy in ways that only Kestrel knows.
        if (head is { } forHead) limits.RequestHeadersTimeout = Time(forHead);
        if (idle is { } forIdle) limits.KeepAliveTimeout = Time(forIdle);
        if (stall is { } forBodies) limits.MinRequestBodyDataRate = Rate(forBodies, settings.Find(HttpSettings.Timeout) is { Yields: true } ? SlowestBodyOfPresets : usual.MinRequestBodyDataRate!.BytesPerSecond);
        // HTTP/1 goes without (RunningRequest): there our clock sees each write wait. Who never opens his window, in HTTP/2, only Kestrel sees.
        if (answerStall is { } forAnswers) limits.MinResponseDataRate = Rate(forAnswers, usual.MinResponseDataRate!.BytesPerSecond);

        if (Chosen(HttpSettings.MaxHeaders, limits.MaxRequestHeaderCount == usual.MaxRequestHeaderCount) is { } headers)
            limits.MaxRequestHeaderCount = Whole(headers);
        if (Chosen(HttpSettings.MaxHeaderSize, limits.MaxRequestHeadersTotalSize == usual.MaxRequestHeadersTotalSize) is { } size)
            limits.MaxRequestHeadersTotalSize = Whole(size);
        if (Chosen(HttpSettings.MaxRequestLine, limits.MaxRequestLineSize == usual.MaxRequestLineSize) is { } line)
            limits.MaxRequestLineSize = Whole(line);
        // Kestrel refuses to start with a buffer that cannot hold what it allows.
        if (limits.MaxRequestBufferSize is { } buffer)
            limits.MaxRequestBufferSize = Math.Max(buffer, Math.Max(limits.MaxRequestHeadersTotalSize, limits.MaxRequestLineSize));
        if (Chosen(HttpSettings.MaxBody, limits.MaxRequestBodySize == usual.MaxRequestBodySize) is { } body)
            limits.MaxRequestBodySize = body == 0 ? null : body;
        if (Chosen(HttpSettings.MaxConnections, limits.MaxConcurrentConnections is null) is { } connections)
            limits.MaxConcurrentConnections = connections == 0 ? null : connections;
        // An application that names no server has chosen that.
        var software = settings.Find(HttpSettings.ServerSoftware) is { } named && (options.AddServerHeader || !named.Yields) ? named.Value : null;
        if (software is not null) options.AddServerHeader = false;

        OfConnections = new ConnectionLimits
        {
            Head = head ?? 0,
            Idle = idle ?? 0,
            Stall = stall ?? 0,
            AnswerStall = answerStall ?? 0,
            Request = settings.Find(HttpSettings.RequestTimeout)?.Number ?? 0,
            RequestGrace = settings.Find(HttpSettings.RequestTimeoutGrace)?.Number ?? new ConnectionLimits().RequestGrace,
            MaxRequests = settings.Find(HttpSettings.MaxKeepAliveRequests)?.Number ?? 0,
            ServerSoftware = software,
            HarakiriHeader = settings.Find(HttpSettings.HarakiriHeader) is { Number: 1 },
            RefusesExpectations = settings.Find(HttpSettings.Expectations) is { Number: 1 },
        };
    }

    private long? Chosen(string name, bool unchanged) =>
        settings.Find(name) is { } chosen && (unchanged || !chosen.Yields) ? chosen.Number : null;

    private long? Chosen(string name, string otherwise, bool unchanged) =>
        Chosen(settings.Find(name) is null ? otherwise : name, unchanged);

    // A rate does not say that it equals another; null is none.
    private static bool Same(MinDataRate? one, MinDataRate? other) =>
        one?.BytesPerSecond == other?.BytesPerSecond && one?.GracePeriod == other?.GracePeriod;

    private static TimeSpan Time(long milliseconds) => milliseconds == 0 ? TimeSpan.MaxValue : TimeSpan.FromMilliseconds(milliseconds);

    private static int Whole(long number) => (int)Math.Clamp(number, 1, int.MaxValue);

    private static MinDataRate? Rate(long stall, double bytesPerSecond)
    {
        if (stall == 0) return null;
        var grace = TimeSpan.FromMilliseconds(stall);
        return new MinDataRate(bytesPerSecond, grace > LeastGrace ? grace : LeastGrace);
    }
}
