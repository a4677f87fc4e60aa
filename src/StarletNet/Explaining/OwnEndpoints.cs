using System.Text.Json;

namespace StarletNet.Master.Explaining;

/// <summary>Endpoints that an application names in its <c>appsettings.json</c>, or in that of its environment.</summary>
internal static class OwnEndpoints
{
    /// <param name="directory">Of the application.</param>
    /// <param name="environment">Its own file is read last, and wins, setting by setting.</param>
    /// <returns>Each with the file that says so.</returns>
    internal static IEnumerable<string> In(string directory, string environment)
    {
        var found = new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase);
        foreach (var file in (string[])["appsettings.json", $"appsettings.{environment}.json"])
        {
            if (JsonFile.Read(Path.Combine(directory, file)) is not { } settings) continue;
            if (Text(settings, "urls") is { } urls) found["urls"] = [.. urls.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(url => $"{url}, of {file}")];
            if (Member(Member(settings, "Kestrel"), "Endpoints") is not { ValueKind: JsonValueKind.Object } endpoints) continue;
            foreach (var endpoint in endpoints.EnumerateObject())
            {
                var url = Text(endpoint.Value, "Url");
                // One without a URL adds something else to what the first file says.
                if (url is not null || !found.ContainsKey($"Kestrel:{endpoint.Name}")) found[$"Kestrel:{endpoint.Name}"] = [$"{url ?? endpoint.Name}, of {file}"];
            }
        }
        return found.Values.SelectMany(named => named);
    }

    private static string? Text(JsonElement element, string name) => Member(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

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
