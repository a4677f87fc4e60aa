using System.Diagnostics;

namespace StarletNet.TestKit;

/// <summary>What the tests run: the published programs and the published test applications.</summary>
public static class Artifacts
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<string> Published = [];

    /// <summary>The directory that holds StarletNet.sln.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>Where the two programs are: STARLETNET_BIN, or out/bin.</summary>
    public static string Bin => Environment.GetEnvironmentVariable("STARLETNET_BIN") is { Length: > 0 } bin
        ? Path.GetFullPath(bin)
        : Path.Combine(RepositoryRoot, "out", "bin");

    public static string StartServer => Existing(Path.Combine(Bin, "start_server"));

    public static string StarletNet => Existing(Path.Combine(Bin, "starletnet"));

    /// <summary>
    /// Directory of a published test application, <c>tests/Apps/NAME</c> → <c>out/test-apps/NAME</c>; published now if it is
    /// not there or older than its source. With a version, another build of it in a directory <c>NAME-VERSION</c>.
    /// </summary>
    public static string TestApp(string name, string? version = null) =>
        PublishedOnce(Path.Combine(RepositoryRoot, "tests", "Apps", name), version == null ? name : $"{name}-{version}", version);

    /// <summary>Directory of a published example, <c>examples/NAME</c> → <c>out/test-apps/examples-NAME</c>, in the same way.</summary>
    public static string Example(string name) => PublishedOnce(Path.Combine(RepositoryRoot, "examples", name), $"examples-{name}", null);

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

    private static void PublishIfStale(string source, string output, string? version)
    {
        // A lock on a file: test assemblies run as processes of their own, side by side.
        Directory.CreateDirectory(Path.GetDirectoryName(output)!);
        using var exclusive = LockFile(output + ".lock");
        var stamp = output + ".stamp";
        if (File.Exists(stamp) && File.GetLastWriteTimeUtc(stamp) >= Newest(source)) return;
        Publish(source, output, version);
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

    private static void Publish(string source, string output, string? version)
    {
        // No compiler and no build node may stay behind: who looks for what a test has left would find them.
        var start = new ProcessStartInfo("dotnet",
            ["publish", source, "-c", "Release", "-o", output, "-v", "q", "-nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false", $"-p:Version={version ?? "1.0.0"}"])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new TestKitException($"dotnet publish {source} failed:\n{text}");
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
