using StarletNet.Shared.Interop;

namespace StarletNet.Master.Observing;

/// <summary>The status socket: <c>status</c>, a line, is answered with one line of JSON, for our own user and root.</summary>
internal sealed class StatusAnswers(Func<byte[]> status) : IAnswers
{
    /// <summary>The only question there is.</summary>
    internal const string Question = "status";

    public byte[] Busy => StatusJson.Error($"there are {AnswerServer.MostClients} clients already; try again later");

    public byte[] TooLong => StatusJson.Error("a question is one short line");

    // An abstract socket has no mode, so this alone keeps others out.
    public byte[]? Refuse(PeerCredentials peer) => peer.IsOurs ? null : StatusJson.Error("only the user that starletnet runs as, and root, may ask");

    public byte[]? Answer(ReadOnlySpan<byte> received)
    {
        var end = received.IndexOf((byte)'\n');
        if (end < 0) return null;
        return received[..end].TrimEnd((byte)'\r').SequenceEqual("status"u8) ? status() : StatusJson.Error($"there is no such question; there is: {Question}");
    }
}
