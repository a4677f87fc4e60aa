using System.Text;
using System.Text.Json;

namespace StartServer.Control;

/// <summary>What <c>--list</c> prints for people.</summary>
internal static class Table
{
    internal static string Of(JsonElement list)
    {
        var text = new StringBuilder();
        text.Append($"start_server {list.Number("pid")}: {list.Text("doing")}\n");
        Append(text, ["GENERATION", "PID", "STATE", "AGE", "RELEASE"], list.All("generations", row => new[]
        {
            row.Number("generation").ToString(), row.Number("pid").ToString(), State(row), Age(row.Seconds("seconds")), row.Text("release") is { Length: > 0 } release ? release : "-",
        }));
        Append(text, ["LISTENER", "KIND", "ADDRESS", "FD"], list.All("listeners", row => new[]
        {
            row.Text("name"), row.Text("kind"), row.Text("address"), row.Number("fd").ToString(),
        }));
        text.Append($"\nrestarts after a crash: {list.Number("restarts")}\nlast failure: {(list.Text("lastFailure") is { Length: > 0 } failure ? failure : "none")}\n");
        return text.ToString();
    }

    private static string State(JsonElement row) => row.Number("connections") switch
    {
        0 => row.Text("state"),
        1 => $"{row.Text("state")}, 1 connection",
        var connections => $"{row.Text("state")}, {connections} connections",
    };

    /// <summary>The two largest units: 45s, 3m20s, 2h5m, 4d3h.</summary>
    internal static string Age(double seconds)
    {
        var age = TimeSpan.FromSeconds(Math.Floor(seconds));
        if (age.TotalDays >= 1) return $"{age.Days}d{age.Hours}h";
        if (age.TotalHours >= 1) return $"{age.Hours}h{age.Minutes}m";
        return age.TotalMinutes >= 1 ? $"{age.Minutes}m{age.Seconds}s" : $"{age.Seconds}s";
    }

    private static void Append(StringBuilder text, string[] head, IEnumerable<string[]> rows)
    {
        string[][] all = [head, .. rows];
        if (all.Length == 1) return;
        text.Append('\n');
        var widths = new int[head.Length];
        foreach (var row in all)
            for (var column = 0; column < row.Length; column++) widths[column] = Math.Max(widths[column], row[column].Length + 2);
        foreach (var row in all)
        {
            // The last column is not padded: nobody sees blanks at the end of a line, and they are in the way of who copies it.
            for (var column = 0; column < row.Length; column++) text.Append(column < row.Length - 1 ? row[column].PadRight(widths[column]) : row[column]);
            text.Append('\n');
        }
    }
}
