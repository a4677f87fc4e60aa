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

    /// <summary>0: none.</summary>
    internal int SoftLimit { get; init; }

    internal long? MaxHeaderSize { get; init; }

    internal int? MaxHeaders { get; init; }

    internal long? MaxRequestLine { get; init; }

    /// <summary>0: no limit.</summary>
    internal long? MaxBody { get; init; }

    /// <summary>Empty: the header Server is not sent.</summary>
    internal string? ServerSoftware { get; init; }

    /// <summary>What a proxy on this machine says of its clients is believed.</summary>
    internal bool BelievesNearProxies { get; init; } = true;

    /// <summary>An <c>Expect</c> that is not 100-continue is answered with 417. Chosen by the preset.</summary>
    internal bool RefusesExpectations { get; init; }

    /// <summary>The application's own endpoints stay open beside the listeners.</summary>
    internal bool KeepsAppEndpoints { get; init; }

    /// <summary>An answer's header may ask for the worker to be replaced.</summary>
    internal bool HarakiriHeader { get; init; }

    /// <summary>As the worker is told.</summary>
    /// <param name="path">What the application is mounted below.</param>
    /// <param name="statusPath">Where the worker shows the scoreboard.</param>
    /// <param name="yields">Whether an option's value yields to the application's own, by the option's name.</param>
    internal HttpSettings ForWorker(string? path, string? statusPath, string? healthPath, Func<string, bool> yields)
    {
        var keepsAlive = !DisableKeepAlive && KeepAliveTimeout != TimeSpan.Zero;
        // One by one and not as a list of pairs: each kind of pair that goes through LINQ costs native code.
        var settings = new List<HttpSetting>();
        Add(HttpSettings.Timeout, Milliseconds(Timeout));
        Add(HttpSettings.ReadTimeout, Milliseconds(ReadTimeout));
        Add(HttpSettings.KeepAliveTimeout, keepsAlive ? Milliseconds(KeepAliveTimeout == Unlimited ? TimeSpan.Zero : KeepAliveTimeout) : null);
        Add(HttpSettings.MaxKeepAliveRequests, keepsAlive ? Text(MaxKeepAliveRequests) : "1");
        Add(HttpSettings.RequestTimeout, RequestTimeout > TimeSpan.Zero ? Milliseconds(RequestTimeout) : null);
        Add(HttpSettings.RequestTimeoutGrace, RequestTimeout > TimeSpan.Zero ? Milliseconds(RequestTimeoutGrace) : null);
        Add(HttpSettings.MaxConnections, Text(MaxConnections));
        Add(HttpSettings.SoftLimit, SoftLimit > 0 ? Text(SoftLimit) : null);
        Add(HttpSettings.MaxHeaderSize, Text(MaxHeaderSize));
        Add(HttpSettings.MaxHeaders, Text(MaxHeaders));
        Add(HttpSettings.MaxRequestLine, Text(MaxRequestLine));
        Add(HttpSettings.MaxBody, Text(MaxBody));
        Add(HttpSettings.ServerSoftware, ServerSoftware);
        Add(HttpSettings.Path, path);
        Add(HttpSettings.StatusPath, statusPath);
        Add(HttpSettings.HealthPath, healthPath);
        Add(HttpSettings.Forwarded, BelievesNearProxies ? null : "0");
        Add(HttpSettings.Expectations, RefusesExpectations ? "1" : null);
        Add(HttpSettings.KeepAppEndpoints, KeepsAppEndpoints ? "1" : null);
        Add(HttpSettings.HarakiriHeader, HarakiriHeader ? "1" : null);
        return HttpSettings.Of(settings);

        void Add(string name, string? value)
        {
            if (value is not null) settings.Add(new HttpSetting(name, value, yields(name)));
        }
    }

    private static string? Milliseconds(TimeSpan? time) =>
        time is { } given ? ((long)given.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) : null;

    private static string? Text(long? number) => number?.ToString(CultureInfo.InvariantCulture);
}
