namespace StarletNet.TestKit;

/// <summary>Why a request counts as lost.</summary>
public enum LossReason
{
    /// <summary>connect(2) failed.</summary>
    Refused,

    /// <summary>The connection was reset before the answer was complete.</summary>
    Reset,

    /// <summary>The connection was closed without a byte of answer to its first request.</summary>
    Empty,

    /// <summary>A kept-alive connection was closed after our next request was sent, and no close had been announced.</summary>
    ClosedAfterSend,

    /// <summary>The answer ended before its announced end.</summary>
    Truncated,

    /// <summary>The bytes are no HTTP answer, or come without a request.</summary>
    Malformed,

    WrongStatus,

    WrongBody,

    /// <summary>Nothing for so long that no patient client would wait.</summary>
    NoAnswer,

    /// <summary>A WebSocket ended without a close frame.</summary>
    Cut,
}

/// <summary>A request that a client has a right to have answered was not.</summary>
public sealed class LostException(LossReason reason, string detail) : Exception($"{reason}: {detail}")
{
    public LossReason Reason { get; } = reason;
}
