using StarletNet.Shared.Contract;

namespace StarletNet.Shared.Tests.Contract;

public sealed class HandOverTests
{
    [Fact]
    public void Server_starter_port_is_read_as_it_is_written()
    {
        NamedDescriptor[] listeners =
            [new("127.0.0.1:9101", 5), new("9102", 6), new("[::1]:9103", 7), new("app.sock", 11)];
        const string value = "127.0.0.1:9101=5;9102=6;[::1]:9103=7;app.sock=11";
        Assert.Equal(value, ServerStarterPort.Format(listeners));
        Assert.Equal(listeners, ServerStarterPort.Parse(value));
    }

    [Fact]
    public void An_empty_server_starter_port_is_no_socket()
    {
        Assert.Equal("", ServerStarterPort.Format([]));
        Assert.Empty(ServerStarterPort.Parse(""));
    }

    [Theory]
    [InlineData("80", "'80' has no '=' and descriptor")]
    [InlineData("80=3;", "'' has no '=' and descriptor")]
    [InlineData("=3", "'=3' has no name before '='")]
    [InlineData("80=", "'' in '80=' is not a descriptor number")]
    [InlineData("80=x", "'x' in '80=x' is not a descriptor number")]
    [InlineData("80=-3", "'-3' in '80=-3' is not a descriptor number")]
    [InlineData("80= 3", "' 3' in '80= 3' is not a descriptor number")]
    [InlineData("a=b=3", "'b=3' in 'a=b=3' is not a descriptor number")]
    public void A_malformed_server_starter_port_is_refused_by_entry(string value, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => ServerStarterPort.Parse(value)).Message);

    private static IReadOnlyList<NamedDescriptor>? Systemd(string? fds, string? pid, string? names = null) => SystemdListeners.Parse(
        name => name switch { "LISTEN_FDS" => fds, "LISTEN_PID" => pid, "LISTEN_FDNAMES" => names, _ => null }, ownPid: 42);

    [Fact]
    public void Socket_activation_counts_from_3_and_takes_names_where_there_are_any()
    {
        Assert.Equal([new("web", 3), new("unknown", 4), new("unknown", 5)], Systemd("3", "42", "web:"));
        Assert.Empty(Systemd("0", "42")!);
    }

    [Theory]
    [InlineData(null, "42")]
    [InlineData("", "42")]
    [InlineData("2", null)]
    [InlineData("2", "41")]
    public void Descriptors_meant_for_somebody_else_are_left_alone(string? fds, string? pid) => Assert.Null(Systemd(fds, pid));

    [Theory]
    [InlineData("x", "42", "LISTEN_FDS='x' is not a number")]
    [InlineData("2000000000", "42", "LISTEN_FDS='2000000000' is more than a process can have open")]
    [InlineData("2", "me", "LISTEN_PID='me' is not a number")]
    public void Malformed_socket_activation_is_refused(string fds, string pid, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => Systemd(fds, pid)).Message);
}
