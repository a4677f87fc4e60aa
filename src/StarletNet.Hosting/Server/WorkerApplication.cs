using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace StarletNet.Hosting.Server;

/// <summary>
/// Sees every request on its way from Kestrel to the application. The context type and the feature collection pass through
/// unchanged: Kestrel and hosting keep a context per connection in them and reuse it.
/// </summary>
internal sealed class WorkerApplication<TContext>(IHttpApplication<TContext> application) : IHttpApplication<TContext>
    where TContext : notnull
{
    public TContext CreateContext(IFeatureCollection contextFeatures)
    {
        if (contextFeatures[typeof(ConnectionRequests)] is ConnectionRequests connection)
        {
            RequestFraming.Check(contextFeatures);
            connection.Begin(contextFeatures);
        }
        return application.CreateContext(contextFeatures);
    }

    public Task ProcessRequestAsync(TContext context) => application.ProcessRequestAsync(context);

    public void DisposeContext(TContext context, Exception? exception) => application.DisposeContext(context, exception);
}
