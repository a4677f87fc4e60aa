using System.Runtime.InteropServices;
using StarletNet.Shared.Contract;

namespace StarletNet.Master.Applications;

/// <summary>
/// Whether a program calls <c>UseStarletNet()</c>. One that does holds the name of the variable by which we speak to it, as .NET keeps
/// strings; trimming and native compilation leave it out of one that has the package and does not call it.
/// </summary>
internal static class OwnEntrance
{
    private const string HostingAssembly = "StarletNet.Hosting.dll";
    private const long SearchedBytes = 512L * 1024 * 1024;

    /// <summary>In an executable, native or with everything inside.</summary>
    internal static bool IsIn(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            // Without the zero at its end: native code is packed, and zeros that follow one another are kept as a number.
            var name = MemoryMarshal.AsBytes(EnvironmentNames.Listen.AsSpan())[..^1];
            return FileSearch.Find(file, name, before: 0, SearchedBytes) is not null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>In an application whose assemblies are files of their own.</summary>
    internal static bool IsBeside(string assembly) => IsIn(Path.Combine(Path.GetDirectoryName(assembly)!, HostingAssembly));
}
