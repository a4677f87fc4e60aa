using StarletNet.Master.Stacks;
using StarletNet.Master.Status;
using StarletNet.Shared.CommandLine;

namespace StarletNet.Master.Options;

/// <summary>Scripts by which a shell completes the command line of starletnet, made from the option table.</summary>
internal static class Completion
{
    internal static string Of(string shell) => new ShellCompletion("starletnet", [.. OptionTable.Entries.Select(entry => entry.Declared)])
    {
        WordsOf = option => OptionTable.Find(option.Name).Words,
        Commands = [StatusCommand.Name, StacksCommand.Name],
    }.For(shell);
}
