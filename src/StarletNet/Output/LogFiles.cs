using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Output;

/// <summary>The log files of the service, which are opened anew together: at USR2, and at HUP.</summary>
/// <param name="Error">Null: none; stdout and stderr are what they were.</param>
/// <param name="Access">Null: none.</param>
internal sealed record LogFiles(ErrorLog? Error, AccessLog? Access)
{
    internal IEnumerable<string> FileNames => Files.Select(file => file.Path);

    /// <summary>Those that are files, open; for whoever gives our files to another user.</summary>
    internal IEnumerable<(string Path, FileDescriptor File)> Files
    {
        get
        {
            if (Error is { FileName: { } error }) yield return (error, Error.File);
            if (Access is { FileName: { } access, File: { } file }) yield return (access, file);
        }
    }

    /// <summary>Opens each anew.</summary>
    /// <param name="failed">Told of one that cannot be, and is written on as it was.</param>
    /// <returns>Those that could be.</returns>
    internal IReadOnlyList<string> Reopen(Action<string> failed)
    {
        var opened = new List<string>();
        Reopen("error log", Error?.FileName, () => Error!.Reopen());
        Reopen("access log", Access?.FileName, () => Access!.Reopen());
        return opened;

        void Reopen(string what, string? file, Func<string?> reopen)
        {
            if (file is null) return;
            if (reopen() is { } error) failed($"cannot open the {what} anew: {error}");
            else opened.Add(file);
        }
    }

    /// <summary>Those that are files, under the names by which workers know them.</summary>
    internal (string Names, int[] Descriptors) Open
    {
        get
        {
            var names = new List<string>();
            var descriptors = new List<int>();
            Add(ControlMessage.AccessLog, Access?.FileName, Access?.Descriptor);
            Add(ControlMessage.ErrorLog, Error?.FileName, Error?.Descriptor);
            return (string.Join(' ', names), [.. descriptors]);

            void Add(string name, string? file, int? descriptor)
            {
                if (file is null) return;
                names.Add(name);
                descriptors.Add(descriptor!.Value);
            }
        }
    }
}
