namespace StarletNet.TestKit;

/// <summary>Reads a file that another process may hold locked; File.ReadAllText asks for a lock of its own and fails.</summary>
public static class LockedFile
{
    public static string ReadAllText(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }
}
