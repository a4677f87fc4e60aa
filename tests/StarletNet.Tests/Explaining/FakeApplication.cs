using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace StarletNet.Master.Tests.Explaining;

/// <summary>An assembly that names members of others, as one does that calls them, and does nothing.</summary>
internal static class FakeApplication
{
    /// <param name="path">Where to write it.</param>
    /// <param name="calls">Type and member: <c>SessionExtensions.AddSession</c>.</param>
    internal static void Write(string path, params string[] calls)
    {
        var metadata = new MetadataBuilder();
        metadata.AddModule(0, metadata.GetOrAddString(Path.GetFileName(path)), metadata.GetOrAddGuid(Guid.NewGuid()), default, default);
        metadata.AddAssembly(metadata.GetOrAddString(Path.GetFileNameWithoutExtension(path)), new Version(1, 0), default, default, 0, AssemblyHashAlgorithm.None);
        metadata.AddTypeDefinition(0, default, metadata.GetOrAddString("<Module>"), default, MetadataTokens.FieldDefinitionHandle(1), MetadataTokens.MethodDefinitionHandle(1));
        var elsewhere = metadata.AddAssemblyReference(metadata.GetOrAddString("Elsewhere"), new Version(1, 0), default, default, 0, default);
        foreach (var call in calls.Select(call => call.Split('.')))
        {
            var type = metadata.AddTypeReference(elsewhere, default, metadata.GetOrAddString(call[0]));
            metadata.AddMemberReference(type, metadata.GetOrAddString(call[1]), metadata.GetOrAddBlob(new byte[] { 0, 0, 1 }));
        }
        var image = new ManagedPEBuilder(PEHeaderBuilder.CreateLibraryHeader(), new MetadataRootBuilder(metadata), new BlobBuilder());
        var bytes = new BlobBuilder();
        image.Serialize(bytes);
        File.WriteAllBytes(path, bytes.ToArray());
    }
}
