using StarletNet.Shared.Interop;

namespace StarletNet.TestKit;

/// <summary>A directory of one test, deleted with all it holds. Its path is short: a Unix socket address has 107 bytes.</summary>
public sealed class ScratchDirectory : IDisposable
{
    public ScratchDirectory() => Path = Directory.CreateTempSubdirectory("sn-").FullName;

    public string Path { get; }

    /// <summary>Full path of a file in it.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file and gives its full path; with <paramref name="executable"/> as mode 755.</summary>
    public string Write(string name, string text, bool executable = false)
    {
        var file = File(name);
        lock (Spawn.Gate) System.IO.File.WriteAllText(file, text);
        if (executable) _ = LibC.chmod(file, 0b111_101_101);
        return file;
    }

    /// <summary>A copy, with the same mode, in the place of what is there.</summary>
    public void Copy(string file, string name)
    {
        lock (Spawn.Gate) System.IO.File.Copy(file, File(name), overwrite: true);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
