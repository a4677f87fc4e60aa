using StarletNet.Shared.Contract;
using StarletNet.Shared.Notify;

namespace StarletNet.Master.Workers;

/// <summary>
/// <c>--warmup auto</c>: the paths that the running workers have answered most, for their successors. Under our start_server the next generation's
/// workers are another master's; so start_server is told them and hands them on in the environment.
/// </summary>
/// <param name="handedOver">From the generation before, or null.</param>
/// <param name="notify">To start_server.</param>
internal sealed class AnsweredPaths(string? handedOver, NotifySender notify)
{
    private IReadOnlyList<string> _paths = WarmUpPaths.Parse(handedOver ?? "");

    internal IReadOnlyList<string> Most => _paths;

    /// <param name="reported">By a worker.</param>
    internal void Take(string reported)
    {
        var paths = WarmUpPaths.Parse(reported);
        if (paths.Count == 0 || paths.SequenceEqual(_paths)) return;
        _paths = paths;
        // May be lost: it is said again when it changes.
        notify.TrySend($"{NotifyNames.WarmUp}={WarmUpPaths.Format(paths)}");
    }
}
