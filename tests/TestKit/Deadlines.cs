namespace StarletNet.TestKit;

/// <summary>Deadlines of the tests: generous, because a slow machine is not a failure.</summary>
public static class Deadlines
{
    /// <summary>How long any single event may take to come.</summary>
    public static readonly TimeSpan Event = TimeSpan.FromSeconds(60);
}
