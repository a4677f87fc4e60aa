using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;

namespace StarletNet.Master.Privileges;

/// <summary>
/// Whom the service runs as, once all that needs more rights is open. Failing to become it is always fatal: going on as root is
/// not what was asked for.
/// </summary>
/// <param name="Account">Null: the user stays.</param>
/// <param name="Groups">The first is the primary one; empty: those of the account.</param>
internal sealed record Identity(Account? Account, IReadOnlyList<uint> Groups)
{
    private uint User => Account?.User ?? LibC.geteuid();

    private uint Group => Groups.Count > 0 ? Groups[0] : Account?.Group ?? LibC.getegid();

    private bool IsOurs => User == LibC.geteuid() && Group == LibC.getegid() && Groups.Count <= 1;

    /// <summary>To be asked before anything is opened.</summary>
    /// <exception cref="OperatorException">We are not root, and it is somebody else.</exception>
    internal void RefuseUnlessPossible()
    {
        if (LibC.geteuid() != 0 && !IsOurs)
            throw Failure($"cannot become user {User} and group {Group}: only root may, and we are user {LibC.geteuid()}; start as root, or leave out --user and --group");
    }

    /// <summary>
    /// Gives a file of ours away, so that it can be opened anew after <see cref="Assume"/>. The one that is open, whatever its path leads to
    /// by now; nothing that is no file: a terminal or a pipe behind /dev/stderr was somebody's before.
    /// </summary>
    internal void Own(FileDescriptor file, string path)
    {
        if (LibC.geteuid() == 0 && FileIdentity.Of(file.Number) is { IsRegular: true }) Give(file, path);
    }

    /// <summary>The same for a socket's name; only while it still is that socket's.</summary>
    internal void Own(SocketName name)
    {
        if (LibC.geteuid() != 0) return;
        using var file = new FileDescriptor(LibC.open(name.Path, LibC.O_PATH | LibC.O_NOFOLLOW | LibC.O_CLOEXEC, 0));
        if (file.IsInvalid || FileIdentity.Of(file.Number) != name.Identity) throw Failure($"{name.Path} is not our socket any more: somebody has put something else there");
        Give(file, name.Path);
    }

    private void Give(FileDescriptor file, string path)
    {
        if (LibC.fchownat(file.Number, "", User, Group, LibC.AT_EMPTY_PATH) < 0) throw Failure($"cannot give {path} to user {User} and group {Group}: {Errno.Last}");
    }

    /// <summary>For good, in this order: without groups there is no right to change the user any more, and none must come back.</summary>
    internal unsafe void Assume()
    {
        if (LibC.geteuid() != 0) return;
        if (Groups.Count > 0)
        {
            fixed (uint* groups = Groups.ToArray()) Check(LibC.setgroups(Groups.Count, (gid_t*)groups), "setgroups");
        }
        else if (Account is { } account)
        {
            Check(LibC.initgroups(account.Name, account.Group), "initgroups");
        }
        Check(LibC.setgid(Group), "setgid");
        Check(LibC.setuid(User), "setuid");
        if (User != 0 && LibC.setuid(0) == 0) throw Failure($"user {User} can become root again; nothing is started");
        if (Account is null) return;
        // ASP.NET Core keeps its keys for cookies under HOME: with root's, which it cannot read, each worker would make its own.
        Environment.SetEnvironmentVariable("HOME", Account.Home);
        Environment.SetEnvironmentVariable("USER", Account.Name);
        Environment.SetEnvironmentVariable("LOGNAME", Account.Name);
    }

    /// <summary>No program that is started from here on gains rights by being setuid. Inherited by what the calling thread starts.</summary>
    internal static void GiveUpSetuid() => Check(LibC.prctl(LibC.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)");

    private static void Check(int result, string call)
    {
        if (result < 0) throw SystemCallException.Of(call);
    }

    private static OperatorException Failure(string message) => new(message, ExitCodes.Failure);
}
