using System.Text.Json;

namespace StartServer.Control;

/// <summary>Reading what <see cref="NewsJson"/> writes. What is not there is empty or 0: a server may be of another version.</summary>
internal static class ReceivedEvent
{
    internal static string Name(this JsonElement happened) => happened.Text("event");

    internal static string Text(this JsonElement happened, string name) =>
        happened.ValueKind == JsonValueKind.Object && happened.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    internal static int Number(this JsonElement happened, string name) => (int)happened.Seconds(name);

    internal static double Seconds(this JsonElement happened, string name) =>
        happened.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : 0;

    internal static IReadOnlyList<JsonElement> All(this JsonElement happened, string name) =>
        happened.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [];
}
