using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StarletNet.Hosting.Tests.Transport;

/// <summary>One client after another: some stay for many requests, some for one, some leave in the middle of something.</summary>
internal sealed class StressClient(EndPoint server, int number, int seed)
{
    private static readonly string[] Gets = ["quick", "quick", "quick", "seldom", "sleep", "result", "pieces", "blocking-pieces", "until-gone"];
    private static readonly string[] Posts = ["echo", "blocking-echo", "ignore-body"];

    private readonly Random _random = new(seed);
    // No two clients ever use the same.
    private int _lastId = number << 24;

    internal long Answered { get; private set; }

    internal long GivenUp { get; private set; }

    internal long CutOff { get; private set; }

    internal long Connections { get; private set; }

    internal void Run(DateTime until)
    {
        while (DateTime.UtcNow < until)
        {
            Connections++;
            using var connection = new StressConnection(server);
            Serve(connection);
        }
    }

    private void Serve(StressConnection connection)
    {
        for (var left = _random.Next(1, 80); left > 0; left--)
        {
            switch (_random.Next(40))
            {
                case 0:
                    GiveUp(connection);
                    return;
                case 1:
                    BeCutOff(connection);
                    return;
                case 2:
                    // The last requests, then the FIN: all of them are still answered.
                    var last = Send(connection, _random.Next(1, 4));
                    connection.FinishSending();
                    Check(connection, last);
                    connection.ExpectEnd();
                    return;
                case 3:
                    Check(connection, Send(connection, _random.Next(2, 12)));
                    break;
                default:
                    Check(connection, Send(connection, 1));
                    break;
            }
        }
    }

    private List<int> Send(StressConnection connection, int count)
    {
        var ids = new List<int>();
        for (; count > 0; count--) ids.Add(SendOne(connection));
        return ids;
    }

    private int SendOne(StressConnection connection)
    {
        var id = ++_lastId;
        if (_random.Next(4) > 0)
        {
            connection.Send(Encoding.ASCII.GetBytes($"GET /{Word()}/{Gets[_random.Next(Gets.Length)]}/{id} HTTP/1.1\r\nHost: x\r\n\r\n"));
            return id;
        }
        var body = StressRoutes.Bytes(id);
        var head = Encoding.ASCII.GetBytes(
            $"POST /{Word()}/{Posts[_random.Next(Posts.Length)]}/{id} HTTP/1.1\r\nHost: x\r\nContent-Length: {body.Length}\r\n\r\n");
        byte[] all = [.. head, .. body];
        if (_random.Next(2) == 0)
        {
            connection.Send(all);
            return id;
        }
        // In two parts, so that the handler has to wait for the second.
        var first = _random.Next(1, all.Length);
        connection.Send(all.AsSpan(0, first));
        if (_random.Next(3) == 0) Thread.Sleep(_random.Next(3));
        connection.Send(all.AsSpan(first));
        return id;
    }

    /// <summary>Letters only: what holds a digit counts as an identifier, and all identifiers are alike.</summary>
    private string Word() => _random.Next(2) == 0 ? "known" : string.Create(6, _random, static (word, random) =>
    {
        foreach (ref var letter in word) letter = (char)random.Next('a', 'z' + 1);
    });

    private void Check(StressConnection connection, List<int> ids)
    {
        // So late now and then that the server has to wait until more can be sent.
        if (_random.Next(30) == 0) Thread.Sleep(_random.Next(6));
        foreach (var id in ids)
        {
            connection.ReadAnswer(id);
            Answered++;
        }
    }

    /// <summary>Leaves in the middle of a request or of its answer; what has come until then must be right.</summary>
    private void GiveUp(StressConnection connection)
    {
        GivenUp++;
        Send(connection, _random.Next(1, 4));
        if (_random.Next(2) == 0) connection.Send("GET /qui"u8);
        if (_random.Next(2) == 0) Thread.Sleep(_random.Next(4));
        if (_random.Next(2) == 0) connection.Reset();
    }

    private void BeCutOff(StressConnection connection)
    {
        CutOff++;
        var id = ++_lastId;
        connection.Send(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"GET /{Word()}/cut/{id} HTTP/1.1\r\nHost: x\r\n\r\n")));
        connection.ExpectCut();
    }
}

/// <summary>A blocking socket that checks every byte it receives.</summary>
internal sealed class StressConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    internal StressConnection(EndPoint server)
    {
        _socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = (int)TestKit.Deadlines.Event.TotalMilliseconds,
            SendTimeout = (int)TestKit.Deadlines.Event.TotalMilliseconds,
        };
        _socket.Connect(server);
    }

    internal void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[_socket.Send(bytes)..];
    }

    internal void FinishSending() => _socket.Shutdown(SocketShutdown.Send);

    internal void Reset() => _socket.LingerState = new LingerOption(true, 0);

    /// <summary>The answer to this request and no other, to its last byte.</summary>
    internal void ReadAnswer(int id)
    {
        Assert.StartsWith("HTTP/1.1 200", Line());
        var length = -1;
        string? answered = null;
        for (var line = Line(); line.Length > 0; line = Line())
        {
            if (line.StartsWith("X-Id: ", StringComparison.OrdinalIgnoreCase)) answered = line[6..];
            if (line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase)) length = int.Parse(line[16..], CultureInfo.InvariantCulture);
        }
        Assert.Equal($"{id}", answered);
        var index = 0;
        if (length >= 0) CheckBody(id, ref index, length);
        else CheckChunks(id, ref index);
        Assert.Equal(StressRoutes.Length(id), index);
    }

    internal void ExpectEnd() => Assert.True(_start == _end && !Fill(), "there is more after the last answer");

    /// <summary>No whole answer comes, and then the end in one way or another.</summary>
    internal void ExpectCut()
    {
        try
        {
            while (Fill()) Assert.DoesNotContain("\r\n\r\n0\r\n", Encoding.ASCII.GetString(_buffer, _start, _end - _start));
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
        {
            // As it should be.
        }
    }

    public void Dispose() => _socket.Dispose();

    private void CheckChunks(int id, ref int index)
    {
        while (true)
        {
            var size = int.Parse(Line(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            CheckBody(id, ref index, size);
            Assert.Equal("", Line());
            if (size == 0) return;
        }
    }

    private void CheckBody(int id, ref int index, int count)
    {
        for (; count > 0; count--, index++)
        {
            if (_start == _end) MustFill();
            var got = _buffer[_start++];
            if (got != StressRoutes.At(id, index)) Assert.Fail($"byte {index} of the answer to {id} is {got}, not {StressRoutes.At(id, index)}");
        }
    }

    private string Line()
    {
        int end;
        while ((end = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8)) < 0) MustFill();
        var line = Encoding.ASCII.GetString(_buffer, _start, end);
        _start += end + 2;
        return line;
    }

    private void MustFill() => Assert.True(Fill(), "the connection ended in the middle of an answer");

    private bool Fill()
    {
        if (_start > 0) _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_end, _start) = (_end - _start, 0);
        var received = _socket.Receive(_buffer, _end, _buffer.Length - _end, SocketFlags.None);
        _end += received;
        return received > 0;
    }
}
