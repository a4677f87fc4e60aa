using StarletNet.Master.Output;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Contract;

namespace StarletNet.Master.Options;

/// <summary>
/// Variables that look like options and are none. They are told and not refused: an environment is inherited, and others put such names into
/// it (an image its <c>STARLETNET_VERSION</c>, Kubernetes its <c>STARLETNET_SERVICE_HOST</c> for a service of our name).
/// </summary>
internal static class UnknownVariables
{
    private static readonly HashSet<string> Known =
    [
        .. OptionTable.Entries.Select(entry => entry.Declared.EnvironmentTwin).OfType<string>(), OptionsReader.DebugVariable,
        EnvironmentNames.Release, .. EnvironmentNames.WorkerPrivate, EnvironmentNames.WorkerSlot, EnvironmentNames.Generation,
        EnvironmentNames.ExitedPid, EnvironmentNames.ExitedStatus, EnvironmentNames.ExitedReason, EnvironmentNames.ExitedRequests,
    ];

    /// <param name="variables">Names of all variables.</param>
    /// <returns>Those that are not known, each with the variable that may have been meant, or null.</returns>
    internal static IEnumerable<(string Name, string? Nearest)> Of(IReadOnlyCollection<string> variables) => variables
        .Where(name => name.StartsWith(MasterOption.TwinPrefix, StringComparison.Ordinal) && !IsKnown(name, variables))
        .Order(StringComparer.Ordinal)
        .Select(name => (name, NearestTo(name)));

    /// <summary>Says so in the log.</summary>
    internal static void Tell(IReadOnlyCollection<string> variables, MasterLog log)
    {
        var unknown = Of(variables).ToArray();
        foreach (var (name, nearest) in unknown)
            if (nearest is not null) log.VariableMisspelt(name, nearest);
        var others = unknown.Where(variable => variable.Nearest is null).Select(variable => variable.Name).ToArray();
        if (others.Length > 0) log.VariablesUnknown(others);
    }

    // A program that a worker starts inherits the number of workers together with the slot; alone it is somebody's word for --max-workers.
    private static bool IsKnown(string name, IReadOnlyCollection<string> variables) =>
        Known.Contains(name) || name.StartsWith(EnvironmentNames.SavedPrefix, StringComparison.Ordinal)
        || (name == EnvironmentNames.Workers && variables.Contains(EnvironmentNames.WorkerSlot));

    private static string? NearestTo(string variable)
    {
        var name = variable[MasterOption.TwinPrefix.Length..].Replace('_', '-').ToLowerInvariant();
        return OptionNames.Nearest(name, OptionTable.Entries.Select(entry => entry.Declared).Where(option => option.EnvironmentTwin is not null))?.EnvironmentTwin;
    }
}
