using System.IO.Pipelines;

namespace StarletNet.Hosting.Transport;

internal sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
