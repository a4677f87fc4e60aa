namespace StarletNet.Hosting.Worker;

/// <summary>
/// The last exception that was thrown while the application started. One that its own Main catches and logs somewhere leaves nothing but an
/// exit code; what was thrown last before that is why. Nothing is kept once the application serves.
/// </summary>
internal static class LastException
{
    private static Exception? _last;
    private static volatile bool _isOver;

    internal static void Watch() => AppDomain.CurrentDomain.FirstChanceException += (_, e) =>
    {
        // What ends is cancelled and disposed of on the way; that is never the cause.
        if (!_isOver && e.Exception is not (OperationCanceledException or ObjectDisposedException)) Volatile.Write(ref _last, e.Exception);
    };

    internal static void Forget()
    {
        _isOver = true;
        Volatile.Write(ref _last, null);
    }

    /// <summary><c>; its last exception was …</c>, or nothing.</summary>
    internal static string Words => Volatile.Read(ref _last)?.GetBaseException() is { } last ? $"; its last exception was {last.GetType().Name}: {last.Message}" : "";
}
