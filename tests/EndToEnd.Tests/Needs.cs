using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

internal static class Needs
{
    /// <summary>Full path of a program; skips the test when its package is not installed.</summary>
    internal static string Program(string name, string package)
    {
        var path = SystemPrograms.Find(name);
        Assert.SkipWhen(path == null, $"{name} is not installed (Debian package {package})");
        return path!;
    }

    /// <summary>plackup with the Starlet handler.</summary>
    internal static string Starlet()
    {
        var plackup = Program("plackup", "libplack-perl");
        var probe = SystemPrograms.RunAsync("perl", "-MPlack::Handler::Starlet", "-e", "1").GetAwaiter().GetResult();
        Assert.SkipUnless(probe.IsSuccess, "Perl's Starlet is not installed (Debian package starlet)");
        return plackup;
    }
}
