using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Applications;

/// <summary>An ASP.NET Core application, looked up and checked: how a worker of it is started.</summary>
/// <param name="Path">Its file with every symbolic link resolved, so that all workers of one generation run the same release.</param>
/// <param name="Program">The executable to run: <c>dotnet</c>, or the application's own.</param>
/// <param name="LeadingArguments">Before the application's own arguments.</param>
internal sealed record Application(string Path, string Program, IReadOnlyList<string> LeadingArguments)
{
    /// <summary>Only by calling <c>UseStarletNet()</c> does it become a worker: start-up hooks have been cut out of it.</summary>
    internal bool EntersByItself { get; init; }

    /// <summary>Name of the setting by which it limits its heap itself; null: it does not, or has it inside native code.</summary>
    internal string? HeapLimit { get; init; }

    /// <summary>From which it runs; null: from where it is.</summary>
    internal ShadowCopy? Copy { get; init; }

    internal ContentRoot? ContentRoot { get; init; }

    /// <summary>Where its workers start: the content root, or the same directory in the copy. Null only while the application is looked for.</summary>
    internal string? Directory => ContentRoot is { Path: var path } ? Copy?.Of(path) ?? path : null;

    /// <summary>By which path Data Protection knows the application; null: by <see cref="Directory"/>, as without us.</summary>
    internal string? Identity => ContentRoot is { AddressedAs: var path } && path != Directory ? path : null;

    /// <summary>Its generation's certificates, as <see cref="TlsFiles"/> has them in memory; null: no listener speaks TLS.</summary>
    internal FileDescriptor? Certificates { get; init; }

    /// <summary>To be called when no worker of it runs or will be started.</summary>
    internal void Release(Copier copier)
    {
        if (Copy is not null) copier.Remove(Copy);
        Certificates?.Dispose();
    }
}
