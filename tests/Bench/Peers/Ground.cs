using StarletNet.TestKit;

namespace StarletNet.Bench.Peers;

/// <summary>What the peers serve and need, made when it is first asked for.</summary>
internal sealed class Ground : IDisposable
{
    internal const string Hello = "Hello, World!\n";
    internal const string Json = """{"message":"Hello, World!","number":42,"words":["one","two","three"]}""";
    internal static readonly int[] Sizes = [64 * 1024, 5 * 1024 * 1024];

    /// <summary>Of <see cref="Page"/>: a page that takes the application some hundred microseconds.</summary>
    internal const string PagePath = "/Identity/Account/Login";

    /// <summary>Its log would be half of what is measured.</summary>
    internal static readonly IReadOnlyDictionary<string, string> PageEnvironment = new Dictionary<string, string> { ["Logging__LogLevel__Default"] = "Warning" };

    private readonly Lazy<string> _limit, _psgi, _files, _application, _hello, _page;
    private readonly Lazy<Certificate> _certificate;

    internal Ground()
    {
        _limit = new(CompileLimit);
        _psgi = new(() => Scratch.Write("app.psgi", PsgiSource));
        _files = new(WriteFiles);
        _certificate = new(() => Certificate.Write(Scratch));
        _application = new(() => Path.Combine(Artifacts.TestApp("BenchApp"), "BenchApp.dll"));
        _page = new(PublishPage);
        _hello = new(() => Path.Combine(Artifacts.Example("hello"), "hello.dll"));
    }

    internal ScratchDirectory Scratch { get; } = new();

    /// <summary>tests/Apps/BenchApp, published.</summary>
    internal string Application => _application.Value;

    /// <summary>examples/hello, published.</summary>
    internal string HelloApplication => _hello.Value;

    /// <summary>The SDK's template of a site with accounts in SQLite, made and published.</summary>
    internal string Page => _page.Value;

    internal string Psgi => _psgi.Value;

    /// <summary>A directory that everybody may read: <c>hello.txt</c>, <c>json</c>, and <c>bytes/N</c> for every size.</summary>
    internal string Files => _files.Value;

    internal Certificate Certificate => _certificate.Value;

    /// <summary>The bare epoll server.</summary>
    internal string Limit => _limit.Value;

    internal static string Needed(string program, string package) =>
        SystemPrograms.Find(program) ?? throw new NotThereException($"{program} is not installed (Debian package {package})");

    public void Dispose() => Scratch.Dispose();

    private string PublishPage()
    {
        var (source, output) = (Scratch.File("page-source"), Scratch.File("page"));
        Run("new", "webapp", "-au", "Individual", "-n", "page", "-o", source, "--no-restore");
        Run("publish", source, "-c", "Release", "-o", output, "-nodeReuse:false");
        return Path.Combine(output, "page.dll");

        static void Run(params string[] arguments)
        {
            var run = SystemPrograms.RunAsync("dotnet", arguments).GetAwaiter().GetResult();
            if (!run.IsSuccess) throw new NotThereException($"dotnet {arguments[0]} fails: {run.StandardOutput.Split('\n').FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal))}");
        }
    }

    private string CompileLimit()
    {
        var compiler = SystemPrograms.Find("clang") ?? Needed("gcc", "gcc");
        var program = Scratch.File("epoll");
        var compile = SystemPrograms.RunAsync(compiler, "-O2", "-o", program, Path.Combine(Artifacts.RepositoryRoot, "tests", "Bench", "Limit", "epoll.c")).GetAwaiter().GetResult();
        return compile.IsSuccess ? program : throw new NotThereException("it does not compile: " + compile.StandardError.Split('\n')[0]);
    }

    private string WriteFiles()
    {
        var directory = Directory.CreateDirectory(Scratch.File("bytes"));
        foreach (var size in Sizes)
        {
            var bytes = new byte[size];
            Array.Fill(bytes, (byte)'x');
            File.WriteAllBytes(Path.Combine(directory.FullName, $"{size}"), bytes);
        }

        Scratch.Write("hello.txt", Hello);
        Scratch.Write("json", Json);
        // Workers of nginx and h2o are nobody, and a scratch directory is its owner's alone.
        File.SetUnixFileMode(Scratch.Path, File.GetUnixFileMode(Scratch.Path) | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute);
        return Scratch.Path;
    }

    private const string PsgiSource = """
        use strict;
        my $large = 'x' x (5 * 1024 * 1024);
        sub answer { [200, ['Content-Type', $_[1] || 'text/plain', 'Content-Length', length $_[0]], [$_[0]]] }
        sub {
            my $env = shift;
            my $path = $env->{PATH_INFO};
            return answer("Hello, World!\n") if $path eq '/';
            return answer('{"message":"Hello, World!","number":42,"words":["one","two","three"]}', 'application/json') if $path eq '/json';
            return answer(substr $large, 0, $1) if $path =~ m{^/bytes/(\d+)$};
            if ($path eq '/upload') { 1 while $env->{'psgi.input'}->read(my $piece, 65536) }
            if ($path eq '/block') { select undef, undef, undef, 0.1 }
            answer("ok\n");
        }
        """;
}
