namespace StarletNet.Hosting.Tests.Workers;

/// <summary>Where the applications under tests/Apps have been built.</summary>
internal static class SampleApp
{
    internal static string TestApp => Path("TestApp", "net10.0");

    internal static string ConsoleApp => Path("ConsoleApp", "net10.0");

    internal static string Builders(string framework) => Path("Builders", framework);

    private static string Path(string name, string framework)
    {
        // …/tests/StarletNet.Hosting.Tests/bin/CONFIGURATION/net10.0/
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var configuration = here.Parent!.Name;
        var tests = here.Parent.Parent!.Parent!.Parent!.FullName;
        return System.IO.Path.Combine(tests, "Apps", name, "bin", configuration, framework, name + ".dll");
    }
}
