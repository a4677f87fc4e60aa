using System.Net.Sockets;
using System.Text;
using StarletNet.TestKit;

namespace StarletNet.Bench.Peers;

/// <summary>A peer that serves.</summary>
internal sealed class RunningPeer : IDisposable
{
    private static readonly TimeSpan Boot = TimeSpan.FromSeconds(60);

    private RunningPeer(ProgramUnderTest program, Place place) => (Program, Place) = (program, place);

    internal ProgramUnderTest Program { get; }

    internal Place Place { get; }

    /// <summary>Starts it and waits for its first answer: a server may be connected to long before its workers are there.</summary>
    /// <exception cref="NotThereException">It ended instead; with its own words.</exception>
    internal static async Task<RunningPeer> StartAsync(Launch launch, Place place)
    {
        var program = ProgramUnderTest.Start(launch.Program, launch.Arguments,
            new ProgramOptions { Environment = launch.Environment, WorkingDirectory = launch.Directory });
        var running = new RunningPeer(program, place);
        try
        {
            using var deadline = new CancellationTokenSource(Boot);
            while (!await AnswersAsync(place, deadline.Token))
            {
                if (program.HasExited) throw new NotThereException(await LastWordsAsync(program));
                if (deadline.IsCancellationRequested) throw new NotThereException($"no answer within {Boot.TotalSeconds} s");
                await Task.Delay(1, CancellationToken.None);
            }

            return running;
        }
        catch
        {
            running.Dispose();
            throw;
        }
    }

    /// <summary>Its own words why it ended, in one line.</summary>
    private static async Task<string> LastWordsAsync(ProgramUnderTest program)
    {
        var exit = await program.ExitAsync();
        return program.Lines.FirstOrDefault(line => line.Stream == OutputStream.Error)?.Text ?? $"ended with {exit}";
    }

    private static async Task<bool> AnswersAsync(Place place, CancellationToken cancel)
    {
        var target = place.Target.EndPoint;
        using var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(target, cancel);
            if (place.Door is Door.Http2 or Door.Tls) return await AnswersClientAsync(place, cancel);
            await socket.SendAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"), cancel);
            return await socket.ReceiveAsync(new byte[1024], cancel) > 0;
        }
        catch (Exception e) when (e is SocketException or HttpRequestException or OperationCanceledException)
        {
            return false; // not bound yet, or bound by a program that is ending
        }
    }

    private static async Task<bool> AnswersClientAsync(Place place, CancellationToken cancel)
    {
        using var handler = new SocketsHttpHandler();
        // The certificate is the bench's own, and nothing secret goes over the wire.
#pragma warning disable CA5359
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        using var client = new HttpClient(handler)
        {
            DefaultRequestVersion = place.Door == Door.Http2 ? new Version(2, 0) : new Version(1, 1),
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await client.GetAsync(new Uri(place.Url("/")), cancel);
        return answer.IsSuccessStatusCode;
    }

    public void Dispose() => Program.Dispose();
}
