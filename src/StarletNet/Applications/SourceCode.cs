using StarletNet.Shared.Errors;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Applications;

/// <summary>What has to be built before it can be served: the project of <c>--project</c>, or a file-based application (<c>app.cs</c>).</summary>
/// <param name="Path">The project file, its directory, or the file of code.</param>
/// <param name="Directory">The project's directory; null for a file of code.</param>
internal sealed record SourceCode(string Path, string? Directory)
{
    private static readonly string[] ProjectFiles = ["*.csproj", "*.fsproj", "*.vbproj"];

    /// <summary>Whether an application is given as code.</summary>
    internal static bool IsCode(string? application) => application?.EndsWith(".cs", StringComparison.OrdinalIgnoreCase) == true;

    /// <param name="project">Of <c>--project</c>; null: not given.</param>
    /// <param name="application">As given.</param>
    /// <param name="current">What relative paths are relative to.</param>
    /// <returns>Null: it is built already.</returns>
    /// <exception cref="OperatorException">There is no such project or file.</exception>
    internal static SourceCode? Find(string? project, string? application, string current)
    {
        if (project is not null) return Project(System.IO.Path.GetFullPath(project, current));
        if (!IsCode(application)) return null;
        var path = System.IO.Path.GetFullPath(application!, current);
        return File.Exists(path) ? new SourceCode(path, null) : throw Failure($"cannot find the application {application}");
    }

    private static SourceCode Project(string path)
    {
        if (File.Exists(path)) return new SourceCode(path, System.IO.Path.GetDirectoryName(path));
        if (!System.IO.Directory.Exists(path)) throw Failure($"cannot find the project {path}");
        var files = ProjectFiles.SelectMany(pattern => System.IO.Directory.GetFiles(path, pattern)).Order(StringComparer.Ordinal).ToArray();
        return files switch
        {
            [var only] => new SourceCode(only, path),
            [] => throw Failure($"{path} holds no project: there is no *.csproj in it"),
            _ => throw Failure($"{path} holds more than one project ({string.Join(", ", files.Select(System.IO.Path.GetFileName))}); name the one to serve"),
        };
    }

    /// <summary>The command that builds it and leaves the path of what it has built in a file.</summary>
    /// <exception cref="OperatorException">There is no SDK to build it with.</exception>
    internal (string Program, string[] Arguments) BuildCommand(Func<string, string?> environment, string answer)
    {
        var dotnet = DotnetHost.Find(environment);
        var sdks = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(RealPath.OrAsItIs(dotnet))!, "sdk");
        if (!System.IO.Directory.Exists(sdks) || System.IO.Directory.GetDirectories(sdks).Length == 0)
            throw Failure($"to build {Path} takes the .NET SDK, and {dotnet} has none (there is nothing in {sdks}); install it, or serve the output of dotnet publish");
        // Native code is for publishing. A build that is meant for it switches off start-up hooks, and those are how a worker is made.
        return (dotnet, ["build", Path, "-nologo", "-v:q", "-clp:NoSummary", "-p:PublishAot=false", "-t:Build", "-getProperty:TargetPath", $"-getResultOutputFile:{answer}"]);
    }

    private static OperatorException Failure(string message) => new(message, ExitCodes.Failure);
}
