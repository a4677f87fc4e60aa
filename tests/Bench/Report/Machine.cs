using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace StarletNet.Bench.Report;

/// <summary>Where and how a run was made: the first of the JSON lines.</summary>
internal sealed record Header(string Date, string Machine, string Kernel, string Runtime, int Rounds, int Seconds)
{
    internal string ToJson() => new JsonObject
    {
        ["bench"] = Date,
        ["machine"] = Machine,
        ["kernel"] = Kernel,
        ["runtime"] = Runtime,
        ["rounds"] = Rounds,
        ["seconds"] = Seconds,
    }.ToJsonString();

    /// <exception cref="FormatException">It is none.</exception>
    internal static Header FromJson(string line) => JsonNode.Parse(line) is JsonObject o && o["bench"] != null
        ? new Header((string)o["bench"]!, (string)o["machine"]!, (string)o["kernel"]!, (string)o["runtime"]!, (int)o["rounds"]!, (int)o["seconds"]!)
        : throw new FormatException($"no results of this bench: {line}");
}

/// <summary>The machine this runs on.</summary>
internal static class Machine
{
    internal static Header Describe(BenchOptions options) => new(
        DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        $"{Environment.ProcessorCount} processors, {Processor()}",
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        RuntimeInformation.FrameworkDescription, options.Rounds, options.Seconds);

    private static string Processor() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
        ?? RuntimeInformation.ProcessArchitecture.ToString();
}
