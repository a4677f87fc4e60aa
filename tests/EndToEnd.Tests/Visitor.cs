using System.Net;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>Somebody with a browser: cookies, and one kept-alive connection, so that every answer comes from the same worker.</summary>
internal sealed class Visitor : IDisposable
{
    private readonly CookieContainer _cookies;
    private readonly HttpClient _client;

    internal Visitor(Uri site, CookieContainer? cookies = null)
    {
        _cookies = cookies ?? new CookieContainer();
        _client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1, CookieContainer = _cookies, AllowAutoRedirect = false })
        {
            BaseAddress = site,
            Timeout = Deadlines.Event,
        };
    }

    /// <summary>Pid of the worker that gave the last answer.</summary>
    internal int Worker { get; private set; }

    /// <summary>Somebody with the same cookies at another worker.</summary>
    internal async Task<Visitor> AtAnotherWorkerAsync()
    {
        var mine = ProcessEntry.Read(Worker)!;
        // A process that stands still takes no connection: the next one goes elsewhere.
        mine.Send(UnixSignal.Stop);
        try
        {
            await Eventually.TrueAsync(() => StandsStill(mine.Pid), "every thread of the worker stands still");
            var other = new Visitor(_client.BaseAddress!, _cookies);
            await other.GetAsync("/who");
            Assert.NotEqual(Worker, other.Worker);
            return other;
        }
        finally
        {
            mine.Send(UnixSignal.Cont);
        }
    }

    /// <summary>Body of an answer whose status says success.</summary>
    internal async Task<string> GetAsync(string path)
    {
        using var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Get, path));
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode}");
        return await answer.Content.ReadAsStringAsync();
    }

    internal async Task<HttpResponseMessage> PostAsync(string path, params (string Name, string Value)[] form)
    {
        using var content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        return await SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = content });
    }

    internal async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        var answer = await _client.SendAsync(request);
        if (answer.Headers.TryGetValues("X-Pid", out var pid)) Worker = int.Parse(pid.Single());
        return answer;
    }

    /// <summary>An answer without end, up to its first lines.</summary>
    internal async Task<IReadOnlyList<string>> FirstLinesAsync(string path, int count)
    {
        using var stream = new StreamReader(await _client.GetStreamAsync(path));
        var lines = new List<string>();
        while (lines.Count < count) lines.Add((await stream.ReadLineAsync().WaitAsync(Deadlines.Event))!);
        return lines;
    }

    public void Dispose() => _client.Dispose();

    // On a busy machine the threads of a process stop one after the other, and the last one may take a connection meanwhile.
    private static bool StandsStill(int pid) => Directory.GetDirectories($"/proc/{pid}/task").All(thread =>
    {
        var stat = File.ReadAllText(Path.Combine(thread, "stat"));
        return stat[stat.LastIndexOf(')') + 2] == 'T';
    });
}
