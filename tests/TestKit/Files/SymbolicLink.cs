using StarletNet.Shared.Interop;

namespace StarletNet.TestKit;

/// <summary>A link that is switched as deploy scripts do it: a new one is made beside it and renamed over.</summary>
public static class SymbolicLink
{
    public static void Switch(string link, string target)
    {
        var fresh = link + ".new";
        File.CreateSymbolicLink(fresh, target);
        if (LibC.rename(fresh, link) != 0) throw new TestKitException($"rename {fresh} {link}: {Errno.Last.Text}");
    }
}
