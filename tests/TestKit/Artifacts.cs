using System.Diagnostics;
using System.Runtime.InteropServices;
using CliWrap;
using CliWrap.Buffered;

namespace StarletNet.TestKit;

/// <summary>What the tests run: the published programs and the published test applications.</summary>
public static class Artifacts
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<string> Published = [];

    /// <summary>The directory that holds StarletNet.sln.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>Where the two programs are: STARLETNET_BIN, or out/bin.</summary>
    public static string Bin => BinNamed ?? Path.Combine(RepositoryRoot, "out", "bin");

    /// <summary>
    /// Where tests of one of the programs find it: STARLETNET_BIN, which scripts/test sets, since native programs start in a
    /// fiftieth of the time; else beside the tests, as it was built with them.
    /// </summary>
    public static string BinOrBeside => BinNamed ?? AppContext.BaseDirectory;

    private static string? BinNamed => Environment.GetEnvironmentVariable("STARLETNET_BIN") is { Length: > 0 } bin ? Path.GetFullPath(bin) : null;

    public static string StartServer => Existing(Path.Combine(Bin, "start_server"));

    public static string StarletNet => Existing(Path.Combine(Bin, "starletnet"));

    /// <summary>
    /// Directory of a published test application, <c>tests/Apps/NAME</c> → <c>out/test-apps/NAME</c>; published now if it is
    /// not there or older than its source. With a version, another build of it in a directory <c>NAME-VERSION</c>.
    /// </summary>
    public static string TestApp(string name, string? version = null) =>
        PublishedOnce(Path.Combine(RepositoryRoot, "tests", "Apps", name), version == null ? name : $"{name}-{version}", version);

    /// <summary>The same as one file that needs the machine's runtime: its executable.</summary>
    public static string SingleFile(string name)
    {
        var output = Path.Combine(RepositoryRoot, "out", "test-apps", $"{name}-single");
        lock (Gate)
        {
            if (Published.Add(output))
            {
                // What it is made from stays apart from that of the other builds, which know nothing of a platform.
                PublishIfStale(Path.Combine(RepositoryRoot, "tests", "Apps", name), output, null,
                    "-r", RuntimeInformation.RuntimeIdentifier, "--self-contained", "false", "-p:PublishSingleFile=true", "-p:UseAppHost=true", "--artifacts-path", output + ".build");
            }
        }
        return Path.Combine(output, name);
    }

    /// <summary>Directory of a published example, <c>examples/NAME</c> → <c>out/test-apps/examples-NAME</c>, in the same way.</summary>
    public static string Example(string name) => PublishedOnce(Path.Combine(RepositoryRoot, "examples", name), $"examples-{name}", null);

    /// <summary>
    /// Directory of a published test application that has the package StarletNet.Hosting, which is made first; published now if it is not
    /// there or older than its source or the package's. Null where what it needs does not restore.
    /// </summary>
    /// <param name="name">Below <c>tests/Apps</c>.</param>
    /// <param name="kind">What its project makes of the property <c>Kind</c>.</param>
    public static string? PackagedApp(string name, string kind)
    {
        var (source, package) = (Path.Combine(RepositoryRoot, "tests", "Apps", name), Path.Combine(RepositoryRoot, "src", "StarletNet.Hosting"));
        var output = Path.Combine(RepositoryRoot, "out", "test-apps", $"{name}-{kind}");
        var reason = output + ".missing";
        lock (Gate)
        {
            using var exclusive = LockFile(output + ".lock");
            var stamp = output + ".stamp";
            var newest = new[] { source, package, Path.Combine(RepositoryRoot, "src", "Shared") }.Max(Newest);
            if (File.Exists(stamp) && File.GetLastWriteTimeUtc(stamp) >= newest) return File.Exists(reason) ? null : output;
            File.Delete(reason);
            Run("pack", package, "-c", "Release", "-o", Path.Combine(RepositoryRoot, "out", "packages"), $"-p:Version={PackageVersion}");
            // One version for ever, so what has been unpacked of a former one must go.
            var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } elsewhere
                ? elsewhere
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
            var unpacked = Path.Combine(packages, "starletnet.hosting", PackageVersion);
            if (Directory.Exists(unpacked)) Directory.Delete(unpacked, recursive: true);
            try
            {
                Run("publish", source, "-c", "Release", "-o", output, "-r", RuntimeInformation.RuntimeIdentifier, $"-p:HostingPackageVersion={PackageVersion}", $"-p:Kind={kind}");
            }
            catch (TestKitException error) when (error.Message.Contains("NU110", StringComparison.Ordinal))
            {
                File.WriteAllText(reason, error.Message);
            }
            File.WriteAllText(stamp, "");
            return File.Exists(reason) ? null : output;
        }
    }

    private const string PackageVersion = "0.1.0-test";

    private static string PublishedOnce(string source, string directory, string? version)
    {
        var output = Path.Combine(RepositoryRoot, "out", "test-apps", directory);
        lock (Gate)
        {
            if (Published.Add(output)) PublishIfStale(source, output, version);
        }

        return output;
    }

    private static string Existing(string file) =>
        File.Exists(file) ? file : throw new TestKitException($"{file} is missing; run scripts/build first, or set STARLETNET_BIN");

    private static void PublishIfStale(string source, string output, string? version, params string[] options)
    {
        // A lock on a file: test assemblies run as processes of their own, side by side.
        Directory.CreateDirectory(Path.GetDirectoryName(output)!);
        using var exclusive = LockFile(output + ".lock");
        var stamp = output + ".stamp";
        if (File.Exists(stamp) && File.GetLastWriteTimeUtc(stamp) >= Newest(source)) return;
        Publish(source, output, version, options);
        File.WriteAllText(stamp, "");
    }

    private static FileStream LockFile(string path)
    {
        for (var start = Stopwatch.GetTimestamp(); ; Thread.Sleep(50))
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(5))
            {
                // another test process publishes; it will let go
            }
        }
    }

    private static DateTime Newest(string source) =>
        Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
            .Max(File.GetLastWriteTimeUtc);

    private static void Publish(string source, string output, string? version, string[] options) =>
        Run(["publish", source, "-c", "Release", "-o", output, $"-p:Version={version ?? "1.0.0"}", .. options]);

    /// <summary>
    /// Options of dotnet build and publish. No compiler and no build node may stay behind: who looks for what a test has left would find
    /// them. But a compiler that has a name is that of the script which runs the tests, and ends with it.
    /// </summary>
    public static IReadOnlyList<string> LeavingNothingBehind { get; } =
        Environment.GetEnvironmentVariable("SharedCompilationId") is { Length: > 0 } name
            ? ["-nodeReuse:false", "-p:UseSharedCompilation=true", $"-p:SharedCompilationId={name}"]
            : ["-nodeReuse:false", "-p:UseSharedCompilation=false"];

    private static void Run(params string[] command)
    {
        // Without a limit: a first build may have to restore.
        var result = Cli.Wrap("dotnet").WithArguments([.. command, "-v", "q", "-nologo", .. LeavingNothingBehind])
            .WithValidation(CommandResultValidation.None).ExecuteBufferedAsync().Task.GetAwaiter().GetResult();
        if (!result.IsSuccess) throw new TestKitException($"dotnet {command[0]} {command[1]} failed:\n{result.StandardOutput}{result.StandardError}");
    }

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory != null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "StarletNet.sln"))) return directory.FullName;
        }

        throw new TestKitException($"StarletNet.sln is in no directory above {AppContext.BaseDirectory}");
    }
}
