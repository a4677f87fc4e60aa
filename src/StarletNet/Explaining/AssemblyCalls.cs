using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace StarletNet.Master.Explaining;

/// <summary>The members of other assemblies that an assembly names, which it must in order to call them. Nothing of it is loaded or run.</summary>
internal static class AssemblyCalls
{
    /// <returns>Names as <c>AddSession</c> and as <c>KestrelServerOptions.Listen</c>; none if the file is no managed assembly.</returns>
    internal static IReadOnlySet<string> In(string path)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            using var file = new PEReader(File.OpenRead(path));
            if (!file.HasMetadata) return names;
            var metadata = file.GetMetadataReader();
            foreach (var handle in metadata.MemberReferences)
            {
                var member = metadata.GetMemberReference(handle);
                var name = metadata.GetString(member.Name);
                names.Add(name);
                if (member.Parent.Kind == HandleKind.TypeReference)
                    names.Add($"{metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)member.Parent).Name)}.{name}");
            }
        }
        catch (Exception error) when (error is BadImageFormatException or IOException or UnauthorizedAccessException)
        {
            // Not one we can read; whether it can be served is not found out here.
        }
        return names;
    }
}
