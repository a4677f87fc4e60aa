using StarletNet.Master.Applications;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Applications;

public sealed class ProjectReferencesTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    private string Project(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_scratch.File(path))!);
        return _scratch.Write(path, $"<Project Sdk=\"Microsoft.NET.Sdk\">\n  <ItemGroup>\n    {content}\n  </ItemGroup>\n</Project>\n");
    }

    private static string Reference(string include) => $"<ProjectReference Include=\"{include}\" />";

    [Fact]
    public void Projects_are_found_one_from_the_other_and_each_once()
    {
        var web = Project("src/Web/Web.csproj", Reference(@"..\Core\Core.csproj") + Reference("../../lib/A&amp;B/AB.csproj;Own.csproj"));
        Project("src/Core/Core.csproj", "<ProjectReference\n      Private='false' Include='../Base/Base.csproj'>\n</ProjectReference>");
        // In a circle, which is for the build to complain about.
        Project("src/Base/Base.csproj", Reference("../Core/Core.csproj") + Reference("../Web/Web.csproj"));
        Project("lib/A&B/AB.csproj", "");

        Assert.Equal(new[] { "src/Core", "lib/A&B", "src/Base" }.Select(_scratch.File), ProjectReferences.DirectoriesOf(web));
    }

    [Fact]
    public void Names_that_are_for_the_build_alone_to_know_are_passed_over()
    {
        Directory.CreateDirectory(_scratch.File("Lib"));
        var web = Project("Web/Web.csproj", Reference("$(Root)/Lib/Lib.csproj") + Reference("../*/Lib.csproj") + Reference("../Gone/Gone.csproj") + "<ProjectReference Remove=\"x\" /><ProjectReference");

        Assert.Empty(ProjectReferences.DirectoriesOf(web));
        Assert.Empty(ProjectReferences.DirectoriesOf(_scratch.File("none.csproj")));
    }
}
