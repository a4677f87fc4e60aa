using System.Net;
using System.Net.Sockets;
using System.Text;
using StarletNet.Shared.Notify;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>What a start_server is told of a start: the release, and each reason why it is not ready, as soon as there is one.</summary>
public sealed class ReportTests : IDisposable
{
    private readonly MasterUnderTest _test = new();
    private readonly NotifyReceiver _receiver = NotifyReceiver.Create();

    public void Dispose()
    {
        _receiver.Dispose();
        _test.Dispose();
    }

    private ProgramUnderTest Start(string application, params (string Name, string Value)[] more) => _test.Run(
        ["-l", "127.0.0.1:0", "-w", "1", "--boot-failure-limit", "1", application, _test.Behaviour],
        new ProgramOptions { Environment = new[] { (Name: "NOTIFY_SOCKET", Value: _receiver.Address) }.Concat(more).ToDictionary(variable => variable.Name, variable => variable.Value) });

    private async Task<NotifyMessage> NextAsync(string name)
    {
        NotifyMessage? message = null;
        await Eventually.TrueAsync(() =>
        {
            while (message?[name] is null && _receiver.Receive() is { } next) message = next;
            return message?[name] is not null;
        }, $"a datagram with {name}", () => message?.Text ?? "none");
        return message!;
    }

    [Fact]
    public async Task The_release_is_named_by_its_real_path_before_the_first_worker_and_with_ready()
    {
        SymbolicLink.Switch(_test.File("current"), _test.File("app"));
        var master = Start(_test.File("current/FakeWorker.dll"));

        Assert.Equal(_test.Application, (await NextAsync("X_STARLETNET_RELEASE"))["X_STARLETNET_RELEASE"]);
        var ready = await NextAsync("READY");
        Assert.Equal((_test.Application, ""), (ready["X_STARLETNET_RELEASE"], ready["X_STARLETNET_REASON"]));
        Assert.Equal(0, (await master.StopAsync()).Code);
    }

    [Fact]
    public async Task Exactly_the_release_that_start_server_names_is_started_and_a_hup_follows_the_link_again()
    {
        _test.Release("other");
        SymbolicLink.Switch(_test.File("current"), _test.File("other"));
        var master = Start(_test.File("current/FakeWorker.dll"), ("STARLETNET_RELEASE", _test.Application));

        Assert.Equal(_test.Application, (await NextAsync("READY"))["X_STARLETNET_RELEASE"]);
        Assert.DoesNotContain("sets no option", master.ErrorText, StringComparison.Ordinal);
        master.Send(UnixSignal.Hup);
        Assert.Equal(_test.File("other/FakeWorker.dll"), (await NextAsync("READY"))["X_STARLETNET_RELEASE"]);
        Assert.Equal(0, (await master.StopAsync()).Code);
    }

    [Fact]
    public async Task What_a_worker_says_is_passed_on_at_once_and_what_cannot_succeed_is_marked_as_such()
    {
        _test.Behave("unready /health (--ready-path) gives status 404");
        var master = Start(_test.Application);
        var reason = await NextAsync("X_STARLETNET_REASON");
        Assert.Equal(("/health (--ready-path) gives status 404", (string?)null), (reason["X_STARLETNET_REASON"], reason["X_STARLETNET_RETRY"]));
        // A stop before it is ready says it once more, where somebody looks.
        Assert.Equal(0, (await master.StopAsync()).Code);
        Assert.Contains("told to stop before it was ready: /health (--ready-path) gives status 404", master.ErrorText, StringComparison.Ordinal);

        var missing = Start(_test.File("missing/FakeWorker.dll"));
        Assert.Equal(1, (await missing.ExitAsync()).Code);
        var hopeless = await NextAsync("X_STARLETNET_RETRY");
        Assert.Equal("0", hopeless["X_STARLETNET_RETRY"]);
        Assert.StartsWith("cannot find the application ", hopeless["X_STARLETNET_REASON"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_that_hangs_is_given_up_before_start_server_gives_up_all_of_it()
    {
        _test.Behave("hang");
        var master = Start(_test.Application, ("START_SERVER_READY_TIMEOUT", "1"));

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Contains("s (--ready-timeout of start_server, which ends in a moment) and is killed", master.ErrorText, StringComparison.Ordinal);
        Assert.Matches("^not ready within [0-9.]+ s and without a word; what its threads do is in the log$", (await NextAsync("X_STARLETNET_REASON"))["X_STARLETNET_REASON"]);
    }

    [Fact]
    public async Task A_trial_says_whether_a_deploy_would_serve_and_touches_nothing()
    {
        var pid = _test.File("pid");
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        string[] options = ["--try", "-l", taken.LocalEndPoint!.ToString()!, "-w", "3", "--pid", pid, "--access-log", _test.File("access"), "--error-log", _test.File("errors"), "--master-log", _test.File("log")];
        var environment = new ProgramOptions { Environment = new Dictionary<string, string> { ["SERVER_STARTER_PORT"] = "80=99", ["STARLETNET_RELEASE"] = "/no/such/release" } };

        var good = _test.Run([.. options, _test.Application, _test.Behaviour], environment);
        Assert.True((await good.ExitAsync()).Code == 0, good.Describe());
        Assert.Matches($"\n{_test.Application} is ready after [0-9.]+ s$", good.OutputText);
        await good.NothingLeftAsync(pid, _test.File("access"), _test.File("errors"), _test.File("log"));

        _test.Behave("fail the database is away");
        var bad = _test.Run([.. options, _test.Application, _test.Behaviour], environment);
        Assert.True((await bad.ExitAsync()).Code == 1, bad.Describe());
        Assert.EndsWith("\nnot deployed: the database is away", bad.ErrorText, StringComparison.Ordinal);
        Assert.Single(bad.ErrorText.Split('\n'), line => line.Contains(" is starting", StringComparison.Ordinal));

        var missing = _test.Run([.. options, _test.File("nowhere.dll")], environment);
        Assert.Equal(1, (await missing.ExitAsync()).Code);
        Assert.StartsWith("not deployed: cannot find the application ", missing.ErrorText, StringComparison.Ordinal);
    }
}
