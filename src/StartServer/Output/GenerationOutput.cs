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

    public abstract void Dispose();
}

/// <summary>Nothing is known of it.</summary>
internal sealed class UnknownOutput : GenerationOutput
{
    internal override FileDescriptor? Begin(int generation) => null;

    internal override IReadOnlyList<string> LastLines(int generation) => [];

    internal override void Forget(int generation)
    {
    }

    public override void Dispose()
    {
    }
}
