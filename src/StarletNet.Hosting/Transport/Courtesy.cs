namespace StarletNet.Hosting.Transport;

/// <summary>
/// Whether a worker leaves what waits in the queue to the sibling that has the fewest connections. Who is awake would otherwise take all of
/// what comes at once, and keep the long-lived ones, while the sibling, which has been woken as well, still waits for a processor.
/// </summary>
/// <remarks>
/// No client waits for long: the times in which something is left to others add up to the most in a second, and a sibling that
/// has taken nothing in them has no claim until it does.
/// </remarks>
internal sealed class Courtesy
{
    /// <summary>Connections that one may have more than another, and of many an eighth as well: 32 are shared 60:40 or better, 1000 also.</summary>
    private const int Lead = 4;

    private readonly long _most;
    private long _left;
    private long _began;
    private int _fewestInVain = -1;

    /// <param name="most">See <see cref="TransportOptions.Courtesy"/>; milliseconds, as are all times here.</param>
    internal Courtesy(long most) => _left = _most = most;

    /// <summary>Whether <paramref name="own"/> connections are clearly more than the <paramref name="fewest"/>, and there is time.</summary>
    internal bool IsDue(int own, int fewest) => _left > 0 && IsClearlyAhead(own, fewest);

    /// <returns>False if it is not due.</returns>
    internal bool TryBegin(int own, int fewest, long now)
    {
        _began = now;
        return IsDue(own, fewest);
    }

    /// <summary>To be asked again and again once it has begun.</summary>
    internal bool IsOver(int own, int fewest, long now)
    {
        var isOverdue = now - _began >= _left;
        if (!isOverdue && IsClearlyAhead(own, fewest)) return false;
        // The clock's steps are coarse; none is for nothing.
        _left = isOverdue ? 0 : _left - Math.Max(1, now - _began);
        if (_left <= 0) _fewestInVain = fewest;
        return true;
    }

    /// <summary>Once per second.</summary>
    internal void Renew(int fewest)
    {
        if (_left > 0 || fewest != _fewestInVain) _left = _most;
    }

    // Without a sibling the fewest are int.MaxValue.
    private static bool IsClearlyAhead(int own, int fewest) => own - fewest > Lead + (fewest / 8);
}
