namespace StarletNet.FakeWorker;

/// <summary>Two ways to be stuck, by names that are to be found in a report of stacks.</summary>
internal static class Ailing
{
    internal static int Begun;

    private static readonly object Held = new();

    internal static void WaitForALock()
    {
        Monitor.Enter(Held);
        new Thread(EntersTheLock) { IsBackground = true }.Start();
    }

    internal static void BlockThePool()
    {
        for (var i = 0; i < 20; i++) ThreadPool.QueueUserWorkItem(_ => SleepsInThePool());
    }

    private static void EntersTheLock()
    {
        lock (Held) Thread.Sleep(1);
    }

    private static void SleepsInThePool() => Thread.Sleep(Timeout.Infinite);
}
