namespace StarletNet.EndToEnd.Tests;

/// <summary>Stories that build the programs anew, or measure them: nothing runs beside them.</summary>
[CollectionDefinition(nameof(AloneOnTheMachine), DisableParallelization = true)]
public sealed class AloneOnTheMachine;
