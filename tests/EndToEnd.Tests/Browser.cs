using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>A single request, for what is asserted once.</summary>
internal static class Browser
{
    /// <summary>Body of a 200 answer.</summary>
    /// <exception cref="LostException">Anything else.</exception>
    internal static async Task<string> GetAsync(Target target, string path)
    {
        using var deadline = new CancellationTokenSource(Deadlines.Event);
        using var connection = await WireConnection.ConnectAsync(target, deadline.Token);
        var answer = await connection.AskAsync($"GET {path} HTTP/1.1\r\nHost: {target.HostHeader}\r\nConnection: close\r\n\r\n", deadline.Token);
        return answer.Status == 200 ? answer.Text : throw new LostException(LossReason.WrongStatus, $"{path}: {answer.Status} {answer.Text}");
    }

    /// <summary>Waits until somebody answers there at all.</summary>
    internal static Task ServingAsync(Target target, ProgramUnderTest program) =>
        Eventually.TrueAsync(() => Answers(target), $"{target} answers", program.Describe);

    private static bool Answers(Target target)
    {
        try
        {
            return GetAsync(target, "/").GetAwaiter().GetResult().Length > 0;
        }
        catch (LostException)
        {
            return false;
        }
    }
}
