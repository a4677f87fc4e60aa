namespace StarletNet.Shared.Interop;

/// <summary>Memory without a name that is shared with processes that are not trusted (memfd_create(2), file sealing in fcntl(2)).</summary>
internal static class SealedMemory
{
    /// <param name="name">As /proc/PID/maps shows it.</param>
    internal static FileDescriptor Create(string name)
    {
        var number = LibC.memfd_create(name, LibC.MFD_CLOEXEC | LibC.MFD_ALLOW_SEALING);
        return number < 0 ? throw SystemCallException.Of("memfd_create") : new FileDescriptor(number);
    }

    /// <summary>Its size stays: whoever has mapped it can never meet SIGBUS, because no process can cut it off.</summary>
    internal static void SealSize(FileDescriptor memory) => Seal(memory, LibC.F_SEAL_SHRINK | LibC.F_SEAL_GROW | LibC.F_SEAL_SEAL);

    /// <summary>Its size and its content stay.</summary>
    internal static void SealAll(FileDescriptor memory) => Seal(memory, LibC.F_SEAL_SHRINK | LibC.F_SEAL_GROW | LibC.F_SEAL_WRITE | LibC.F_SEAL_SEAL);

    private static void Seal(FileDescriptor memory, int seals)
    {
        if (LibC.fcntl(memory.Number, LibC.F_ADD_SEALS, seals) < 0) throw SystemCallException.Of("fcntl(F_ADD_SEALS)");
    }
}
