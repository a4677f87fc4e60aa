using StarletNet.Shared.Contract;

namespace StarletNet.Master.Output;

/// <summary>The log files of the service, which are opened anew together: at USR2, and at HUP.</summary>
/// <param name="Error">Null: none; stdout and stderr are what they were.</param>
/// <param name="Access">Null: none.</param>
internal sealed record LogFiles(ErrorLog? Error, AccessLog? Access)
{
    /// <summary>For whoever gives our files to another user.</summary>
    internal IEnumerable<string> FileNames => new[] { Error?.FileName, Access?.FileName }.OfType<string>();

    /// <summary>Opens each anew.</summary>
    /// <param name="failed">Told of one that cannot be, and is written on as it was.</param>
    internal void Reopen(Action<string> failed)
    {
        if (Error?.FileName is not null && Error.Reopen() is { } error) failed($"cannot open the error log anew: {error}");
        if (Access?.Reopen() is { } access) failed($"cannot open the access log anew: {access}");
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
