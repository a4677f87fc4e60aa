using System.Globalization;

namespace StarletNet.Shared.Contract;

/// <summary>
/// A listener under start_server: the name it was asked for by (<c>8080</c>, <c>host:8080</c>, <c>[::1]:8080</c>, or the path of a
/// Unix socket) and its descriptor.
/// </summary>
internal sealed record NamedDescriptor(string Name, int Fd);

/// <summary>The variable SERVER_STARTER_PORT: <c>name=fd</c> joined by <c>;</c>, empty when there are no sockets.</summary>
internal static class ServerStarterPort
{
    internal static string Format(IEnumerable<NamedDescriptor> listeners) =>
        string.Join(';', listeners.Select(listener => $"{listener.Name}={listener.Fd}"));

    /// <summary>Splits at <c>;</c>, then each entry at the first <c>=</c>. TCP and UDP are not told apart: ask the socket.</summary>
    /// <exception cref="FormatException">Malformed; the message quotes the entry and says what is wrong.</exception>
    internal static IReadOnlyList<NamedDescriptor> Parse(string value) =>
        value.Length == 0 ? [] : [.. value.Split(';').Select(ParseEntry)];

    private static NamedDescriptor ParseEntry(string entry)
    {
        var equals = entry.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0) throw new FormatException($"'{entry}' has no '=' and descriptor");
        if (equals == 0) throw new FormatException($"'{entry}' has no name before '='");
        if (!int.TryParse(entry.AsSpan(equals + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var fd))
            throw new FormatException($"'{entry[(equals + 1)..]}' in '{entry}' is not a descriptor number");
        return new NamedDescriptor(entry[..equals], fd);
    }
}
