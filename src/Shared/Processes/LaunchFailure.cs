using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Processes;

/// <summary>The step of a launch that can fail on an operator's input.</summary>
internal enum LaunchStep
{
    ChangeDirectory = 1,
    Execute = 2,
}

/// <summary>A child that never became its program: which step failed, and errno.</summary>
internal sealed record LaunchFailure(LaunchStep Step, Errno Errno);
