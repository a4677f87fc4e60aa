using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

public sealed class EnvDirectoryTests
{
    private static readonly string[] Tell = Children.Perl(
        """print "$ENV{SERVER_STARTER_GENERATION}: ", join(' ', map { "$_=[" . ($ENV{$_} // 'unset') . ']' } qw(VALUE HOME)), " ", unpack("H*", $ENV{BYTES} // ""), "\n"; sleep 60 while 1;""");

    [Fact]
    public async Task Each_generation_gets_the_files_as_they_are_when_it_starts()
    {
        using var scratch = new ScratchDirectory();
        Directory.CreateDirectory(scratch.File("env"));
        scratch.Write("env/VALUE", "one\n");
        scratch.Write("env/HOME", "/elsewhere\n");
        File.WriteAllBytes(scratch.File("env/BYTES"), [0xff, (byte)'x']);
        using var superdaemon = Superdaemon.Start(["--envdir", "DIR/env"], Tell, scratch, new Dictionary<string, string> { ["HOME"] = "/mine" });
        await superdaemon.StatusAsync("1:P");
        await superdaemon.Program.LineAsync(@"^1: VALUE=\[one\] HOME=\[/elsewhere\] ff78$");

        scratch.Write("env/VALUE", "two\n");
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync(@"^2: VALUE=\[two\] HOME=\[/elsewhere\]");
        await superdaemon.StatusAsync("2:P");

        // What it was started with, or nothing; not what the directory held at the start.
        File.Delete(scratch.File("env/VALUE"));
        File.Delete(scratch.File("env/HOME"));
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync(@"^3: VALUE=\[unset\] HOME=\[/mine\]");
        await superdaemon.StatusAsync("3:P");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_retry_gets_fresh_values_too()
    {
        using var scratch = new ScratchDirectory();
        Directory.CreateDirectory(scratch.File("env"));
        scratch.Write("env/VALUE", "bad\n");
        using var superdaemon = Superdaemon.Start(["--interval", "1", "--envdir", "DIR/env"],
            Children.Perl("""print "tried $ENV{VALUE}\n"; exit 1 if $ENV{VALUE} eq 'bad'; up(); sleep 60 while 1;"""), scratch);
        await superdaemon.Program.LineAsync("^tried bad$");
        scratch.Write("env/VALUE", "good\n");
        await superdaemon.Program.LineAsync("^tried good$");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Its_twins_steer_at_once_and_a_malformed_one_is_said_once()
    {
        using var scratch = new ScratchDirectory();
        Directory.CreateDirectory(scratch.File("env"));
        using var superdaemon = Superdaemon.Start(["--kill-old-delay", "3600"], Tell, scratch, new Dictionary<string, string> { ["ENVDIR"] = scratch.File("env") });
        await superdaemon.StatusAsync("1:P");
        // Nothing else wakes it: the directory does.
        scratch.Write(".new", "soon\n");
        File.Move(scratch.File(".new"), scratch.File("env/KILL_OLD_DELAY"));
        await superdaemon.Program.LineAsync("^envdir file .*/KILL_OLD_DELAY changes nothing: 'soon': it must be a whole number of seconds$");
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync("^sleeping 3600 secs before killing old workers$");
        scratch.Write(".new", "0\n");
        File.Move(scratch.File(".new"), scratch.File("env/KILL_OLD_DELAY"), overwrite: true);
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync("^killing old workers$");
        await superdaemon.StatusAsync("3:P");
        Assert.Single(superdaemon.Program.Lines, line => line.Text.Contains("changes nothing", StringComparison.Ordinal));
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_directory_that_is_not_there_is_named_and_does_no_harm_and_may_come_later()
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--envdir", "DIR/env"], Tell);
        await superdaemon.Program.LineAsync("^envdir .*/env gives no variables: there is no such directory$");
        Directory.CreateDirectory(superdaemon.Scratch.File("env"));
        superdaemon.Scratch.Write("env/VALUE", "late\n");
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync(@"^2: VALUE=\[late\]");
        await superdaemon.StatusAsync("2:P");
        await superdaemon.StopsCleanlyAsync();
    }
}
