using System.Globalization;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;

namespace StarletNet.Master.Observing;

/// <summary>The names under which a master is asked for its status.</summary>
internal static class StatusSocket
{
    /// <summary>What the default names begin with; the pid follows.</summary>
    internal const string Prefix = "@starletnet/";

    /// <summary>The owner alone.</summary>
    private const uint OwnerOnly = 0x180; // 0600

    /// <summary>
    /// Abstract, so that it needs no directory, no right and no removal, also when the master was killed. Anybody may connect to it, and anybody
    /// may have taken the name before: each side looks who the other is.
    /// </summary>
    internal static string NameOf(int pid) => Prefix + pid.ToString(CultureInfo.InvariantCulture);

    /// <exception cref="OperatorException">It cannot be had.</exception>
    internal static ListeningSocket Bind(string path, bool takesOver)
    {
        try
        {
            return ListeningSocket.BindUnix(path, AnswerServer.MostClients, OwnerOnly, takesOver: takesOver);
        }
        catch (SystemCallException error)
        {
            throw Failure(path, $"{error.Errno}{(error.Errno == Errno.ENOENT ? "; the directory does not exist" : "")}");
        }
        catch (SocketPathException error)
        {
            throw Failure(path, Words(error.Conflict));
        }
    }

    /// <summary>What does not depend on who is running, for a path that is bound only later.</summary>
    /// <exception cref="OperatorException">It can never be had.</exception>
    internal static void Check(string path)
    {
        if (!path.StartsWith('@') && UnixSocketFile.LastingConflict(path) is { } conflict) throw Failure(path, Words(conflict));
    }

    private static string Words(SocketPathConflict conflict) => conflict switch
    {
        SocketPathConflict.NotASocket => "a file that is no socket is there; remove it or choose another path",
        SocketPathConflict.InUse => "another server answers there; stop it or choose another path",
        _ => "the path is too long",
    };

    private static OperatorException Failure(string path, string why) => new($"cannot open the status socket {path}: {why}", ExitCodes.Failure);
}
