using System.Text.Json;

namespace StarletNet.Master.Explaining;

/// <summary>Endpoints that an application names in its <c>appsettings.json</c>.</summary>
internal static class OwnEndpoints
{
    internal static IReadOnlyList<string> In(string directory)
    {
        if (JsonFile.Read(Path.Combine(directory, "appsettings.json")) is not { } settings) return [];
        var found = new List<string>();
        if (Member(settings, "urls") is { ValueKind: JsonValueKind.String } urls) found.AddRange(urls.GetString()!.Split(';', StringSplitOptions.RemoveEmptyEntries));
        if (Member(Member(settings, "Kestrel"), "Endpoints") is { ValueKind: JsonValueKind.Object } endpoints)
            found.AddRange(endpoints.EnumerateObject().Select(endpoint => Member(endpoint.Value, "Url") is { ValueKind: JsonValueKind.String } url ? url.GetString()! : endpoint.Name));
        return found;
    }

    // Configuration knows no difference between capital and small letters.
    private static JsonElement? Member(JsonElement? element, string name)
    {
        if (element is not { ValueKind: JsonValueKind.Object } parent) return null;
        foreach (var member in parent.EnumerateObject())
        {
            if (member.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return member.Value;
        }
        return null;
    }
}
