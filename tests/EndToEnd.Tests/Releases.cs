using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>Programs for start_server to run, as small scripts: what an operator's symbolic link would point to.</summary>
internal sealed class Releases(ScratchDirectory scratch)
{
    internal static string TestApp => Path.Combine(Artifacts.TestApp("TestApp"), "TestApp.dll");

    /// <summary>starletnet with the test application, which says this version.</summary>
    internal string StarletNet(string version, string options = "--max-workers=2", string environment = "") =>
        Write(version, $"export APP_VERSION={version} {environment}\nexec '{Artifacts.StarletNet}' {options} '{TestApp}'");

    /// <summary>A path where no program is.</summary>
    internal string Missing() => scratch.File("no-such-program");

    internal string Write(string name, string script) => scratch.Write($"release-{name}", $"#!/bin/sh\n{script}\n", executable: true);
}
