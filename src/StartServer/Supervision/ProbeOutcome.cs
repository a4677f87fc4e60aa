namespace StartServer.Supervision;

/// <summary>What came of a readiness probe.</summary>
internal enum ProbeOutcome
{
    /// <summary>It was answered well.</summary>
    Answered,

    /// <summary>It was not, or badly, or too late.</summary>
    Failed,

    /// <summary>Another generation answered, and said so (HTTP 421): this says nothing about the one that was meant.</summary>
    Misdirected,
}
