using StartServer.Generations;
using StartServer.Output;

namespace StartServer.Supervision;

/// <summary>What each generation runs: the table of decisions knows generations, and this is where they get their names.</summary>
internal sealed partial class Supervisor
{
    /// <summary>To be called after each step, before its actions, which may tell of it: another generation may serve now.</summary>
    private void FollowCurrent()
    {
        if (_state is not Running { Fleet.Current: { } current } || current.Pid == _served?.Process.Pid || !_generations.TryGetValue(current.Pid, out var serves)) return;
        if (serves.Release.Files.Length == 0) serves.Release = serves.Release.Marked();
        serves.IsUnchanged = _served is { } before && serves.Release.IsSameAs(before.Release);
        _served = serves;
        StandardError.WriteLine(Messages.Serves(current.Number, serves.Release.Name, serves.IsUnchanged));
    }

    /// <summary>What a crash is to restart; null where it is not there any more, or nothing has served, and the command line says what is started.</summary>
    private ServedRelease? WhatServed()
    {
        if (_served?.Release is not { } release) return null;
        var now = _launcher.Named.Now;
        if (release.FindGone() is { } gone)
        {
            StandardError.WriteLine(Messages.WhatServedIsGone(gone, now.Name));
            return null;
        }
        if (release.Origin.To(now) is { } difference) StandardError.WriteLine(Messages.StartsWhatServed(release.Name, difference));
        return release;
    }

    private void Publish(News news)
    {
        if (news is DeployEnded ended) news = Complete(ended);
        Listener?.Hear(news);
    }

    /// <summary>A deploy that is done says what serves; one that is not, what the links name, and when that would be started.</summary>
    private DeployEnded Complete(DeployEnded ended)
    {
        if (ended is { Outcome: DeployOutcome.Done, Serves: { } generation })
        {
            if (!_generations.TryGetValue(generation.Pid, out var serves)) return ended;
            return ended with
            {
                Reason = Messages.Serves(generation.Number, serves.Release.Name, serves.IsUnchanged),
                Release = serves.Release.Name,
                IsUnchanged = serves.IsUnchanged,
            };
        }
        if (ended.Outcome is not (DeployOutcome.CandidateFailed or DeployOutcome.Aborted or DeployOutcome.RolledBack)) return ended;
        var now = _launcher.Named.Now;
        // With another command line the former one is about to come back.
        if (_served?.Release is not { } served || !served.Origin.HasWordsOf(now) || served.Origin.To(now) is not { } difference) return ended with { Release = _served?.Release.Name };
        var note = served.FindGone() is { } gone ? Messages.ServedIsGone(gone, difference) : Messages.NamedIsNotServed(served.Name, difference);
        StandardError.WriteLine(note);
        return ended with { Release = served.Name, Note = note };
    }
}
