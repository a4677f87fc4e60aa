using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StarletNet.TestKit;
using StartServer.Control;
using StartServer.Output;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Control;

/// <summary>The server's side of the control socket against clients that do what they should not.</summary>
public sealed class ControlServerTests : IDisposable
{
    private static readonly Generation Current = new(3, 103);
    private static readonly News Started = new CandidateStarted(new Generation(4, 104), 1);

    private readonly ScratchDirectory _scratch = new();
    private readonly EventQueue _queue = new();
    private readonly ControlServer _server;
    private readonly List<Socket> _clients = [];
    private readonly List<SupervisorEvent> _asked = [];
    private readonly HashSet<ControlConnection> _connections = [];

    public ControlServerTests()
    {
        _server = ControlServer.Open(_queue, _scratch.File("control"), pid: 0);
        _server.BeginWith([], new UnknownOutput());
    }

    public void Dispose()
    {
        _server.Dispose();
        _queue.Dispose();
        foreach (var client in _clients) client.Dispose();
        _scratch.Dispose();
    }

    private Socket Connect()
    {
        var socket = Knock();
        Turn();
        return socket;
    }

    private Socket Knock()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = (int)Deadlines.Event.TotalMilliseconds };
        socket.Connect(new UnixDomainSocketEndPoint(_scratch.File("control")));
        _clients.Add(socket);
        return socket;
    }

    /// <summary>Anybody may connect to an abstract name, and without end: the supervisor must come round all the same.</summary>
    [Fact]
    public void Of_many_that_wait_some_are_let_in_at_a_time()
    {
        // As many as the queue has room for.
        for (var i = 0; i <= ControlServer.MostClients; i++) Knock();

        Turn();
        Assert.DoesNotContain(_clients, client => client.Poll(0, SelectMode.SelectRead));
        Turn();
        Assert.Equal("there are 16 clients already that ask nothing; send the request at once", Refusal(_clients[0]));
        Assert.DoesNotContain(_clients[1..], client => client.Poll(0, SelectMode.SelectRead));
    }

    /// <summary>Sixteen idle clients of the same user kept every command out for ten seconds.</summary>
    [Fact]
    public void Who_commands_gets_in_before_those_who_ask_nothing()
    {
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < ControlServer.MostClients; i++) Connect();
            Assert.Contains("\"generations\"", Line(Ask("list\n")), StringComparison.Ordinal);
        }
        Ask("restart\n");
        Assert.IsType<DeployRequested>(Assert.Single(_asked));
    }

    [Fact]
    public void A_request_that_waits_to_be_read_is_not_idle()
    {
        var first = Knock();
        first.Send("list\n"u8);
        for (var i = 0; i < ControlServer.MostClients; i++)
        {
            Knock();
            Turn();
        }
        Assert.Contains("\"generations\"", Line(first), StringComparison.Ordinal);
    }

    [Fact]
    public void Followers_leave_room_for_commands()
    {
        for (var i = 0; i < ControlServer.MostClients; i++) Ask("follow\n");
        Assert.Equal("16 clients follow already; try again later", Refusal(Ask("follow\n")));
        Assert.Contains("\"generations\"", Line(Ask("list\n")), StringComparison.Ordinal);
    }

    private Socket Ask(string text)
    {
        var socket = Connect();
        Send(socket, text);
        return socket;
    }

    private void Send(Socket socket, string text)
    {
        socket.Send(Encoding.UTF8.GetBytes(text));
        Turn();
    }

    /// <summary>Whatever there is to be done now, as the supervisor would.</summary>
    private void Turn()
    {
        _queue.SetTimer("turn", TimeSpan.Zero);
        foreach (var happened in _queue.Take())
        {
            if (happened is Readable { Tag: ControlConnection connection }) _connections.Add(connection);
            if (happened is Readable { Tag: ControlPart part } && part.Take(() => new Roster([new RosterLine(Current, Role.Current, TimeSpan.FromSeconds(5))], 0, null)) is { } asked)
                _asked.Add(asked);
        }
    }

    private static string Rest(Socket socket)
    {
        var all = new List<byte>();
        var buffer = new byte[64 * 1024];
        for (int count; (count = socket.Receive(buffer)) > 0;) all.AddRange(buffer.AsSpan(0, count));
        return Encoding.UTF8.GetString([.. all]);
    }

    private static string Line(Socket socket)
    {
        var line = new List<byte>();
        for (var one = new byte[1]; socket.Receive(one) > 0 && one[0] != (byte)'\n';) line.Add(one[0]);
        return Encoding.UTF8.GetString([.. line]);
    }

    private static string Event(string line) => JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()!;

    private static string Refusal(Socket socket) => JsonDocument.Parse(Rest(socket)).RootElement.GetProperty("message").GetString()!;

    [Theory]
    [InlineData("restart\n", 1)]
    [InlineData("restart attempts=0\n", 0)]
    [InlineData("restart attempts=7\r\n", 7)]
    public void A_request_may_come_in_pieces(string text, int attempts)
    {
        var client = Ask(text[..4]);
        Assert.Empty(_asked);
        Send(client, text[4..]);
        Assert.Equal([new DeployRequested(1, attempts)], _asked);
    }

    [Fact]
    public void Stop_is_a_stop() => Assert.Equal(new StopRequested(Signal.Term), Asked("stop\n"));

    private SupervisorEvent Asked(string text)
    {
        Ask(text);
        return Assert.Single(_asked);
    }

    [Theory]
    [InlineData("", "\n")]
    [InlineData("restart attempts=-1", "\n")]
    [InlineData("restart attempts=x", "\n")]
    [InlineData("Stop", "\n")]
    [InlineData("GET / HTTP/1.1", "\r\n\r\n")]
    public void What_is_no_request_is_refused(string text, string end)
    {
        Assert.StartsWith("there is no such request; ", Refusal(Ask(text + end)), StringComparison.Ordinal);
        Assert.Empty(_asked);
    }

    [Fact]
    public void A_line_without_end_is_refused() => Assert.Equal("a request is one short line", Refusal(Ask(new string('x', 2000))));

    [Fact]
    public void Who_says_more_than_one_thing_is_refused()
    {
        var client = Ask("follow\n");
        Send(client, "stop\n");
        Assert.Equal("a connection is for one request", Refusal(client));
        Assert.Empty(_asked);
    }

    [Fact]
    public void Who_does_not_say_what_he_wants_is_sent_away()
    {
        var client = Ask("li");
        Assert.Single(_connections).TimeIsUp();
        Assert.Equal("no request came in time", Refusal(client));
        // And what arrives late is nothing.
        Send(Connect(), "follow\n");
    }

    [Fact]
    public async Task There_is_room_for_so_many_and_no_more_until_somebody_leaves()
    {
        var first = Ask("follow\n");
        for (var n = 1; n < ControlServer.MostClients; n++) Ask("follow\n");
        Assert.Equal("16 clients follow already; try again later", Refusal(Ask("follow\n")));
        first.Close();
        // Another test may be about to execute a program, whose process holds a copy of every descriptor until it does.
        await Eventually.TrueAsync(HasLeft, "somebody has left");
        var late = Ask("follow\n");
        _server.Hear(Started);
        Assert.Equal("candidate-started", Event(Line(late)));

        bool HasLeft()
        {
            Turn();
            return _server.Clients < ControlServer.MostClients;
        }
    }

    [Fact]
    public void Who_does_not_read_is_dropped_and_nobody_else_notices()
    {
        var slow = Ask("follow\n");
        var quick = Ask("follow\n");
        var count = 0;
        for (; count < 20_000 && _server.Clients == 2; count++)
        {
            _server.Hear(Started);
            Assert.Equal("candidate-started", Event(Line(quick)));
        }
        Assert.Equal(1, _server.Clients);
        // He finds what the kernel had room for, and the end.
        Assert.InRange(Rest(slow).Split('\n').Length, 100, count);
        _server.Hear(Started);
        Assert.Equal("candidate-started", Event(Line(quick)));
    }

    [Fact]
    public void Everybody_hears_the_news_and_who_waits_for_his_deploy_the_end_of_that_one_alone()
    {
        var follower = Ask("follow\n");
        var first = Ask("restart\n");
        var second = Ask("restart\n");
        var silent = Connect();
        _server.Hear(new DeployEnded(2, DeployOutcome.Busy, "another"));
        Assert.Equal("busy", JsonDocument.Parse(Rest(second)).RootElement.GetProperty("outcome").GetString());
        _server.Hear(Started);
        _server.Hear(new DeployEnded(1, DeployOutcome.Done, ""));
        Assert.Equal(["candidate-started", "deploy-ended"], Rest(first).TrimEnd().Split('\n').Select(Event));
        Assert.Equal(["deploy-ended", "candidate-started", "deploy-ended"], new[] { Line(follower), Line(follower), Line(follower) }.Select(Event));
        _server.Dispose();
        Assert.Equal("stopped", Event(Rest(follower)));
        Assert.Equal("stopped", Event(Rest(silent)));
    }

    [Fact]
    public void The_list_is_one_line_and_the_end()
    {
        var line = JsonDocument.Parse(Rest(Ask("list\n"))).RootElement;
        Assert.Equal(("generations", "serving"), (line.GetProperty("event").GetString(), line.GetProperty("doing").GetString()));
        Assert.Equal("current", line.GetProperty("generations")[0].GetProperty("state").GetString());
    }

    [Fact]
    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    public async Task Another_user_is_sent_away_also_where_the_file_lets_him_in()
    {
        Assert.SkipUnless(LibC.geteuid() == 0, "needs root, to be somebody else for a moment");
        const UnixFileMode anyone = (UnixFileMode)511; // 0777
        File.SetUnixFileMode(_scratch.Path, anyone);
        File.SetUnixFileMode(_scratch.File("control"), anyone);
        using var client = ProgramUnderTest.Start("perl",
            ["-MSocket", "-e", "$SIG{PIPE} = 'IGNORE'; $> = 65534; socket(my $s, AF_UNIX, SOCK_STREAM, 0); connect($s, pack_sockaddr_un($ARGV[0])) or die $!; syswrite $s, \"stop\\n\"; print scalar <$s>", _scratch.File("control")]);
        await Eventually.TrueAsync(() => { Turn(); return client.HasExited; }, "the client is gone", () => client.Describe());
        await client.ExitAsync();
        Assert.True(client.OutputText.Length > 0, client.Describe());
        Assert.Equal("only the user that start_server runs as, and root, may ask", JsonDocument.Parse(client.OutputText).RootElement.GetProperty("message").GetString());
        Assert.Empty(_asked);
    }
}
