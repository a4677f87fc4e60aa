using StarletNet.Shared.Errors;

namespace StarletNet.Master.Options;

/// <summary>Options that are right one by one and wrong together.</summary>
internal static class OptionsCheck
{
    /// <param name="options">All of them.</param>
    /// <param name="nameOf">How to name an option: by where it was set.</param>
    /// <param name="environment">Reads a variable.</param>
    /// <exception cref="OperatorException">The first pair that does not go together.</exception>
    internal static void Check(MasterOptions options, Func<string, string> nameOf, Func<string, string?> environment)
    {
        _ = nameOf;
        _ = environment;
        if (options.Listeners.GroupBy(spec => spec.Address).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw Refuse($"{twice.Key} is to be listened on twice; remove one of the two");
    }

    private static OperatorException Refuse(string message) => new(message, ExitCodes.Usage);
}
