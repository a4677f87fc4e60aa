using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StarletNet.TestKit;

/// <summary>
/// One cleartext HTTP/2 connection (prior knowledge) with a few streams at once, one of them slow. On GOAWAY HttpClient sends
/// what the server has not begun over a new connection, as the protocol allows it; whatever else goes wrong is lost.
/// </summary>
public sealed class Http2Client(LoadSetting setting) : LoadClient(setting)
{
    private readonly HttpClient _http = new(Handler(setting.Target)) { Timeout = setting.AnswerDeadline };

    public override string Kind => "HTTP/2";

    protected override async Task RoundAsync(CancellationToken stop)
    {
        var slow = Paths.Slow is { } path ? GetAsync(path) : null;
        for (var i = 0; i < 20; i++) CheckRoot(await GetAsync(Paths.Root));
        if (slow != null) await slow;
    }

    protected override Task LeaveAsync()
    {
        _http.Dispose();
        return Task.CompletedTask;
    }

    private async Task<HttpAnswer> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://localhost{path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        try
        {
            using var response = await _http.SendAsync(request, CancellationToken.None);
            var answer = new HttpAnswer("HTTP/2", (int)response.StatusCode, [], await response.Content.ReadAsByteArrayAsync(CancellationToken.None));
            RequireOk(answer, path);
            Tally.Answer(Kind);
            return answer;
        }
        catch (HttpRequestException e)
        {
            throw new LostException(LossReason.Reset, Causes(e));
        }
        catch (OperationCanceledException)
        {
            throw new LostException(LossReason.NoAnswer, $"no answer to {path} in time");
        }
    }

    private static string Causes(Exception exception)
    {
        var text = new StringBuilder(exception.Message);
        for (var cause = exception.InnerException; cause != null; cause = cause.InnerException) text.Append(" <- ").Append(cause.Message);
        return text.ToString();
    }

    private static SocketsHttpHandler Handler(Target target) => new()
    {
        ConnectCallback = async (_, cancel) =>
        {
            var unix = target.EndPoint is UnixDomainSocketEndPoint;
            var socket = new Socket(target.EndPoint.AddressFamily, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(target.EndPoint, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };
}
