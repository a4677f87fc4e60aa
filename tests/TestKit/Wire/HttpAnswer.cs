using System.Text;

namespace StarletNet.TestKit;

/// <summary>An HTTP/1.x answer as it came over the wire.</summary>
public sealed record HttpAnswer(string Version, int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, ReadOnlyMemory<byte> Body)
{
    public string Text => Encoding.UTF8.GetString(Body.Span);

    /// <summary>The server said that the connection ends with this answer, or HTTP/1.0 and the want of a length imply it.</summary>
    public bool CloseAnnounced { get; init; }

    /// <summary>All values of a header, joined as HTTP allows; null when there is none.</summary>
    public string? Header(string name)
    {
        var values = Headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value).ToList();
        return values.Count == 0 ? null : string.Join(", ", values);
    }

    internal bool ConnectionHas(string token) =>
        (Header("Connection") ?? "").Split(',').Any(t => t.Trim().Equals(token, StringComparison.OrdinalIgnoreCase));
}
