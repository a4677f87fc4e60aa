namespace StarletNet.TestKit;

/// <summary>Something awaited did not happen; the message carries all that is known.</summary>
public sealed class TestKitException(string message) : Exception(message);
