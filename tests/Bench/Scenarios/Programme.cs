using StarletNet.Bench.Peers;

namespace StarletNet.Bench.Scenarios;

/// <summary>All scenarios, in order.</summary>
internal static class Programme
{
    private const string Close = """wrk.headers["Connection"] = "close" """;

    private const string Pipelined = """
        init = function(args)
            local one, all = wrk.format(), {}
            for i = 1, 16 do all[i] = one end
            batch = table.concat(all)
        end
        request = function() return batch end
        """;

    internal static readonly IReadOnlyList<Scenario> All =
    [
        LoadScenario.Wrk("hello-1", "hello, 1 kept-alive connection", 1, "/"),
        LoadScenario.Wrk("hello-32", "hello, 32 kept-alive connections", 32, "/"),
        LoadScenario.Wrk("hello-256", "hello, 256 kept-alive connections", 256, "/"),
        LoadScenario.Wrk("hello-4096", "hello, 4096 kept-alive connections", 4096, "/"),
        LoadScenario.Wrk("close", "hello, a connection for each request, 32 at a time", 32, "/", Close),
        LoadScenario.Wrk("pipelined", "hello, 32 connections, 16 requests at a time in each", 32, "/", Pipelined, latencies: false),
        LoadScenario.Wrk("json", "a small object as JSON, 32 connections", 32, "/json"),
        LoadScenario.Wrk("get-64k", "64 KB to the client, 32 connections", 32, "/bytes/65536"),
        LoadScenario.Wrk("get-5m", "5 MB to the client, 8 connections", 8, "/bytes/5242880"),
        LoadScenario.Wrk("post-64k", "64 KB from the client, 32 connections", 32, "/upload", Post(64 * 1024), bodies: true),
        LoadScenario.Wrk("post-5m", "5 MB from the client, 8 connections", 8, "/upload", Post(5 * 1024 * 1024), bodies: true),
        LoadScenario.Wrk("tls", "hello over TLS, 32 kept-alive connections", 32, "/", door: Door.Tls),
        LoadScenario.H2Load("http2", "hello over HTTP/2 without TLS, 8 connections, 16 streams in each", Door.Http2, 8, "-m16"),
        LoadScenario.H2Load("unix", "hello over a Unix socket, 32 kept-alive connections", Door.Unix, 32, "--h1"),
        LoadScenario.OfApplications("async", "a small object as JSON that the handler has awaited, 32 connections", 32, "/async", isQuick: true),
        LoadScenario.OfApplications("read", "20 KB from the client that the handler reads synchronously, 16 connections", 16, "/habits/read", Post(20 * 1024)),
        LoadScenario.OfApplications("result", "the handler takes the Result of a task of 5 ms, 16 connections", 16, "/habits/result"),
        LoadScenario.OfApplications("sleep", "the handler sleeps 5 ms on its thread, 32 connections", 32, "/habits/sleep"),
        LoadScenario.OfApplications("self", "the handler takes the Result of a request to its own server, 8 connections", 8, "/habits/self"),
        LoadScenario.OfApplications("self-64", "the same, 64 connections", 64, "/habits/self"),
        new BlockedScenario(4),
        new BlockedScenario(16),
        new BlockedScenario(64),
        new IdleScenario(10_000),
        new DeployScenario(),
        new FirstSecondScenario("first-second", "default options"),
        new FirstSecondScenario("first-second-ready", "--ready-path", "--ready-path", Ground.PagePath),
        new FirstSecondScenario("first-second-warm", "--warmup", "--warmup", Ground.PagePath),
        new FirstSecondScenario("first-second-auto", "--warmup auto", "--warmup", "auto"),
        new StartScenario(),
        new MemoryScenario(),
    ];

    private static string Post(int bytes) => $"""wrk.method = "POST"; wrk.body = string.rep("x", {bytes})""";
}
