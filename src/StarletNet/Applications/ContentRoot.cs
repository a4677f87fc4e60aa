using StarletNet.Master.Options;
using StarletNet.Master.Privileges;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Applications;

/// <summary>
/// The directory in which a worker starts. ASP.NET Core takes it for the content root: <c>appsettings.json</c> and <c>wwwroot</c> are
/// looked for there, and relative paths of the application are relative to it.
/// </summary>
/// <param name="Path">Absolute, with every link resolved: all workers of one generation run in the same release.</param>
/// <param name="AddressedAs">
/// The same directory by the path that leads to it on the command line, links not resolved. It stays the same when a release link is
/// switched, so Data Protection knows the application by it.
/// </param>
internal sealed record ContentRoot(string Path, string AddressedAs)
{
    internal const string AspNetCoreVariable = "ASPNETCORE_CONTENTROOT", DotnetVariable = "DOTNET_CONTENTROOT";

    /// <summary><c>--content-root</c> comes first, then the variables of .NET, then the application's own directory.</summary>
    /// <param name="options">For <c>--content-root</c>.</param>
    /// <param name="current">What relative paths of the command line are relative to.</param>
    /// <param name="environment">Reads a variable.</param>
    /// <param name="own">The application's own directory, as it was addressed.</param>
    /// <param name="pinned">That directory, links resolved, if it is not where <paramref name="own"/> leads now; null: it is.</param>
    /// <exception cref="OperatorException">It does not exist, or our user may not enter it.</exception>
    internal static ContentRoot Find(MasterOptions options, string current, Func<string, string?> environment, string own, string? pinned = null)
    {
        if (options.ContentRoot is { } given) return At(System.IO.Path.GetFullPath(given, current), "--content-root");
        foreach (var name in new[] { AspNetCoreVariable, DotnetVariable })
        {
            // .NET, too, takes a relative one as relative to the application.
            if (environment(name) is { Length: > 0 } variable) return At(System.IO.Path.GetFullPath(variable, pinned ?? own), name);
        }
        return At(pinned ?? own, "the application's directory") with { AddressedAs = Trimmed(own) };
    }

    private static ContentRoot At(string addressed, string source)
    {
        var path = Trimmed(addressed);
        if (RealPath.Of(path) is { } real && Directory.Exists(real) && LibC.access(real, LibC.X_OK) == 0) return new ContentRoot(real, path);
        if (ClosedDirectory.OnTheWayTo(path) is { } closed) throw Failure($"{source} is {path}, and {closed.Reason}");
        throw Failure(File.Exists(path) ? $"{source} is {path}, which is not a directory" : $"{source} is {path}, and there is no such directory");
    }

    private static string Trimmed(string path) => path.Length > 1 ? path.TrimEnd('/') : path;

    private static OperatorException Failure(string message) => new(message, ExitCodes.Failure);
}
