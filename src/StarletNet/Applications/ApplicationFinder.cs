using System.Text.Json;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Applications;

/// <summary>
/// Finds out, before anything is bound or started, whether a path is an application that a worker can run. Done anew at every
/// restart, because the path may lead through a link to the current release.
/// </summary>
/// <param name="directory">What relative paths are relative to; see <see cref="WorkingDirectory"/>.</param>
/// <param name="environment">Reads a variable.</param>
internal sealed class ApplicationFinder(string directory, Func<string, string?> environment)
{
    internal const string DefaultName = "app.dll";
    private const string ConfigSuffix = ".runtimeconfig.json";

    /// <param name="given">As on the command line; null: <see cref="DefaultName"/>, if it is there.</param>
    /// <exception cref="OperatorException">It is not there, cannot be read, or is not an application we can serve.</exception>
    internal Application Find(string? given)
    {
        if (given is null && !File.Exists(System.IO.Path.Combine(directory, DefaultName)))
            throw new OperatorException($"no application given, and there is no {DefaultName} in {directory}; see --help", ExitCodes.Usage);
        var path = Resolve(given ?? DefaultName);
        if (Directory.Exists(path)) path = InDirectory(path);
        if (LibC.access(path, LibC.R_OK) < 0) throw Failure($"cannot read {path}: {Errno.Last}");
        return Inspect(path);
    }

    /// <summary>The application's own directory by the path that was given, links not resolved.</summary>
    internal string DirectoryOf(string? given)
    {
        var path = System.IO.Path.GetFullPath(given ?? DefaultName, directory);
        return Directory.Exists(path) ? path : System.IO.Path.GetDirectoryName(path)!;
    }

    private string Resolve(string given)
    {
        var path = System.IO.Path.Combine(directory, given);
        if (RealPath.Of(path) is { } resolved) return resolved;
        var error = Errno.Last;
        if (error == Errno.EACCES && ClosedDirectory.OnTheWayTo(path) is { } closed) throw Failure($"cannot find the application {given}: {closed.Reason}");
        throw Failure($"cannot find the application {given}: {error}");
    }

    private static string InDirectory(string path)
    {
        string[] configs;
        try
        {
            configs = Directory.GetFiles(path, "*" + ConfigSuffix);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            throw Failure($"cannot read the directory {path}: {error.Message}");
        }
        if (configs.Length == 0) throw Failure($"{path} holds no published application: there is no *{ConfigSuffix} in it");
        if (configs.Length > 1)
            throw Failure($"{path} holds more than one application ({string.Join(", ", configs.Select(System.IO.Path.GetFileName).Order(StringComparer.Ordinal))}); name the one to serve");
        return configs[0][..^ConfigSuffix.Length] + ".dll";
    }

    private Application Inspect(string path)
    {
        if (FileIdentity.Of(path) == FileIdentity.OfTarget("/proc/self/exe")) throw Failure($"{path} is starletnet itself; name the application to serve");
        var isAssembly = path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
        var stem = isAssembly ? path[..^4] : path;
        if (!File.Exists(stem + ConfigSuffix)) return WithoutConfig(path, isAssembly);
        var config = ReadConfig(stem + ConfigSuffix);
        Requirements.RefuseWindows(path, config);
        RefuseUnlessAspNetCore(path, config);
        if (!config.AllowsStartupHooks && !OwnEntrance.IsBeside(stem + ".dll")) throw CannotEnter(path);
        Requirements.RefuseMissingFiles(path, stem, config, environment);
        if (!config.IsSelfContained)
        {
            var host = DotnetHost.Find(environment);
            Requirements.RefuseMissingRuntime(path, config, host, environment);
            return new Application(path, host, ["exec", stem + ".dll"]) { HeapLimit = config.HeapLimit, EntersByItself = !config.AllowsStartupHooks };
        }
        if (LibC.access(stem, LibC.X_OK) < 0) throw Failure($"{path} carries its own runtime, but its executable {stem} cannot be run: {Errno.Last}");
        return new Application(path, stem, []) { HeapLimit = config.HeapLimit, EntersByItself = !config.AllowsStartupHooks };
    }

    // A single file holds its configuration inside; native code has none.
    private static Application WithoutConfig(string path, bool isAssembly)
    {
        if (isAssembly)
            throw Failure($"{path} is not an application: there is no {System.IO.Path.GetFileName(path)[..^4]}{ConfigSuffix} beside it; serve the output of dotnet publish");
        RuntimeConfig? config = null;
        if (SingleFileBundle.ReadRuntimeConfig(path) is { } json)
        {
            config = Parse(path, json);
            RefuseUnlessAspNetCore(path, config);
            if (!config.AllowsStartupHooks && !OwnEntrance.IsIn(path)) throw CannotEnter(path, ", or without EnableCompressionInSingleFile if it calls it");
        }
        else if (!OwnEntrance.IsIn(path))
        {
            throw Failure($"{path} is not a managed application: there is no {System.IO.Path.GetFileName(path)}{ConfigSuffix} beside it, and it is no single-file bundle. "
                + "An application published as native code must reference the package StarletNet.Hosting and call UseStarletNet()");
        }
        if (LibC.access(path, LibC.X_OK) < 0) throw Failure($"cannot run {path}: {Errno.Last}");
        return new Application(path, path, []) { HeapLimit = config?.HeapLimit, EntersByItself = config is not { AllowsStartupHooks: true } };
    }

    private static void RefuseUnlessAspNetCore(string path, RuntimeConfig config)
    {
        if (!config.IsAspNetCore)
            throw Failure($"{path} is not an ASP.NET Core application: its runtimeconfig.json does not name the framework Microsoft.AspNetCore.App");
    }

    private static OperatorException CannotEnter(string path, string or = "") => Failure(
        $"{path} was trimmed, or published with start-up hooks switched off (System.StartupHookProvider.IsSupported is false), and does not call "
        + $"UseStarletNet() of the package StarletNet.Hosting, so no worker can be made of it; call it, or publish without PublishTrimmed{or}");

    private static RuntimeConfig ReadConfig(string path)
    {
        try
        {
            return Parse(path, File.ReadAllBytes(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Failure($"cannot read {path}: {error.Message}");
        }
    }

    private static RuntimeConfig Parse(string path, ReadOnlyMemory<byte> json)
    {
        try
        {
            return RuntimeConfig.Parse(json);
        }
        catch (JsonException error)
        {
            throw Failure($"cannot read the runtime configuration of {path}: {error.Message}");
        }
    }

    private static OperatorException Failure(string message) => new(message, ExitCodes.Failure) { IsLasting = true };
}
