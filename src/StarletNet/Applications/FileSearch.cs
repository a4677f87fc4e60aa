namespace StarletNet.Master.Applications;

/// <summary>Looks for bytes in a file without holding it in memory.</summary>
internal static class FileSearch
{
    private const int WindowBytes = 64 * 1024;

    /// <param name="file">Read from where it stands.</param>
    /// <param name="wanted">What is looked for.</param>
    /// <param name="before">So many bytes before it are wanted too.</param>
    /// <param name="limit">Only as many bytes are looked through.</param>
    /// <returns>The bytes before it; null if it is not there.</returns>
    internal static byte[]? Find(Stream file, ReadOnlySpan<byte> wanted, int before, long limit)
    {
        var buffer = new byte[WindowBytes];
        var kept = 0;
        for (long done = 0; done < limit;)
        {
            var read = file.Read(buffer, kept, buffer.Length - kept);
            if (read == 0) return null;
            var window = buffer.AsSpan(0, kept + read);
            var at = window.IndexOf(wanted);
            if (at >= before) return window.Slice(at - before, before).ToArray();
            // It may lie across the border of two windows.
            kept = Math.Min(window.Length, wanted.Length + before - 1);
            window[^kept..].CopyTo(buffer);
            done += read;
        }
        return null;
    }
}
