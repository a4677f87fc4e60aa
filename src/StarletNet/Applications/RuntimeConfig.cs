using System.Text.Json;

namespace StarletNet.Master.Applications;

/// <summary>What an application's <c>*.runtimeconfig.json</c> says about it.</summary>
/// <param name="Frameworks">Shared frameworks it needs, or carries along.</param>
/// <param name="IsSelfContained">It carries its runtime, so its own executable must be started.</param>
/// <param name="AllowsStartupHooks">False when it was trimmed or published with start-up hooks switched off.</param>
/// <param name="HeapLimit">Name of the setting by which it limits its heap; null: it does not.</param>
internal sealed record RuntimeConfig(IReadOnlyList<string> Frameworks, bool IsSelfContained, bool AllowsStartupHooks, string? HeapLimit = null)
{
    private const string AspNetCore = "Microsoft.AspNetCore.App";
    private const string HeapHardLimit = "System.GC.HeapHardLimit";
    private const string StartupHookSwitch = "System.StartupHookProvider.IsSupported";

    /// <summary>Frameworks that it needs and does not carry along, with the version that it was built for.</summary>
    internal IReadOnlyList<(string Name, string Version)> Required { get; init; } = [];

    /// <summary>Which other versions it runs with; null: the host's default.</summary>
    internal string? RollForward { get; init; }

    /// <summary>It says so by the settings of before .NET Core 3.0.</summary>
    internal bool RollsForwardInOldManner { get; init; }

    /// <summary>The host looks for its assemblies in other directories, too.</summary>
    internal bool ProbesElsewhere { get; init; }

    internal bool IsAspNetCore => Frameworks.Contains(AspNetCore);

    /// <exception cref="JsonException">Not a JSON document.</exception>
    internal static RuntimeConfig Parse(ReadOnlyMemory<byte> json)
    {
        var lenient = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
        using var document = JsonDocument.Parse(json, lenient);
        var options = Member(document.RootElement, "runtimeOptions");
        var included = Names(Member(options, "includedFrameworks"));
        // "framework" is the short form of "frameworks" with one element.
        string[] required = [.. Names(Member(options, "frameworks")), .. Name(Member(options, "framework"))];
        var properties = Member(options, "configProperties");
        var hooks = Member(properties, StartupHookSwitch);
        return new RuntimeConfig(
            [.. required, .. included], included.Length > 0, hooks is not { ValueKind: JsonValueKind.False } && Text(hooks) is not "false", HeapLimitIn(properties))
        {
            Required = [.. RequiredIn(Member(options, "frameworks")), .. Framework(Member(options, "framework"))],
            RollForward = Text(Member(options, "rollForward")),
            RollsForwardInOldManner = Member(options, "rollForwardOnNoCandidateFx") is not null || Member(options, "applyPatches") is not null,
            ProbesElsewhere = Member(options, "additionalProbingPaths") is not null,
        };
    }

    private static (string Name, string Version)[] RequiredIn(JsonElement? list) =>
        list is { ValueKind: JsonValueKind.Array } array ? [.. array.EnumerateArray().SelectMany(item => Framework(item))] : [];

    private static (string Name, string Version)[] Framework(JsonElement? framework) =>
        Text(Member(framework, "name")) is { } name && Text(Member(framework, "version")) is { } version ? [(name, version)] : [];

    // HeapHardLimit, HeapHardLimitPercent, and both for a kind of objects: HeapHardLimitSOH and so on.
    private static string? HeapLimitIn(JsonElement? properties) => properties is { ValueKind: JsonValueKind.Object } all
        ? all.EnumerateObject().Select(property => property.Name).FirstOrDefault(name => name.StartsWith(HeapHardLimit, StringComparison.Ordinal))
        : null;

    private static JsonElement? Member(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } parent && parent.TryGetProperty(name, out var member) ? member : null;

    private static string[] Names(JsonElement? list) =>
        list is { ValueKind: JsonValueKind.Array } array ? [.. array.EnumerateArray().SelectMany(item => Name(item))] : [];

    private static string[] Name(JsonElement? framework) => Text(Member(framework, "name")) is { } name ? [name] : [];

    private static string? Text(JsonElement? element) => element is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
