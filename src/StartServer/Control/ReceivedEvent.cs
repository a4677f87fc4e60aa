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

    /// <summary>Something of each member of an array. (A loop: LINQ over a struct is compiled anew for it, and costs 20 KB each.)</summary>
    internal static IReadOnlyList<T> All<T>(this JsonElement happened, string name, Func<JsonElement, T> of)
        where T : class
    {
        var all = new List<T>();
        if (!happened.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.Array) return all;
        foreach (var member in value.EnumerateArray()) all.Add(of(member));
        return all;
    }
}
