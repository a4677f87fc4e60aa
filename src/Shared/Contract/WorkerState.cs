namespace StarletNet.Shared.Contract;

/// <summary>What a worker is up to, in the letters of Parallel::Prefork::SpareWorkers and three of our own.</summary>
internal enum WorkerState
{
    Starting = 'S',
    Idle = '_',
    Busy = 'B',
    Draining = 'D',
    Stuck = 'K',
}
