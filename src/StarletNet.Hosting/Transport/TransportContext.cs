using System.IO.Pipelines;
using Microsoft.Extensions.Logging;

namespace StarletNet.Hosting.Transport;

/// <summary>What the listeners and connections of one transport share.</summary>
internal sealed class TransportContext
{
    internal TransportContext(EpollLoop loop, ConnectionSet connections, BlockPool pool, TransportOptions options, ILogger logger)
    {
        Loop = loop;
        Connections = connections;
        Pool = pool;
        Options = options;
        Logger = logger;
        Dispatch = new PoolDispatch();
        InputOptions = new PipeOptions(pool, Dispatch, PipeScheduler.Inline,
            options.MaxReadBufferSize, options.MaxReadBufferSize / 2, useSynchronizationContext: false);
        OutputOptions = new PipeOptions(pool, PipeScheduler.Inline, Dispatch,
            options.MaxWriteBufferSize, options.MaxWriteBufferSize / 2, useSynchronizationContext: false);
    }

    internal EpollLoop Loop { get; }

    internal ConnectionSet Connections { get; }

    internal BlockPool Pool { get; }

    internal TransportOptions Options { get; }

    internal ILogger Logger { get; }

    /// <summary>Where the application's code runs, and whatever else must not run in the callback that produced it.</summary>
    internal PipeScheduler Dispatch { get; }

    /// <summary>
    /// The application goes on where <see cref="Dispatch"/> puts it; we go on in the thread that consumed: it has just been
    /// working on this connection, and our part is a few non-blocking calls.
    /// </summary>
    internal PipeOptions InputOptions { get; }

    /// <summary>We send in the thread that flushes, at once; a writer that had to wait goes on where the application runs.</summary>
    internal PipeOptions OutputOptions { get; }
}
