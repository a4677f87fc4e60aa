using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace StarletNet.Shared.Output;

/// <summary>What both programs tell their clients: one JSON object, one line.</summary>
internal static class JsonLine
{
    /// <summary>Text for people stays readable; nothing of this is ever part of a web page.</summary>
    private static readonly JsonWriterOptions Style = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="members">Writes them.</param>
    internal static byte[] Of(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Style))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>In UTC, to the millisecond.</summary>
    internal static string Moment(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ");
}
