using StarletNet.Master.Options;
using StarletNet.Master.Output;
using StarletNet.Master.Reloading;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Events;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Applications;

/// <summary>What each generation runs: looked for anew every time, and copied if it is to be.</summary>
/// <param name="first">Which application, and whether it is copied, at the start.</param>
/// <param name="directory">What relative paths are relative to; see <see cref="WorkingDirectory"/>.</param>
/// <param name="environment">Reads a variable.</param>
/// <param name="log">For copies.</param>
internal sealed class Releases(MasterOptions first, string directory, Func<string, string?> environment, MasterLog log) : IDisposable
{
    private readonly SourceCode? _code = SourceCode.Find(first.Project, first.Application, directory);
    private MasterOptions _options = first;

    /// <summary>
    /// What start_server wants to be started (see <see cref="EnvironmentNames.Release"/>); for the first start alone: at a HUP somebody wants
    /// what the name on the command line leads to then.
    /// </summary>
    private string? _wanted = environment(EnvironmentNames.Release) is { Length: > 0 } path ? path : null;

    /// <summary>Copies it; null until <see cref="Prepare"/>.</summary>
    internal Copier? Copier { get; private set; }

    /// <summary>Builds it; null: it needs no building.</summary>
    internal Builder? Builder { get; private set; }

    /// <summary>Whether there is something to run, or to build.</summary>
    /// <exception cref="OperatorException">There is not.</exception>
    internal void Check()
    {
        if (_code is null) Find();
        else _code.BuildCommand(environment, "");
    }

    private Application Find()
    {
        var finder = new ApplicationFinder(directory, environment);
        if (Builder is { Target: var target }) return Rooted(finder.Find(target), _code!.Directory ?? Path.GetDirectoryName(_code.Path)!, null);
        var addressed = new ApplicationFinder(environment(EnvironmentNames.LogicalDirectory) is { Length: > 0 } logical ? logical : directory, environment).DirectoryOf(_options.Application);
        var found = finder.Find(_wanted ?? _options.Application);
        // Started from what served before: its links lead elsewhere by now.
        return Rooted(found, addressed, _wanted is null ? null : Path.GetDirectoryName(found.Path));
    }

    private Application Rooted(Application found, string own, string? pinned) =>
        found with { ContentRoot = ContentRoot.Find(_options, directory, environment, own, pinned) };

    /// <summary>For a new generation. To be called with the rights that its workers will have, for the copy is theirs to read.</summary>
    /// <param name="options">As they are now.</param>
    /// <param name="then">With what gives the application, or throws why it cannot be copied: at once, or when it has been copied.</param>
    /// <exception cref="OperatorException">There is nothing to run.</exception>
    internal void Take(MasterOptions options, Action<Func<Application>> then)
    {
        _options = options;
        var found = Find();
        _wanted = null;
        if (!options.RunsCopies)
        {
            // A copy that an earlier restart wants: it would take over from what is taken now.
            Copier?.Abort();
            then(() => found);
            return;
        }
        var place = Place;
        Copier!.Begin(stop => place.Make(Path.GetDirectoryName(found.Path)!, stop), made => then(() => Copied(found, made())));
    }

    /// <summary>The same before there is a pool: waits for it.</summary>
    /// <param name="queue">What happens meanwhile.</param>
    /// <returns>The application, or null: somebody wants us to stop; and what happened, for the pool to hear.</returns>
    internal (Application? Application, IReadOnlyList<Event> Missed) TakeFirst(EventQueue queue)
    {
        Func<Application>? taken = null;
        var missed = new List<Event>();
        Take(_options, made => taken = made);
        while (taken is null)
        {
            var stops = false;
            foreach (var happened in queue.Take())
            {
                if (happened is Readable { Tag: Copier copier }) copier.Hear();
                else missed.Add(happened);
                stops |= Builder.IsStop(happened);
            }
            if (stops) return (null, missed);
        }
        return (taken(), missed);
    }

    /// <summary>What masters that were killed have left. To be called once, before the first copy is made.</summary>
    internal void Prepare(EventQueue queue)
    {
        Copier = new Copier(queue);
        if (_options.RunsCopies && Place.Sweep() is > 0 and var removed) log.CopiesSwept(removed);
    }

    /// <summary>The first build, if it takes one.</summary>
    /// <returns>False: somebody wants us to stop instead.</returns>
    /// <exception cref="OperatorException">It failed.</exception>
    internal bool Build(EventQueue queue, IReadOnlyDictionary<string, string> variables)
    {
        if (_code is null) return true;
        Builder = new Builder(queue, _code, variables, log);
        return Builder.BuildFirst();
    }

    /// <summary>What <c>--reload</c> watches.</summary>
    internal IReadOnlyList<WatchedTree> Watched()
    {
        if (_options.ReloadDirectories.Count > 0) return [.. _options.ReloadDirectories.Select(path => new WatchedTree(Path.GetFullPath(path, directory)))];
        if (_code is { Directory: { } sources })
            return [.. ProjectReferences.DirectoriesOf(_code.Path).Prepend(sources).Select(path => new WatchedTree(path, IsSource: true))];
        if (_code is not null) return [new WatchedTree(Path.GetDirectoryName(_code.Path)!, Path.GetFileName(_code.Path))];
        var given = Path.Combine(directory, _options.Application ?? ApplicationFinder.DefaultName);
        var links = WatchedTree.LinksOf(given);
        try
        {
            return [new WatchedTree(Path.GetDirectoryName(Find().Path)!), .. links];
        }
        catch (OperatorException)
        {
            // Not there at this moment; its links, or its directory, tell when it is there again.
            return [.. links, new WatchedTree(Path.GetDirectoryName(RealPath.OrAsItIs(given))!)];
        }
    }

    private ShadowPlace Place => new(ShadowPlace.Find(_options.ShadowDirectory, directory, environment), _options.ShadowLinks);

    public void Dispose() => Copier?.Dispose();

    private Application Copied(Application original, ShadowCopy copy)
    {
        try
        {
            var copied = new ApplicationFinder(directory, environment).Find(copy.Of(original.Path));
            log.RunsFromCopy(original.Path, copy.Directory);
            // The name that an operator knows is that of the original.
            return copied with { Path = original.Path, Copy = copy, ContentRoot = original.ContentRoot };
        }
        catch
        {
            Copier!.Remove(copy);
            throw;
        }
    }
}
