using StarletNet.Shared.Processes;

namespace StartServer.Supervision;

/// <summary>A signal as an operator chose it: <c>usr1</c> and <c>SIGUSR1</c> are shown as <c>USR1</c>, <c>10</c> as <c>10</c>.</summary>
internal sealed record ChosenSignal(Signal Signal, string Name)
{
    internal static readonly ChosenSignal Term = new(Signal.Term, "TERM");
    internal static readonly ChosenSignal Kill = new(Signal.Kill, "KILL");

    /// <summary>Null if there is no such signal.</summary>
    internal static ChosenSignal? Parse(string text) =>
        Signal.TryParse(text, out var signal) ? new ChosenSignal(signal, char.IsAsciiDigit(text[0]) ? text : signal.Name) : null;

    public override string ToString() => Name;
}
