using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Applications;

/// <summary>
/// Where we were started, by the name the shell knows it by. After <c>cd /srv/app/current</c>, a link, the kernel only knows
/// the release it led to then; PWD still holds the link, so that a restart finds the release it leads to now.
/// </summary>
internal static class WorkingDirectory
{
    /// <exception cref="OperatorException">It is not there any more: a release that was removed, perhaps.</exception>
    internal static string Find(Func<string, string?> environment)
    {
        var actual = Actual();
        var logical = environment("PWD");
        // PWD is anybody's to set, and nobody's duty to keep: it counts only while it leads where we are.
        if (logical is not { Length: > 0 } || logical == actual || !logical.StartsWith('/')) return actual;
        return FileIdentity.Of(logical + "/.") is { } there && there == FileIdentity.Of(".") ? logical : actual;
    }

    private static string Actual()
    {
        try
        {
            return Directory.GetCurrentDirectory();
        }
        catch (FileNotFoundException)
        {
            throw new OperatorException("the current directory has been removed; start from one that is there", ExitCodes.Failure);
        }
    }
}
