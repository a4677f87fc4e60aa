using StarletNet.Shared.Contract;

namespace StartServer.Supervision;

/// <summary>One thing to be done, in the order given.</summary>
internal abstract record SupervisorAction;

/// <summary>Write a line to stderr.</summary>
internal sealed record Log(string Line) : SupervisorAction;

/// <summary>Start generation <paramref name="Number"/>; answered at once by <see cref="Spawned"/> or <see cref="SpawnFailed"/>. Always the last of its list.</summary>
/// <param name="AsServed">Start it from what served last, not from what the command line's links name now.</param>
internal sealed record Spawn(int Number, bool AsServed = false) : SupervisorAction;

/// <summary>Send a signal to each.</summary>
/// <param name="Meaning">Travels as the signal's value.</param>
internal sealed record Send(ChosenSignal Signal, IReadOnlyList<Generation> Generations, SignalMeaning Meaning = SignalMeaning.Stop) : SupervisorAction;

/// <summary>Ask a generation whether it serves; answered later by <see cref="Probed"/>. Never asked twice at a time of the same one.</summary>
internal sealed record Probe(Generation Generation) : SupervisorAction;

/// <summary>Let that event happen after the delay.</summary>
internal sealed record SetTimer(TimerEvent Event, TimeSpan Delay) : SupervisorAction;

/// <summary>Replace the status file.</summary>
internal sealed record WriteStatus(IReadOnlyList<Generation> Generations) : SupervisorAction;

/// <summary>Close our hold on the listeners.</summary>
internal sealed record CloseListeners : SupervisorAction;

/// <summary>Close the listeners that were removed: whoever still holds them is about to be told to go, and takes what waits there along.</summary>
internal sealed record ReleaseListeners : SupervisorAction;

/// <summary>Those who follow are to be told.</summary>
internal sealed record Tell(News News) : SupervisorAction;
