using StarletNet.Master.Options;
using StarletNet.Master.Output;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Listening;

/// <summary>
/// Certificate and key: read by the master, which may still have the rights, and kept for the workers in memory that they inherit.
/// Read again at each restart, so that a renewed certificate is one HUP away; workers that run keep theirs.
/// </summary>
/// <remarks>
/// The master only looks whether the files are what their names say, and whether the key is plainly another certificate's
/// (<see cref="KeyMatch"/>). The rest is found out by the first worker, before anything is served: cryptography would double what the
/// master needs of memory.
/// </remarks>
internal sealed class CertificateFiles(TlsChoices choices, MasterLog log) : IDisposable
{
    // Whole paths: with --chdir a relative one would not be found again.
    private readonly TlsChoices _files = choices with
    {
        Certificate = Whole(choices.Certificate),
        Key = Whole(choices.Key),
        PasswordFile = Whole(choices.PasswordFile),
        Authorities = Whole(choices.Authorities),
    };

    /// <summary>No certificate is that long; a device or a log given by mistake may be endless.</summary>
    private const int MostBytes = 1 << 20;

    private FileDescriptor? _memory;

    /// <summary>What was read last, for one generation of workers to keep: whatever is read later, whoever fills a gap in it gets the same.</summary>
    internal FileDescriptor Share() => FileDescriptor.Duplicate(_memory!.Number, 3);

    /// <exception cref="OperatorException">A file cannot be read, or is something else.</exception>
    internal void Read()
    {
        TlsFiles files;
        try
        {
            files = new TlsFiles(
                ReadFile("ssl-cert", _files.Certificate!), ReadOptional("ssl-key", _files.Key),
                ReadOptional("ssl-password-file", _files.PasswordFile), ReadOptional("ssl-ca-file", _files.Authorities), _files.Clients ?? ClientCertificates.None);
        }
        catch (UnauthorizedAccessException error) when (_memory is not null)
        {
            // The rights that the start had are gone, as they should be.
            log.CertificateKept(error.Message);
            return;
        }
        catch (UnauthorizedAccessException error)
        {
            throw Failure(error.Message);
        }
        Require(files.Certificate, "ssl-cert", file => Has(file, "-----BEGIN CERTIFICATE-----"u8) || file.Content[0] == 0x30, "neither a PEM certificate nor PKCS#12");
        Require(files.Key, "ssl-key", file => Has(file, "PRIVATE KEY-----"u8), "not a PEM key");
        // PKCS#12 keeps to itself what is in it.
        if (files.Key is null && Has(files.Certificate, "-----BEGIN CERTIFICATE-----"u8) && !Has(files.Certificate, "PRIVATE KEY-----"u8))
            throw Failure($"cannot use --ssl-cert {choices.Certificate}: there is no key in it; give --ssl-key FILE");
        if (files.Password is null && IsEncrypted(files.Key ?? files.Certificate))
            throw Failure($"cannot use --{(choices.Key is { } locked ? $"ssl-key {locked}" : $"ssl-cert {choices.Certificate}")}: the key is encrypted; give --ssl-password-file FILE");
        if (!KeyMatch.MayBelong(files.Certificate.Content, (files.Key ?? files.Certificate).Content))
            throw Failure($"cannot use --ssl-cert {choices.Certificate} with {(choices.Key is { } key ? $"--ssl-key {key}" : "the key in it")}: the key is that of another certificate");
        Require(files.Authorities, "ssl-ca-file", file => Has(file, "-----BEGIN CERTIFICATE-----"u8), "not a PEM certificate");

        var before = _memory;
        _memory = files.Write();
        before?.Dispose();
    }

    private static string? Whole(string? path) => path is null ? null : Path.GetFullPath(path);

    private static TlsFile? ReadOptional(string option, string? path) => path is null ? null : ReadFile(option, path);

    private static TlsFile ReadFile(string option, string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var content = new byte[MostBytes];
            var length = file.ReadAtLeast(content, MostBytes, throwOnEndOfStream: false);
            if (length is 0 or MostBytes) throw Failure($"--{option} {path} is {(length == 0 ? "empty" : "too long")}");
            return new TlsFile(path, content[..length]);
        }
        catch (UnauthorizedAccessException) when (!Directory.Exists(path))
        {
            throw new UnauthorizedAccessException($"cannot read --{option} {path}: permission denied");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            var why = Directory.Exists(path) ? "it is a directory" : error is FileNotFoundException or DirectoryNotFoundException ? "no such file" : error.Message;
            throw Failure($"cannot read --{option} {path}: {why}");
        }
    }

    private static void Require(TlsFile? file, string option, Func<TlsFile, bool> holds, string why)
    {
        if (file is not null && !holds(file)) throw Failure($"cannot use --{option} {file.Name}: it is {why}");
    }

    // As PKCS#8 says it, and OpenSSL's old form.
    private static bool IsEncrypted(TlsFile key) => Has(key, "-----BEGIN ENCRYPTED PRIVATE KEY-----"u8) || Has(key, "Proc-Type: 4,ENCRYPTED"u8);

    private static bool Has(TlsFile file, ReadOnlySpan<byte> words) => file.Content.AsSpan().IndexOf(words) >= 0;

    private static OperatorException Failure(string message) => new(message, ExitCodes.Failure);

    public void Dispose() => _memory?.Dispose();
}
