using StarletNet.Hosting.AccessLog;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Worker;

/// <summary>The log files that a worker writes to, all of them opened by the master.</summary>
/// <param name="Access">Null: there is none.</param>
internal sealed record WorkerLogs(AccessLogWriter? Access)
{
    /// <summary>The master has opened them anew: from now on these are meant.</summary>
    /// <param name="names">In the order of the descriptors.</param>
    /// <param name="descriptors">Closed by the caller.</param>
    internal void Reopen(IReadOnlyList<string> names, IReadOnlyList<int> descriptors)
    {
        for (var i = 0; i < Math.Min(names.Count, descriptors.Count); i++)
        {
            if (names[i] == ControlMessage.AccessLog) Access?.Reopen(descriptors[i]);
            if (names[i] == ControlMessage.ErrorLog) StandardOutputs.Redirect(descriptors[i]);
        }
    }
}
