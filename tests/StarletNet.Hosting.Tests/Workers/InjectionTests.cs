using System.Net;
using System.Net.Sockets;
using StarletNet.Shared.Contract;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Workers;

public sealed class InjectionTests
{
    [Theory]
    [InlineData("net8.0", "builder")]
    [InlineData("net8.0", "legacy")]
    [InlineData("net9.0", "builder")]
    [InlineData("net9.0", "legacy")]
    [InlineData("net10.0", "builder")]
    [InlineData("net10.0", "slim")]
    [InlineData("net10.0", "empty")]
    [InlineData("net10.0", "generic")]
    [InlineData("net10.0", "generic-raw")]
    [InlineData("net10.0", "legacy")]
    [InlineData("net10.0", "legacy-raw")]
    [InlineData("net10.0", "worker-service")]
    public async Task An_untouched_application_answers_on_the_inherited_listener_and_drains_on_word(string framework, string kind)
    {
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.Builders(framework), kind));
        using var client = worker.Connect();
        await client.Get("/");
        Assert.StartsWith(kind, (await client.Response()).Body, StringComparison.Ordinal);
        // Shared with all others: whoever calls listen(2) again changes it for all.
        Assert.Equal(WorkerUnderTest.Backlog, worker.QueueLength);

        worker.Tell(ControlMessage.Drain);
        Assert.Equal(ControlMessage.Draining, await worker.NextMessage());
        await client.Get("/");
        var last = await client.Response();
        Assert.StartsWith(kind, last.Body, StringComparison.Ordinal);
        Assert.True(last.AnnouncesClose);
        await client.End();
        Assert.Equal(0, await worker.Exit());
        Assert.Equal(WorkerUnderTest.Backlog, worker.QueueLength);
    }

    [Theory]
    [InlineData("builder")]
    [InlineData("generic")]
    [InlineData("legacy")]
    [InlineData("worker-service")]
    public async Task Term_drains_whatever_the_host_would_have_done_with_it(string kind)
    {
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.Builders("net10.0"), kind));
        using var client = worker.Connect();
        await client.Get("/");
        await client.Response();

        worker.Signal(15);
        Assert.Equal(ControlMessage.Draining, await worker.NextMessage());
        await client.Get("/");
        Assert.True((await client.Response()).AnnouncesClose);
        await client.End();
        Assert.Equal(0, await worker.Exit());
    }

    [Fact]
    public async Task Endpoints_the_application_opens_itself_are_replaced_and_logged_once()
    {
        var ports = FreePorts(3);
        var setup = new WorkerSetup(SampleApp.Builders("net10.0"), ["own-endpoints", .. ports.Select(p => $"{p}")]);
        await using var worker = await WorkerUnderTest.StartReady(setup);
        using var client = worker.Connect();
        await client.Get("/");
        Assert.Contains($"at http://{worker.EndPoint}", (await client.Response()).Body, StringComparison.Ordinal);

        await worker.OutputLine($"Now listening on: http://{worker.EndPoint}");
        foreach (var port in ports)
        {
            var line = $"http://127.0.0.1:{port}, which the application would open itself, is replaced";
            await worker.OutputLine(line);
            Assert.Single(worker.Output.Split('\n'), l => l.Contains(line, StringComparison.Ordinal));
            Assert.Throws<SocketException>(() => RawClient.Connect(new IPEndPoint(IPAddress.Loopback, port)));
        }
    }

    [Fact]
    public async Task Endpoints_that_are_kept_are_open_beside_the_listener_in_several_workers()
    {
        var ports = FreePorts(3);
        var setup = new WorkerSetup(SampleApp.Builders("net10.0"), ["own-endpoints", .. ports.Select(p => $"{p}")])
        {
            Environment = new Dictionary<string, string> { [EnvironmentNames.Http] = "keep-app-endpoints=1" },
        };
        await using var worker = await WorkerUnderTest.StartReady(setup);
        // A successor must be able to start while this one serves.
        await using var successor = await WorkerUnderTest.StartReady(setup);

        foreach (var endPoint in new[] { worker.EndPoint, new IPEndPoint(IPAddress.Loopback, ports[0]), new IPEndPoint(IPAddress.Loopback, ports[2]) })
        {
            using var client = RawClient.Connect(endPoint);
            await client.Get("/");
            Assert.StartsWith("own-endpoints", (await client.Response()).Body, StringComparison.Ordinal);
        }
        // Kestrel itself passes over addresses where there are end points.
        Assert.Throws<SocketException>(() => RawClient.Connect(new IPEndPoint(IPAddress.Loopback, ports[1])));
        await worker.OutputLine($"http://127.0.0.1:{ports[0]}, the application's own, stays open");
        Assert.DoesNotContain("is replaced by", worker.Output, StringComparison.Ordinal);
        worker.Tell(ControlMessage.Drain);
        Assert.Equal(0, await worker.Exit());
    }

    [Theory]
    [InlineData("builder")]
    [InlineData("legacy")]
    public async Task Addresses_are_kept_where_there_are_no_end_points(string kind)
    {
        var port = FreePorts(1)[0];
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.Builders("net10.0"), kind)
        {
            Environment = new Dictionary<string, string> { [EnvironmentNames.Http] = "keep-app-endpoints=1", ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}" },
        });
        foreach (var endPoint in new[] { worker.EndPoint, new IPEndPoint(IPAddress.Loopback, port) })
        {
            using var client = RawClient.Connect(endPoint);
            await client.Get("/");
            Assert.StartsWith(kind, (await client.Response()).Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_worker_without_master_removes_its_files_at_the_end_unless_they_are_others_by_then()
    {
        using var scratch = new ScratchDirectory();
        // The last one keeps its inode, and holds another's number.
        var (own, others, written) = (scratch.Write("own.pid", ""), scratch.Write("others.pid", "1"), scratch.Write("written.pid", "1"));
        var files = OwnFile.Format([OwnFile.At(own)!, OwnFile.At(others)!, OwnFile.At(written)!]);
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp)
        {
            Environment = new Dictionary<string, string> { [EnvironmentNames.Files] = files },
        });
        File.Move(scratch.Write("new.pid", "2"), others, overwrite: true);
        File.WriteAllText(own, $"{worker.Pid}\n");

        worker.Signal(15);
        Assert.Equal(0, await worker.Exit());
        Assert.False(File.Exists(own));
        Assert.Equal("2", File.ReadAllText(others));
        Assert.Equal("1", File.ReadAllText(written));
    }

    [Fact]
    public async Task With_debugging_it_says_what_happens_to_it_and_nothing_without()
    {
        foreach (var debugs in new[] { true, false })
        {
            await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp)
            {
                Environment = debugs ? new Dictionary<string, string> { [EnvironmentNames.Debug] = "1" } : [],
            });
            worker.Tell(ControlMessage.Drain);
            Assert.Equal(0, await worker.Exit());
            if (debugs) await worker.OutputLine("debug: the master says: drain");
            Assert.Equal(debugs, worker.Output.Contains("debug: StopAsked { Stay = 0 }: Serving { } → Grace", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task The_applications_own_endpoint_defaults_apply_to_the_inherited_listener()
    {
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.Builders("net10.0"), "own-defaults"));
        using var client = worker.Connect();
        await client.Get("/");
        Assert.StartsWith("own-defaults on 10 HTTP/1.1 True", (await client.Response()).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("builder")]
    [InlineData("slim")]
    [InlineData("own-defaults")]
    [InlineData("legacy")]
    public async Task A_listener_marked_h2_speaks_http2_alone(string kind)
    {
        var setup = new WorkerSetup(SampleApp.Builders("net10.0"), kind) { Http = HttpVersions.Http2 };
        await using var worker = await WorkerUnderTest.StartReady(setup);
        using var client = await Http2Client.Connect(worker.EndPoint);
        var stream = await client.Get("/");
        var body = string.Concat((await client.UntilEndOf(stream)).Where(f => f.Type == Http2Frame.Data)
            .Select(f => System.Text.Encoding.UTF8.GetString(f.Payload)));
        Assert.StartsWith($"{kind} on 10 HTTP/2 {kind == "own-defaults"}", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_server_in_the_process_keeps_its_own_endpoint()
    {
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.Builders("net10.0"), "two-servers"));
        await worker.OutputLine("A second server in this process keeps its own endpoints");
        await worker.OutputLine("Now listening on: http://127.0.0.1:", times: 2);
        var lines = worker.Output.Split('\n').Where(l => l.Contains("Now listening on: http://", StringComparison.Ordinal)).ToList();
        var admin = new Uri(lines.Single(l => !l.Contains($"{worker.EndPoint}", StringComparison.Ordinal)).Split(": ")[1]);

        foreach (var address in new[] { worker.EndPoint, new IPEndPoint(IPAddress.Loopback, admin.Port) })
        {
            using var client = RawClient.Connect(address);
            await client.Get("/");
            Assert.StartsWith("two-servers", (await client.Response()).Body, StringComparison.Ordinal);
        }

        worker.Tell(ControlMessage.Drain);
        Assert.Equal(0, await worker.Exit());
    }

    [Fact]
    public async Task Neither_the_application_nor_its_children_see_anything_of_ours()
    {
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp));
        using var client = worker.Connect();
        await client.Get("/children-fds");
        var seen = (await client.Response()).Body;

        Assert.Contains("0 -> ", seen, StringComparison.Ordinal);
        Assert.Equal(2, worker.HandedOver.Count);
        foreach (var socket in worker.HandedOver) Assert.DoesNotContain(socket, seen, StringComparison.Ordinal);
        foreach (var name in EnvironmentNames.WorkerPrivate.Concat(["DOTNET_STARTUP_HOOKS", "NOTIFY_SOCKET", "LISTEN_FDS", "STARLETNET_SAVED", "HOSTINGSTARTUP"]))
            Assert.DoesNotContain(name, seen, StringComparison.Ordinal);
        // libc's copy, which native libraries read and hand on.
        foreach (var name in EnvironmentNames.WorkerPrivate.Concat(["DOTNET_STARTUP_HOOKS", "NOTIFY_SOCKET", "LISTEN_FDS"]))
            Assert.Equal("(unset)", await LibcEnvironment(client, name));
        Assert.Equal("users-own", await LibcEnvironment(client, "DOTNET_gcServer"));
        Assert.Contains("STARLETNET_WORKER_SLOT=3", seen, StringComparison.Ordinal);
        Assert.Contains("DOTNET_gcServer=users-own", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_application_sees_real_addresses()
    {
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp));
        using var client = worker.Connect();
        await client.Get("/connection");
        Assert.StartsWith($"local {worker.EndPoint} remote 127.0.0.1:", (await client.Response()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_is_no_web_application_is_reported()
    {
        await using var worker = WorkerUnderTest.Start(new WorkerSetup(SampleApp.ConsoleApp));
        Assert.StartsWith("failed the application ended with exit code 0 without starting a web server", await worker.NextMessage(), StringComparison.Ordinal);
        await worker.Exit();
        await worker.OutputLine("hello from the console");
    }

    [Fact]
    public async Task A_crash_at_start_is_reported_and_stays_visible()
    {
        var setup = new WorkerSetup(SampleApp.TestApp) { Environment = new Dictionary<string, string> { ["APP_CRASH_AT_START"] = "1" } };
        await using var worker = WorkerUnderTest.Start(setup);
        Assert.Equal("failed InvalidOperationException: boom at start", await worker.NextMessage());
        Assert.NotEqual(0, await worker.Exit());
        await worker.OutputLine("Unhandled exception. System.InvalidOperationException: boom at start");
    }

    [Fact]
    public async Task A_candidate_that_crashes_after_binding_has_taken_no_connection()
    {
        var setup = new WorkerSetup(SampleApp.TestApp) { Environment = new Dictionary<string, string> { ["APP_CRASH_AFTER_BIND"] = "1" } };
        await using var worker = WorkerUnderTest.Start(setup);
        // In the queue before the worker is: whoever accepts too early would take it along into its grave.
        using var client = worker.Connect();
        await client.Get("/");
        Assert.Equal("failed InvalidOperationException: boom after bind", await worker.NextMessage());
        Assert.NotEqual(0, await worker.Exit());

        await worker.AnswerQueued("still in the queue");
        Assert.Equal("still in the queue", (await client.Response()).Body);
    }

    [Fact]
    public async Task A_worker_that_never_starts_ends_when_told_to_drain()
    {
        var setup = new WorkerSetup(SampleApp.TestApp) { Environment = new Dictionary<string, string> { ["APP_HANG_AT_START"] = "1" } };
        await using var worker = WorkerUnderTest.Start(setup);
        worker.Tell(ControlMessage.Drain);
        Assert.Equal(ControlMessage.Draining, await worker.NextMessage());
        Assert.Equal(0, await worker.Exit());
    }

    private static async Task<string> LibcEnvironment(RawClient client, string name)
    {
        await client.Get($"/libc-env?name={name}");
        return (await client.Response()).Body;
    }

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        foreach (var listener in listeners) listener.Start();
        var ports = listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port).ToArray();
        foreach (var listener in listeners) listener.Dispose();
        return ports;
    }
}
