using StarletNet.Master.Options;
using StarletNet.Master.Output;
using StarletNet.Master.Reloading;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Applications;

/// <summary>What each generation runs: looked for anew every time, and copied if it is to be.</summary>
/// <param name="options">Which application, and whether it is copied.</param>
/// <param name="directory">What relative paths are relative to; see <see cref="WorkingDirectory"/>.</param>
/// <param name="environment">Reads a variable.</param>
/// <param name="log">For copies.</param>
internal sealed class Releases(MasterOptions options, string directory, Func<string, string?> environment, MasterLog log)
{
    /// <summary>Whether there is something to run; nothing is copied.</summary>
    /// <exception cref="OperatorException">There is not.</exception>
    internal Application Find() => new ApplicationFinder(directory, environment).Find(options.Application);

    /// <summary>For a new generation. To be called with the rights that its workers will have, for the copy is theirs to read.</summary>
    /// <exception cref="OperatorException">There is nothing to run, or it cannot be copied.</exception>
    internal Application Take()
    {
        var found = Find();
        return options.RunsCopies ? Copied(found) : found;
    }

    /// <summary>To be called once, before the first copy is made.</summary>
    internal void Prepare()
    {
        if (options.RunsCopies && Place.Sweep() is > 0 and var removed) log.CopiesSwept(removed);
    }

    /// <summary>What <c>--reload</c> watches.</summary>
    internal IReadOnlyList<WatchedTree> Watched()
    {
        if (options.ReloadDirectories.Count > 0) return [.. options.ReloadDirectories.Select(path => new WatchedTree(Path.GetFullPath(path, directory)))];
        var given = Path.Combine(directory, options.Application ?? ApplicationFinder.DefaultName);
        var links = WatchedTree.LinksOf(given);
        try
        {
            return [new WatchedTree(Path.GetDirectoryName(Find().Path)!), .. links];
        }
        catch (OperatorException)
        {
            // Not there at this moment; its links, or its directory, tell when it is there again.
            return [.. links, new WatchedTree(Path.GetDirectoryName(Real.Path(given))!)];
        }
    }

    private ShadowPlace Place => new(ShadowPlace.Find(options.ShadowDirectory, directory, environment), options.ShadowLinks);

    private Application Copied(Application original)
    {
        var copy = Place.Make(Path.GetDirectoryName(original.Path)!);
        try
        {
            var copied = new ApplicationFinder(directory, environment).Find(copy.Of(original.Path));
            log.RunsFromCopy(original.Path, copy.Directory);
            // The name that an operator knows is that of the original.
            return copied with { Path = original.Path, Copy = copy, Directory = copy.Of(Real.Path(directory)) };
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }
}
