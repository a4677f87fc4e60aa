using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Site.Parts;

/// <summary>Keys in a directory that takes its time: between the look and the making of the first key much may happen.</summary>
internal sealed class SlowKeys(DirectoryInfo directory, ILoggerFactory log) : FileSystemXmlRepository(directory, log)
{
    internal static void AddTo(IServiceCollection services)
    {
        if (Environment.GetEnvironmentVariable("SITE_KEYS") is { } path)
            services.AddOptions<KeyManagementOptions>().Configure<ILoggerFactory>((keys, log) => keys.XmlRepository = new SlowKeys(new DirectoryInfo(path), log));
    }

    public override IReadOnlyCollection<XElement> GetAllElements()
    {
        var elements = base.GetAllElements();
        if (elements.Count == 0) Thread.Sleep(1000);
        return elements;
    }
}
