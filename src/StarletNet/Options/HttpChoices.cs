using System.Globalization;
using StarletNet.Shared.Contract;

namespace StarletNet.Master.Options;

/// <summary>What connections and requests are held to. Null: left to the application, and with it to Kestrel.</summary>
internal sealed record HttpChoices
{
    /// <summary>For <see cref="KeepAliveTimeout"/>, where zero means something else.</summary>
    internal static readonly TimeSpan Unlimited = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>Zero: none.</summary>
    internal TimeSpan? Timeout { get; init; }

    /// <summary>Zero: none.</summary>
    internal TimeSpan? ReadTimeout { get; init; }

    /// <summary>Zero: connections are not kept alive.</summary>
    internal TimeSpan? KeepAliveTimeout { get; init; }

    /// <summary>0: no limit.</summary>
    internal int? MaxKeepAliveRequests { get; init; }

    internal bool DisableKeepAlive { get; init; }

    /// <summary>Zero: none.</summary>
    internal TimeSpan RequestTimeout { get; init; }

    internal TimeSpan RequestTimeoutGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>0: no limit.</summary>
    internal int? MaxConnections { get; init; }

    internal long? MaxHeaderSize { get; init; }

    internal int? MaxHeaders { get; init; }

    internal long? MaxRequestLine { get; init; }

    /// <summary>0: no limit.</summary>
    internal long? MaxBody { get; init; }

    /// <summary>Empty: the header Server is not sent.</summary>
    internal string? ServerSoftware { get; init; }

    /// <summary>As the worker is told.</summary>
    /// <param name="path">What the application is mounted below.</param>
    /// <param name="yields">Whether an option's value yields to the application's own, by the option's name.</param>
    internal HttpSettings ForWorker(string? path, Func<string, bool> yields)
    {
        var keepsAlive = !DisableKeepAlive && KeepAliveTimeout != TimeSpan.Zero;
        (string Name, string? Value)[] values =
        [
            (HttpSettings.Timeout, Milliseconds(Timeout)),
            (HttpSettings.ReadTimeout, Milliseconds(ReadTimeout)),
            (HttpSettings.KeepAliveTimeout, keepsAlive ? Milliseconds(KeepAliveTimeout == Unlimited ? TimeSpan.Zero : KeepAliveTimeout) : null),
            (HttpSettings.MaxKeepAliveRequests, keepsAlive ? Text(MaxKeepAliveRequests) : "1"),
            (HttpSettings.RequestTimeout, RequestTimeout > TimeSpan.Zero ? Milliseconds(RequestTimeout) : null),
            (HttpSettings.RequestTimeoutGrace, RequestTimeout > TimeSpan.Zero ? Milliseconds(RequestTimeoutGrace) : null),
            (HttpSettings.MaxConnections, Text(MaxConnections)),
            (HttpSettings.MaxHeaderSize, Text(MaxHeaderSize)),
            (HttpSettings.MaxHeaders, Text(MaxHeaders)),
            (HttpSettings.MaxRequestLine, Text(MaxRequestLine)),
            (HttpSettings.MaxBody, Text(MaxBody)),
            (HttpSettings.ServerSoftware, ServerSoftware),
            (HttpSettings.Path, path),
        ];
        return HttpSettings.Of(values.Where(entry => entry.Value is not null).Select(entry => (entry.Name, entry.Value!, yields(entry.Name))));
    }

    private static string? Milliseconds(TimeSpan? time) =>
        time is { } given ? ((long)given.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) : null;

    private static string? Text(long? number) => number?.ToString(CultureInfo.InvariantCulture);
}
