using System.Diagnostics;
using StarletNet.Shared.Errors;
using StartServer.Supervision;

namespace StartServer.Control;

/// <summary>How things are called on the control socket: part of its contract, and so not left to how they are called in here.</summary>
internal static class Names
{
    private static readonly (DeployOutcome Outcome, string Name, int ExitCode)[] Outcomes =
    [
        (DeployOutcome.Done, "done", ExitCodes.Success),
        (DeployOutcome.CandidateFailed, "candidate-failed", ExitCodes.CandidateFailed),
        (DeployOutcome.Busy, "busy", ExitCodes.Busy),
        (DeployOutcome.RolledBack, "rolled-back", ExitCodes.RolledBack),
        // There will be no start_server when the caller looks.
        (DeployOutcome.Stopping, "stopping", ExitCodes.NoServer),
    ];

    internal static string Of(DeployOutcome outcome) => Outcomes.First(row => row.Outcome == outcome).Name;

    internal static string Of(Role role) => role switch
    {
        Role.Candidate => "candidate",
        Role.Current => "current",
        Role.Previous => "previous",
        Role.Old => "old",
        Role.Draining => "draining",
        Role.Stopping => "stopping",
        _ => throw new UnreachableException(role.ToString()),
    };

    /// <summary>What <c>--restart</c> returns. 1 for a name that a newer server may have.</summary>
    internal static int ExitCode(string name) => Outcomes.Where(row => row.Name == name).Select(row => (int?)row.ExitCode).FirstOrDefault() ?? ExitCodes.Failure;
}
