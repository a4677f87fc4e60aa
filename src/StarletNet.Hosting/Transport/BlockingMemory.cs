namespace StarletNet.Hosting.Transport;

/// <summary>
/// Which routes and connections have lately kept a thread for so long that they must not run on a loop. Routes are known by a
/// number that <see cref="RouteOf"/> makes of method and path; different ones may share it, which costs a thread hop and no more,
/// and the table never grows.
/// </summary>
internal sealed class BlockingMemory
{
    /// <summary>The largest number of a route.</summary>
    internal const int Routes = 1023;

    private readonly Habit[] _routes = new Habit[Routes + 1];
    private int _remembered;

    /// <summary>Nothing has blocked lately: no need to find out what is about to run.</summary>
    internal bool IsEmpty => Volatile.Read(ref _remembered) <= 0;

    /// <summary>Where a request for the route is to run.</summary>
    internal Place PlaceOf(int route) => _routes[route].Place;

    /// <summary>Whether a run for the route has lately been long.</summary>
    internal bool Suspects(int route) => _routes[route].IsUnderSuspicion;

    /// <summary>A run has come to its end on the loop, or would have been short enough for it.</summary>
    internal void HasBehaved(int route)
    {
        if (_routes[route].IsUnderSuspicion) Observe(route, Place.Loop);
    }

    /// <summary>A run was long, nobody knows why: the next ones are looked at in earnest. However many come at once, that is all.</summary>
    internal void Suspect(int route) => Count(_routes[route].Suspected());

    internal void Observe(int route, Place deserved) => Count(_routes[route].Observe(deserved));

    internal void Observe(ref Habit connection, Place deserved) => Count(connection.Observe(deserved));

    /// <summary>Once per second: what is not lately any more is forgotten.</summary>
    internal void Fade()
    {
        if (IsEmpty) return;
        for (var route = 0; route < _routes.Length; route++) Count(_routes[route].Fade());
    }

    /// <summary>Everything is forgotten: after a warm-up, whose first runs were long because their code was compiled.</summary>
    internal void Forget()
    {
        for (var route = 0; route < _routes.Length; route++) Count(_routes[route].Clear());
    }

    /// <inheritdoc cref="Fade()"/>
    internal void Fade(ref Habit connection) => Count(connection.Fade());

    internal void Forget(ref Habit connection) => Count(connection.Clear());

    private void Count(int change)
    {
        if (change != 0) Interlocked.Add(ref _remembered, change);
    }

    /// <summary>
    /// The method and the shape of the path: a segment that holds a digit is taken for an identifier, and one is as good as
    /// another; of a long path the beginning decides. Never 0, which means "no route".
    /// </summary>
    internal static int RouteOf(string method, string path)
    {
        const uint Prime = 16777619;
        const int MostCharacters = 64;
        var hash = 2166136261;
        foreach (var letter in method) hash = (hash ^ letter) * Prime;
        var segment = 0u;
        var isIdentifier = false;
        var end = Math.Min(path.Length, MostCharacters);
        for (var index = 0; index < end; index++)
        {
            var letter = path[index];
            if (letter == '/')
            {
                hash = (hash ^ (isIdentifier ? '*' : segment)) * Prime;
                (segment, isIdentifier) = (0, false);
                continue;
            }
            segment = (segment ^ letter) * Prime;
            isIdentifier |= char.IsAsciiDigit(letter);
        }
        hash = (hash ^ (isIdentifier ? '*' : segment)) * Prime;
        return 1 + (int)((hash ^ (hash >> 15)) % Routes);
    }
}
