using Microsoft.AspNetCore.Hosting.Server;

namespace StarletNet.Hosting.Server;

/// <summary>
/// <c>--ready-path</c>: asks the application itself, by a request that goes through its whole pipeline without any connection, and again until
/// it answers 2xx. Only then the worker takes connections. How long that may take is the master's to say.
/// </summary>
/// <param name="path">With a query, if need be.</param>
/// <param name="isHttps">How it seems to come: an application that sends everybody else to https is ready all the same.</param>
/// <param name="unready">Hears of each new kind of failure once.</param>
internal sealed class ReadyProbe(string path, bool isHttps, Action<string> unready)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    internal async Task PassAsync<TContext>(IHttpApplication<TContext> application, CancellationToken stopping) where TContext : notnull
    {
        string? said = null;
        while (await AskAsync(application).ConfigureAwait(false) is { } failure)
        {
            if (failure != said) unready(failure);
            said = failure;
            await Task.Delay(Interval, stopping).ConfigureAwait(false);
        }
    }

    /// <returns>Null: it is ready.</returns>
    private async Task<string?> AskAsync<TContext>(IHttpApplication<TContext> application) where TContext : notnull
    {
        try
        {
            var status = await InProcessRequest.StatusOfAsync(application, path, isHttps, "starletnet-ready").ConfigureAwait(false);
            return status is >= 200 and <= 299 ? null : $"status {status}";
        }
#pragma warning disable CA1031 // Whatever the application throws means that it is not ready.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return $"{failure.GetType().Name}: {failure.Message}";
        }
    }
}
