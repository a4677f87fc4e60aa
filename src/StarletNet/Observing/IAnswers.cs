using StarletNet.Shared.Interop;

namespace StarletNet.Master.Observing;

/// <summary>What is said on a socket of the master's: one answer to one question.</summary>
internal interface IAnswers
{
    /// <summary>What to say instead to somebody who may not ask; null: he may.</summary>
    public byte[]? Refuse(PeerCredentials peer);

    /// <summary>What to say to one too many.</summary>
    public byte[] Busy { get; }

    /// <summary>The answer; null: the question is not complete yet.</summary>
    public byte[]? Answer(ReadOnlySpan<byte> received);

    /// <summary>The answer to a question that is longer than any may be.</summary>
    public byte[] TooLong { get; }
}
