using System.IO.Pipelines;
using Microsoft.Extensions.Logging;

namespace StarletNet.Hosting.Transport;

/// <summary>What the connections of one loop share.</summary>
internal sealed class TransportContext
{
    private readonly PipeOptions _poolInput;

    internal TransportContext(EpollLoop loop, ConnectionSet connections, BlockPool pool, TransportOptions options, ILogger logger)
    {
        Loop = loop;
        Connections = connections;
        Pool = pool;
        Options = options;
        Logger = logger;
        NextTurn = options.Loop == LoopMode.Inline ? loop.NextTurn : loop.Elsewhere.Pool;
        _poolInput = InputOptions(loop.Elsewhere.Pool);
    }

    internal EpollLoop Loop { get; }

    internal ConnectionSet Connections { get; }

    internal BlockPool Pool { get; }

    internal TransportOptions Options { get; }

    internal ILogger Logger { get; }

    /// <summary>Where transport code goes on that has had its share for now.</summary>
    internal PipeScheduler NextTurn { get; }

    /// <summary>A connection's two pipes.</summary>
    /// <param name="dispatch">Where its application code runs; null: on the thread pool.</param>
    /// <param name="sending">When the send loop goes on.</param>
    internal (Pipe Input, Pipe Output) CreatePipes(ConnectionDispatch? dispatch, OutputDispatch sending) => dispatch is null
        ? (new Pipe(_poolInput), new Pipe(OutputOptions(Loop.Elsewhere.Pool, sending)))
        : (new Pipe(InputOptions(dispatch)), new Pipe(OutputOptions(dispatch, sending)));

    /// <summary>
    /// The application goes on where it is dispatched to; we go on in the thread that consumed: it has just been working on this
    /// connection, and our part is a few non-blocking calls.
    /// </summary>
    private PipeOptions InputOptions(PipeScheduler application) => new(Pool, application, PipeScheduler.Inline,
        Options.MaxReadBufferSize, Options.MaxReadBufferSize / 2, useSynchronizationContext: false);

    /// <summary>We send in the thread that flushes; a writer that had to wait goes on where the application runs.</summary>
    private PipeOptions OutputOptions(PipeScheduler application, PipeScheduler sending) => new(Pool, sending, application,
        Options.MaxWriteBufferSize, Options.MaxWriteBufferSize / 2, useSynchronizationContext: false);
}
