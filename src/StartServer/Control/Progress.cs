using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;
using StartServer.Output;

namespace StartServer.Control;

/// <summary>A deploy for people: a line for each thing that happens and, on a terminal, below them one that says what is waited for, and how long.</summary>
/// <param name="write">Takes what is to be shown.</param>
/// <param name="live">There is a terminal on which a line can be written over.</param>
internal sealed class Progress(Action<string> write, bool live) : IDisposable
{
    /// <summary>To the beginning of the line, and clear it.</summary>
    private const string Erase = "\r\u001b[K";

    private long _since = Stopwatch.GetTimestamp();
    private string _waiting = "waiting for start_server";
    private bool _shown;

    internal static Progress ToStandardOutput() =>
        new(text => StandardError.Write(1, text), LibC.isatty(1) == 1 && Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb");

    internal bool IsLive => live;

    internal void Show(JsonElement happened)
    {
        foreach (var line in Lines(happened)) Print(line);
        if (NextWait(happened) is { } waiting)
        {
            _waiting = waiting;
            _since = Stopwatch.GetTimestamp();
        }
        Tick();
    }

    /// <summary>Renews the line that says what is waited for.</summary>
    internal void Tick()
    {
        if (!live) return;
        write($"{Erase}{_waiting} ({(int)Stopwatch.GetElapsedTime(_since).TotalSeconds} s)");
        _shown = true;
    }

    /// <summary>Removes that line, for something that is written by others.</summary>
    internal void Clear()
    {
        if (_shown) write(Erase);
        _shown = false;
    }

    private void Print(string line)
    {
        write((_shown ? Erase : "") + line + "\n");
        _shown = false;
    }

    private static IEnumerable<string> Lines(JsonElement e)
    {
        switch (e.Name())
        {
            case "upgraded":
                yield return "start_server has taken the new command line";
                break;
            case "candidate-started":
                yield return e.Number("attempt") > 1 ? $"{Generation(e)} started, attempt {e.Number("attempt")}" : $"{Generation(e)} started";
                break;
            case "candidate-failed":
                yield return e.Number("generation") > 0 ? $"{Generation(e)} failed: {e.Text("reason")}" : $"no generation could be started: {e.Text("reason")}";
                foreach (var line in e.All("lastLines", line => "  " + Printable(line.GetString()))) yield return line;
                break;
            case "candidate-discarded":
                yield return $"{Generation(e)} is given up before it is ready: {e.Text("reason")}";
                break;
            case "candidate-accepted":
                yield return string.Create(CultureInfo.InvariantCulture, $"{Generation(e)} ready after {e.Seconds("seconds"):0.00} s");
                break;
            case "old-signalled":
                yield return $"sent {e.Text("signal")} to {string.Join(", ", e.All("generations", Generation))}";
                break;
            case "generation-lingers":
                yield return $"{Generation(e)} keeps {Connections(e.Number("connections"))}";
                break;
            case "generation-ended":
                yield return e.Text("exit") == "exit code 0" ? $"{Generation(e)} drained" : $"{Generation(e)} ended: {e.Text("exit")}";
                break;
            case "rolled-back":
                yield return $"generation {e.Number("from")} failed, generation {e.Number("to")} serves again: {e.Text("reason")}";
                foreach (var line in e.All("lastLines", line => "  " + Printable(line.GetString()))) yield return line;
                break;
            case "deploy-ended":
                yield return e.Text("outcome") == "done" ? e.Text("reason") + Staying(e.Number("lingering")) : $"not deployed: {e.Text("reason")}";
                break;
            default: break;
        }
    }

    private static string? NextWait(JsonElement e) => e.Name() switch
    {
        "candidate-started" => $"waiting for {Generation(e)} to be ready",
        "candidate-failed" => "waiting for what start_server does next",
        "candidate-accepted" or "old-signalled" or "generation-ended" or "generation-lingers" => "waiting for the old generations to end",
        _ => null,
    };

    private static string Staying(int lingering) => lingering == 0 ? "" : $"; {Connections(lingering)} may stay with older generations (--drain-websockets)";

    private static string Connections(int number) => number == 1 ? "1 long-lived connection" : $"{number} long-lived connections";

    private static string Generation(JsonElement e) => $"generation {e.Number("generation")} (pid {e.Number("pid")})";

    /// <summary>What a program wrote may hold commands to a terminal, which are not to be carried out here.</summary>
    private static string Printable(string? line) => PrintableText.Of(line ?? "", keepsTabs: true);

    public void Dispose() => Clear();
}
