using StarletNet.Master.Output;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Output;

public sealed class RollingLogTests : IDisposable
{
    private const int Events = 60, Full = 1000;

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void A_full_file_is_followed_by_another_and_only_so_many_stay(int keep)
    {
        var files = new RollingLog(_scratch.File("master.log"), LogForms.DatedLines(), keep) { Full = Full };
        // Which closes the files, too.
        using (var log = new MasterLog(files))
        {
            log.Listening("event 0");
            files.Open();
            for (var number = 1; number < Events; number++) log.Listening($"event {number}");
        }

        // Their names are in the order of their days and numbers; the first of a day has none.
        var written = Directory.GetFiles(_scratch.Path, "master*.log").OrderBy(File.GetLastWriteTimeUtc).ThenBy(name => name.Length).ThenBy(name => name, StringComparer.Ordinal).ToArray();
        if (keep == 0) Assert.InRange(written.Length, 3, Events);
        else Assert.Equal(keep, written.Length);
        // A line is not parted: the last one of a file may exceed the limit.
        Assert.All(written, file => Assert.InRange(new FileInfo(file).Length, 1, Full + 200));
        var events = written.SelectMany(File.ReadLines).Select(line => line.Split("event ")[1]).ToArray();
        Assert.Equal(Enumerable.Range(0, Events).Select(number => $"{number}").TakeLast(events.Length), events);
        Assert.Equal(keep == 0, events.Length == Events);
    }
}
