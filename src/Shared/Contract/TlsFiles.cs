using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Contract;

/// <summary>Whether clients must show a certificate.</summary>
internal enum ClientCertificates
{
    /// <summary>They are not asked.</summary>
    None,

    /// <summary>They are asked; whoever has none is served all the same.</summary>
    Optional,

    /// <summary>Whoever has none is refused.</summary>
    Required,
}

/// <summary>One file of an operator's, read.</summary>
/// <param name="Name">As it was given, for messages.</param>
/// <param name="Content">All of it.</param>
internal sealed record TlsFile(string Name, byte[] Content);

/// <summary>
/// What TLS needs, as the master read it before it gave up its rights, and as it travels to the workers: in memory without a name
/// (<see cref="EnvironmentNames.Tls"/>), so that workers need not be able to read the files and the key is in no environment.
/// </summary>
/// <param name="Certificate">PEM with its chain, or PKCS#12.</param>
/// <param name="Key">PEM; null: with the certificate.</param>
/// <param name="Password">Of the key or of the PKCS#12 file.</param>
/// <param name="Authorities">PEM: who may sign clients' certificates; null: whom the system trusts.</param>
/// <param name="Clients">Whether they must show one.</param>
internal sealed record TlsFiles(TlsFile Certificate, TlsFile? Key, TlsFile? Password, TlsFile? Authorities, ClientCertificates Clients)
{
    /// <summary>A new one, to be handed to workers; never changed afterwards.</summary>
    internal unsafe FileDescriptor Write()
    {
        var memory = SealedMemory.Create("starletnet-tls");
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write((int)Clients);
        foreach (var file in new[] { Certificate, Key, Password, Authorities })
        {
            writer.Write(file is not null);
            if (file is null) continue;
            writer.Write(file.Name);
            writer.Write(file.Content.Length);
            writer.Write(file.Content);
        }
        writer.Flush();
        fixed (byte* pointer = bytes.GetBuffer())
        {
            var written = LibC.write(memory.Number, pointer, (int)bytes.Length);
            if (written != bytes.Length) throw SystemCallException.Of("write of the certificate's memory");
        }
        // All workers of a generation share it: one of them must not change what the next one loads.
        SealedMemory.SealAll(memory);
        return memory;
    }

    /// <summary>In a worker. Without moving the file's position, which all holders share.</summary>
    internal static unsafe TlsFiles Read(int fd)
    {
        var bytes = new MemoryStream();
        var buffer = new byte[4096];
        fixed (byte* pointer = buffer)
        {
            ssize_t length;
            while ((length = LibC.pread(fd, pointer, buffer.Length, bytes.Length)) > 0) bytes.Write(buffer, 0, (int)length);
            if (length < 0) throw SystemCallException.Of("pread of the certificate's memory");
        }
        bytes.Position = 0;
        using var reader = new BinaryReader(bytes);
        var clients = (ClientCertificates)reader.ReadInt32();
        return new TlsFiles(ReadFile(reader)!, ReadFile(reader), ReadFile(reader), ReadFile(reader), clients);
    }

    private static TlsFile? ReadFile(BinaryReader reader) =>
        reader.ReadBoolean() ? new TlsFile(reader.ReadString(), reader.ReadBytes(reader.ReadInt32())) : null;
}
