using System.Security.Cryptography;

namespace StarletNet.TestKit.Tests;

/// <summary>The endpoints that the load clients expect, on the raw server.</summary>
internal static class ExampleApplication
{
    internal static async Task ServeAsync(RawConnection connection)
    {
        while (await connection.HeadAsync() is { } head)
        {
            var path = head.Split(' ')[1];
            switch (path.Split('?')[0])
            {
                case "/large":
                    await connection.AnswerPatternAsync(int.Parse(path.Split('=')[1]));
                    break;
                case "/upload":
                    var body = head.Contains("chunked", StringComparison.Ordinal) ? await connection.ChunkedAsync() : await connection.BytesAsync(200_000);
                    await connection.AnswerAsync($"{body.Length} {Convert.ToHexString(SHA256.HashData(body))}");
                    break;
                case "/pid":
                    await connection.AnswerAsync("4711");
                    break;
                case "/ws":
                    await RawWebSocket.AcceptAsync(connection, head);
                    await RawWebSocket.EchoAsync(connection, int.MaxValue);
                    return;
                default:
                    await connection.AnswerAsync("version 1");
                    break;
            }
        }
    }
}
