using StarletNet.Shared.Interop;

namespace StartServer.Output;

/// <summary>
/// What a generation wrote to stderr last: the first thing anybody wants to see when it did not start. Generations write to our own
/// stderr, and where that is a regular file the lines can be read back from it (<see cref="LoggedOutput"/>). Where it is not (a terminal,
/// the journal, a logger's pipe), they can be had only by standing in between (<see cref="RelayedOutput"/>), which is done for a server
/// with <c>--control</c> alone, where somebody can ask for them.
/// </summary>
internal abstract class GenerationOutput : IDisposable
{
    /// <summary>How many lines are of interest.</summary>
    protected const int LastLinesKept = 20;

    /// <summary>To be asked once stderr is what it will be.</summary>
    /// <param name="mayRelay">Whether generations may be given a pipe of ours instead of our stderr.</param>
    internal static GenerationOutput Choose(bool mayRelay) =>
        FileIdentity.Of(2) is { IsRegular: true } ? new LoggedOutput() : mayRelay ? new RelayedOutput() : new UnknownOutput();

    /// <summary>A generation is about to be started.</summary>
    /// <returns>What it is to get as stderr, to be disposed of once it has it; null for our own.</returns>
    internal abstract FileDescriptor? Begin(int generation);

    /// <summary>What it wrote last, up to now; oldest line first. Does not wait.</summary>
    internal abstract IReadOnlyList<string> LastLines(int generation);

    /// <summary>It has ended, and nobody will ask any more.</summary>
    internal abstract void Forget(int generation);

    /// <summary>What the program that takes our place must know. Nothing is read any more after <see cref="Pause"/>.</summary>
    internal abstract IReadOnlyList<KeptOutput> Keep();

    /// <summary>To be called before the first generation is started, by the program that goes on where another stopped.</summary>
    internal abstract void GoOnWith(IReadOnlyList<KeptOutput> kept);

    /// <summary>Before an exec, which no thread survives.</summary>
    /// <returns>False if that is not possible now: somebody waits for stderr to take what was read.</returns>
    internal virtual bool Pause() => true;

    /// <summary>After an exec that has failed.</summary>
    internal virtual void Resume()
    {
    }

    public abstract void Dispose();
}

/// <summary>A generation's output that outlives an exec.</summary>
/// <param name="Pipe">Where it comes from; null if it has been read to its end, or comes from no pipe.</param>
/// <param name="Forgotten">The generation has ended; its children may still write.</param>
/// <param name="Lines">The last ones.</param>
/// <param name="File">Which file stderr was when it began, if it was one.</param>
/// <param name="Size">How large that was then.</param>
internal sealed record KeptOutput(int Generation, int? Pipe, bool Forgotten, IReadOnlyList<string> Lines, FileIdentity? File, long Size);

/// <summary>Nothing is known of it.</summary>
internal sealed class UnknownOutput : GenerationOutput
{
    internal override FileDescriptor? Begin(int generation) => null;

    internal override IReadOnlyList<string> LastLines(int generation) => [];

    internal override void Forget(int generation)
    {
    }

    internal override IReadOnlyList<KeptOutput> Keep() => [];

    internal override void GoOnWith(IReadOnlyList<KeptOutput> kept)
    {
    }

    public override void Dispose()
    {
    }
}
