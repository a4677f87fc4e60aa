using System.Diagnostics;
using StarletNet.Shared.Errors;
using StartServer.Supervision;

namespace StartServer.Control;

/// <summary>How things are called on the control socket: part of its contract, and so not left to how they are called in here.</summary>
internal static class Names
{
    private const string Done = "done", CandidateFailed = "candidate-failed", Busy = "busy", RolledBack = "rolled-back", Stopping = "stopping", Aborted = "aborted";

    internal static string Of(DeployOutcome outcome) => outcome switch
    {
        DeployOutcome.Done => Done,
        DeployOutcome.CandidateFailed => CandidateFailed,
        DeployOutcome.Busy => Busy,
        DeployOutcome.RolledBack => RolledBack,
        DeployOutcome.Stopping => Stopping,
        DeployOutcome.Aborted => Aborted,
        _ => throw new UnreachableException(outcome.ToString()),
    };

    internal static string Of(Role role) => role switch
    {
        Role.Candidate => "candidate",
        Role.Current => "current",
        Role.Previous => "previous",
        Role.Old => "old",
        Role.Draining => "draining",
        Role.Lingering => "lingering",
        Role.Discarded => "discarded",
        Role.Stopping => "stopping",
        _ => throw new UnreachableException(role.ToString()),
    };

    /// <summary>What <c>--restart</c> returns.</summary>
    internal static int ExitCode(string outcome) => outcome switch
    {
        Done => ExitCodes.Success,
        CandidateFailed or Aborted => ExitCodes.CandidateFailed,
        Busy => ExitCodes.Busy,
        RolledBack => ExitCodes.RolledBack,
        // There will be no start_server when the caller looks.
        Stopping => ExitCodes.NoServer,
        // A newer server may have others.
        _ => ExitCodes.Failure,
    };
}
