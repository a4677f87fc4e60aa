using StarletNet.Master.Applications;
using StarletNet.Master.Workers;

namespace StarletNet.Master.Pool;

/// <summary>What the workers of one start or restart have in common, as it was found then: one of them that dies later is replaced by its like.</summary>
/// <param name="Application">What they run.</param>
/// <param name="Launcher">Starts them, and tells them their options.</param>
/// <param name="Settings">What the pool goes by from then on.</param>
/// <param name="Workers">How many there are to be.</param>
/// <param name="ChildExit">The command after each; null: none.</param>
internal sealed record Generation(Application Application, WorkerLauncher Launcher, PoolSettings Settings, int Workers, string? ChildExit);
