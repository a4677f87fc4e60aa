namespace StarletNet.TestKit;

/// <summary>One line a program printed. <see cref="Index"/> counts over both streams, so that a wait can begin behind a line.</summary>
public sealed record OutputLine(int Index, TimeSpan At, OutputStream Stream, string Text)
{
    public override string ToString() => $"{At.TotalSeconds,8:F3} {(Stream == OutputStream.Error ? "err" : "out")} {Text}";
}

public enum OutputStream
{
    Output,
    Error,
}
