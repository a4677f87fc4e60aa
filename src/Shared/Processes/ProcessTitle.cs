using System.Globalization;
using System.Text;

namespace StarletNet.Shared.Processes;

/// <summary>
/// What ps(1) shows of this process: the memory of its own arguments, written over. Nothing reads them there any more: .NET has copied them, and
/// what was not text is kept by <see cref="OriginalBytes"/>.
/// </summary>
internal sealed unsafe class ProcessTitle
{
    private readonly byte* _start;
    private readonly int _length;
    private string _shown = "";

    private ProcessTitle(byte* start, int length)
    {
        _start = start;
        _length = length;
    }

    /// <returns>Null where the kernel does not tell where they are.</returns>
    internal static ProcessTitle? Find()
    {
        // arg_start and arg_end; proc(5) counts from 1, and the name, which may hold anything, is the second field.
        const int ArgumentsBegin = 48, ArgumentsEnd = 49, FirstAfterName = 3;
        OriginalBytes.Keep();
        var stat = File.ReadAllText("/proc/self/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        if (fields.Length <= ArgumentsEnd - FirstAfterName) return null;
        var (start, end) = (Number(fields[ArgumentsBegin - FirstAfterName]), Number(fields[ArgumentsEnd - FirstAfterName]));
        return start > 0 && end - start is > 1 and < int.MaxValue ? new ProcessTitle((byte*)start, (int)(end - start)) : null;
    }

    /// <summary>Cut where the arguments ended: what follows them is the environment.</summary>
    internal void Show(string title)
    {
        if (title == _shown) return;
        _shown = title;
        var area = new Span<byte>(_start, _length);
        var bytes = Encoding.UTF8.GetBytes(title);
        area.Clear();
        bytes.AsSpan(0, Math.Min(bytes.Length, _length - 1)).CopyTo(area);
        // A last byte that is not zero tells the kernel that this is a title, which ends at its first zero; else the zeros would be shown as so
        // many empty arguments.
        if (bytes.Length < _length - 2) area[^1] = 1;
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
