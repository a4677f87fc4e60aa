using System.Globalization;
using StarletNet.Master.Output;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Output;

namespace StarletNet.Master.Stacks;

/// <summary><c>starletnet stacks PID</c>: prints what all threads of a .NET process are doing. The master has it done for a stuck worker.</summary>
internal static class StacksCommand
{
    internal const string Name = "stacks";

    /// <returns>The exit code.</returns>
    internal static int Run(string[] arguments)
    {
        try
        {
            if (arguments is ["-h" or "--help"]) return Print("usage: starletnet stacks PID\n\nPrints what the threads of a .NET process are doing: of a worker, or of any other program. The process goes on.\n"
                + "Exit codes: 0 printed; 1 it may not be looked at; 2 bad command line; 3 there is no such process.\n");
            if (arguments is not [var word] || !int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) || pid == 0)
                return Fail("write starletnet stacks PID", ExitCodes.Usage);
            return Print(string.Join('\n', StackReport.Of(pid)) + "\n");
        }
        catch (OperatorException error)
        {
            return Fail(error.Message, error.ExitCode);
        }
        catch (DirectoryNotFoundException)
        {
            return Fail($"there is no process {arguments[0]}", ExitCodes.NoServer);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Fail($"cannot look at process {arguments[0]}: {error.Message}", ExitCodes.Failure);
        }
    }

    private static int Print(string text)
    {
        StandardOutput.Write(text);
        return ExitCodes.Success;
    }

    private static int Fail(string message, int exitCode)
    {
        StandardStreams.WriteError($"starletnet: {message}");
        return exitCode;
    }
}
