namespace StarletNet.TestKit;

/// <summary>Programs of the system, found in PATH.</summary>
public static class SystemPrograms
{
    /// <summary>Full path, or null when it is not installed.</summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(d => d.Length > 0)
            .Select(d => Path.Combine(d, name)).FirstOrDefault(File.Exists);
}
