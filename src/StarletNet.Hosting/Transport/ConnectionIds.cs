namespace StarletNet.Hosting.Transport;

/// <summary>Connection ids as they appear in logs and trace identifiers: short, and unlike those of a former process.</summary>
internal static class ConnectionIds
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUV";

    private static long _last = DateTime.UtcNow.Ticks;

    internal static string Next() => string.Create(13, Interlocked.Increment(ref _last), static (text, id) =>
    {
        for (var index = text.Length - 1; index >= 0; index--, id >>= 5) text[index] = Digits[(int)(id & 31)];
    });
}
