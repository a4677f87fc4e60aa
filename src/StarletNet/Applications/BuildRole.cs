using System.ComponentModel;
using System.Text;
using CliWrap;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Output;

namespace StarletNet.Master.Applications;

/// <summary>
/// The role of this executable that runs <c>dotnet build</c> and ends with it. The master starts it as its child: CliWrap waits by
/// System.Diagnostics.Process, which reaps, and the master reaps with wait4(-1). In one process each would take the other's exits.
/// </summary>
/// <remarks>
/// Both are in the process group that the master made for the role: the master ends a build by SIGKILL to the group, so no build outlives an
/// abort.
/// </remarks>
internal static class BuildRole
{
    /// <summary>First argument of the role: it begins with a control character, so that no command line of a person can mean it.</summary>
    private const string Name = "\u0001build";

    /// <summary>Exit code of the role if dotnet cannot be executed, as a shell has it; the reason is the output.</summary>
    internal const int CannotExecute = 127;

    internal static string[] Arguments(string program, string[] arguments) => [Name, program, .. arguments];

    /// <returns>The exit code of the build; null if this process does not have the role.</returns>
    internal static int? TakeIfAsked(string[] args) => args is [Name, var program, .. var arguments] ? Run(program, arguments) : null;

    private static int Run(string program, string[] arguments)
    {
        var gate = new Lock();
        // Both outputs of the build go to the one that the master has given us, as they come.
        var output = PipeTarget.ToDelegate(
            line =>
            {
                lock (gate) StandardOutput.Write(line + "\n");
            },
            Encoding.UTF8);
        var command = Cli.Wrap(program).WithArguments(arguments).WithValidation(CommandResultValidation.None)
            .WithStandardOutputPipe(output).WithStandardErrorPipe(output);
        try
        {
            return command.ExecuteAsync().Task.GetAwaiter().GetResult().ExitCode;
        }
        catch (Win32Exception error)
        {
            StandardOutput.Write($"cannot execute {program}: {new Errno(error.NativeErrorCode)}\n");
            return CannotExecute;
        }
        catch (OperatorException)
        {
            // The output is full or gone, so there is no place for the reason.
            return ExitCodes.Failure;
        }
    }
}
