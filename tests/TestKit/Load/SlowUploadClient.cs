using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace StarletNet.TestKit;

/// <summary>
/// Dribbles a body of 200 000 random bytes over half a second to a second, in turn with Content-Length and chunked; the server
/// must have got exactly those bytes.
/// </summary>
public sealed class SlowUploadClient(LoadSetting setting) : LoadClient(setting)
{
    private const int Pieces = 20;
    private const int PieceSize = 10_000;

    private bool _chunked;

    public override string Kind => "slow upload";

    protected override async Task RoundAsync(CancellationToken stop)
    {
        var body = new byte[Pieces * PieceSize];
        Random.NextBytes(body);
        var connection = await ConnectionAsync();
        using var deadline = NewDeadline();
        await SendSlowlyAsync(connection, body, deadline.Token);
        var answer = await connection.ReadAnswerAsync(deadline.Token);
        RequireOk(answer, Paths.Upload!);
        var expected = $"{body.Length} {Convert.ToHexString(SHA256.HashData(body))}";
        if (!answer.Text.Trim().Equals(expected, StringComparison.OrdinalIgnoreCase))
            throw new LostException(LossReason.WrongBody, $"uploaded {expected}, the server has {answer.Text}");
        Answered(answer);
        _chunked = !_chunked;
    }

    private async Task SendSlowlyAsync(WireConnection connection, byte[] body, CancellationToken deadline)
    {
        var length = _chunked ? "Transfer-Encoding: chunked" : $"Content-Length: {body.Length}";
        await connection.SendAsync(Encoding.Latin1.GetBytes(Head("POST", Paths.Upload!, length)), deadline);
        var pause = TimeSpan.FromMilliseconds(Random.Next(500, 1001) / (double)Pieces);
        for (var piece = 0; piece < Pieces; piece++)
        {
            await Task.Delay(pause, CancellationToken.None);
            await connection.SendAsync(Framed(body.AsMemory(piece * PieceSize, PieceSize)), deadline);
        }

        if (_chunked) await connection.SendAsync("0\r\n\r\n"u8.ToArray(), deadline);
    }

    private ReadOnlyMemory<byte> Framed(ReadOnlyMemory<byte> piece)
    {
        if (!_chunked) return piece;
        var size = Encoding.Latin1.GetBytes(piece.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n");
        return (byte[])[.. size, .. piece.Span, (byte)'\r', (byte)'\n'];
    }
}
