using StarletNet.Master.Applications;
using StarletNet.Shared.Errors;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Applications;

public sealed class ShadowPlaceTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly string _source;
    private readonly string _copies;

    public ShadowPlaceTests()
    {
        _source = Directory.CreateDirectory(_scratch.File("app")).FullName;
        _copies = Directory.CreateDirectory(_scratch.File("copies")).FullName;
    }

    public void Dispose() => _scratch.Dispose();

    private ShadowCopy Make(params string[] linked) => new ShadowPlace(_copies, linked).Make(_source);

    [Fact]
    public void What_is_overwritten_in_place_is_still_the_same_in_the_copy()
    {
        Directory.CreateDirectory(_scratch.File("app/wwwroot/css"));
        _scratch.Write("app/app.dll", "one");
        _scratch.Write("app/wwwroot/css/site.css", "one");

        using var copy = Make();
        // The same file, and not a new one by that name.
        foreach (var name in new[] { "app/app.dll", "app/wwwroot/css/site.css" })
            using (var file = new FileStream(_scratch.File(name), FileMode.Open, FileAccess.Write)) file.Write("two"u8);

        Assert.Equal("one", File.ReadAllText(Path.Combine(copy.Directory, "app.dll")));
        Assert.Equal("one", File.ReadAllText(Path.Combine(copy.Directory, "wwwroot/css/site.css")));
    }

    [Fact]
    public void Of_one_that_is_given_up_nothing_is_left()
    {
        _scratch.Write("app/app.dll", "");

        Assert.Throws<OperationCanceledException>(() => new ShadowPlace(_copies, []).Make(_source, new CancellationToken(canceled: true)));
        Assert.Empty(Directory.GetDirectories(_copies));
    }

    [Fact]
    public void Only_its_owner_may_enter_it_and_nobody_write()
    {
        _scratch.Write("app/tool", "#!/bin/sh", executable: true);
        _scratch.Write("app/app.dll", "");
        Directory.CreateDirectory(_scratch.File("app/below"));

        using var copy = Make();

        const UnixFileMode enter = UnixFileMode.UserRead | UnixFileMode.UserExecute;
        Assert.Equal(enter, File.GetUnixFileMode(copy.Directory));
        Assert.Equal(enter, File.GetUnixFileMode(Path.Combine(copy.Directory, "below")));
        Assert.Equal(enter, File.GetUnixFileMode(Path.Combine(copy.Directory, "tool")));
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(Path.Combine(copy.Directory, "app.dll")));
    }

    [Fact]
    public void Links_inside_stay_inside_and_others_lead_where_they_led()
    {
        Directory.CreateDirectory(_scratch.File("app/lib"));
        _scratch.Write("app/lib/one", "inside");
        _scratch.Write("outside", "outside");
        File.CreateSymbolicLink(_scratch.File("app/relative"), "lib/one");
        File.CreateSymbolicLink(_scratch.File("app/absolute"), _scratch.File("app/lib/one"));
        File.CreateSymbolicLink(_scratch.File("app/out"), "../outside");
        File.CreateSymbolicLink(_scratch.File("app/nowhere"), "../nobody");
        File.CreateSymbolicLink(_scratch.File("app/folder"), "lib");

        using var copy = Make();
        _scratch.Write("app/lib/one", "changed");
        _scratch.Write("outside", "changed");

        string Read(string name) => File.ReadAllText(Path.Combine(copy.Directory, name));
        Assert.Equal(["inside", "inside", "inside"], [Read("relative"), Read("absolute"), Read("folder/one")]);
        Assert.Equal("changed", Read("out"));
        Assert.Equal(_scratch.File("nobody"), new FileInfo(Path.Combine(copy.Directory, "nowhere")).LinkTarget);
    }

    [Fact]
    public void What_the_application_writes_is_linked_to_instead()
    {
        Directory.CreateDirectory(_scratch.File("app/data/below"));
        _scratch.Write("app/app.dll", "");

        using (var copy = Make("data/below", "app.db"))
        {
            File.WriteAllText(Path.Combine(copy.Directory, "data/below/new"), "kept");
            File.WriteAllText(Path.Combine(copy.Directory, "app.db"), "kept");
        }

        Assert.Equal("kept", File.ReadAllText(_scratch.File("app/data/below/new")));
        Assert.Equal("kept", File.ReadAllText(_scratch.File("app/app.db")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_copies));
    }

    [Fact]
    public void A_copy_is_swept_only_when_nobody_holds_it()
    {
        _scratch.Write("app/app.dll", "");
        Directory.CreateDirectory(_scratch.File("app/below"));
        var place = new ShadowPlace(_copies, []);
        using var held = place.Make(_source);
        var left = place.Make(_source);
        Directory.CreateDirectory(_scratch.File("copies/somebody-else"));
        // Of nearly that name, an operator's own.
        Directory.CreateDirectory(_scratch.File("copies/starletnet-copy-of-the-site"));
        Directory.CreateSymbolicLink(_scratch.File("copies/starletnet-copy-0123456789ab"), _source);

        // As if its master and all its workers had been killed.
        left.Lock.Dispose();

        Assert.Equal(1, place.Sweep());
        Assert.False(Directory.Exists(left.Directory));
        Assert.True(File.Exists(Path.Combine(held.Directory, "app.dll")));
        Assert.True(Directory.Exists(_scratch.File("copies/somebody-else")));
        Assert.True(Directory.Exists(_scratch.File("copies/starletnet-copy-of-the-site")));
        Assert.True(File.Exists(_scratch.File("copies/starletnet-copy-0123456789ab/app.dll")));
        Assert.Equal(0, place.Sweep());
    }

    [Fact]
    public void What_cannot_be_copied_leaves_nothing_and_says_why()
    {
        Assert.Contains("which lies in it", Assert.Throws<OperatorException>(() => new ShadowPlace(Directory.CreateDirectory(_scratch.File("app/tmp")).FullName, []).Make(_source)).Message);
        Assert.Contains("No such file", Assert.Throws<OperatorException>(() => new ShadowPlace(_scratch.File("missing"), []).Make(_source)).Message);
        _scratch.Write("app/app.dll", "");
        using var locked = new FileStream(_scratch.File("app/app.dll"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.Contains("app.dll", Assert.Throws<OperatorException>(() => Make()).Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_copies));
    }

    [Theory]
    [InlineData("/given", "/run/user/0", "/var/tmp", "/given")]
    [InlineData("given", null, null, "/here/given")]
    [InlineData(null, "/proc/self/root", "/var/tmp", "/proc/self/root")]
    [InlineData(null, "/no/such/directory", "/var/tmp", "/var/tmp")]
    [InlineData(null, null, null, "/tmp")]
    public void They_are_made_where_temporary_files_belong(string? given, string? runtime, string? temporary, string expected)
    {
        // A directory that is certainly ours.
        if (runtime == "/proc/self/root") runtime = expected = _copies;
        Assert.Equal(expected, ShadowPlace.Find(given, "/here", name => name switch { "XDG_RUNTIME_DIR" => runtime, "TMPDIR" => temporary, _ => null }));
    }
}
