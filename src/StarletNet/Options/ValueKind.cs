namespace StarletNet.Master.Options;

/// <summary>What the value of an option looks like: how it is read, and how it is written again for <c>--check-config</c>.</summary>
/// <param name="Name">What stands for the value in the help: <c>TIME</c>.</param>
/// <param name="Parse">Throws <see cref="FormatException"/>, whose message follows the option's name: <c>'x' is not a time</c>.</param>
/// <param name="Format">What <paramref name="Parse"/> reads as the same value; null: not set.</param>
internal sealed record ValueKind<T>(string Name, Func<string, T> Parse, Func<T, string?> Format)
{
    /// <summary>The only words it may be, for the shell's completion; empty if there are others.</summary>
    internal IReadOnlyList<string> Words { get; init; } = [];

    internal ValueKind<T> Called(string name) => this with { Name = name };
}
