using System.Buffers.Binary;

namespace StarletNet.Master.Applications;

/// <summary>
/// An application published as one file: an executable that ends in a bundle of everything else. Its header, as the .NET
/// host reads it (dotnet/runtime, <c>corehost/bundle</c>), tells where the runtime configuration is.
/// </summary>
internal static class SingleFileBundle
{
    /// <summary>In the executable, right behind the place where the offset of the header is written; zero there: no bundle.</summary>
    private static ReadOnlySpan<byte> Signature =>
    [
        0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38, 0x72, 0x7b, 0x93, 0x02, 0x14, 0xd7, 0xa0, 0x32,
        0x13, 0xf5, 0xb9, 0xe6, 0xef, 0xae, 0x33, 0x18, 0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3, 0x6a, 0xae,
    ];

    // The marker lies in the host's own data; a host is at most some ten megabytes (a self-contained one holds the runtime).
    private const int SearchedBytes = 64 * 1024 * 1024;
    private const int LargestConfig = 1024 * 1024;

    /// <returns>The runtime configuration; null if the file is no bundle.</returns>
    internal static byte[]? ReadRuntimeConfig(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return FindHeader(file) is { } header ? ReadRuntimeConfig(file, header) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Unreadable, or it ends where a bundle would go on: not a bundle we could start.
            return null;
        }
    }

    private static long? FindHeader(FileStream file) =>
        FileSearch.Find(file, Signature, before: sizeof(long), SearchedBytes) is { } bytes && BinaryPrimitives.ReadInt64LittleEndian(bytes) is > 0 and var offset ? offset : null;

    /// <summary>Header: version (two uint32), number of files (int32), bundle id (string), then offset and size of deps.json and of runtimeconfig.json.</summary>
    private static byte[]? ReadRuntimeConfig(FileStream file, long header)
    {
        file.Position = header;
        using var reader = new BinaryReader(file);
        var major = reader.ReadUInt32();
        reader.ReadUInt32();
        reader.ReadInt32();
        reader.ReadString();
        // Version 1 (.NET Core 3) does not tell; nothing that old runs here.
        if (major < 2) return null;
        reader.ReadInt64();
        reader.ReadInt64();
        var offset = reader.ReadInt64();
        var size = reader.ReadInt64();
        if (offset <= 0 || size is <= 0 or > LargestConfig) return null;
        file.Position = offset;
        return reader.ReadBytes((int)size) is { } json && json.Length == size ? json : null;
    }
}
