using Microsoft.AspNetCore.Builder;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Tests.Transport;

public sealed class ListenerUntouchedTests
{
    [Fact]
    public async Task The_shared_socket_survives_our_end_as_it_was()
    {
        var server = await TestServer.Start(app => app.MapGet("/", () => "hello"));
        await using var __ = server;
        using (var served = server.Connect())
        {
            served.Get("/");
            served.AnswerText();
        }
        // One connection is left open, so that the abort of it happens too.
        using var open = server.Connect();
        open.Get("/");
        open.AnswerText();
        await server.StopHost();
        await server.Transport.DisposeAsync();

        Assert.True(FileDescriptor.IsOpen(server.Listener.Fd));
        Assert.Equal(RawListener.Backlog, server.Listener.QueueLength);
        Assert.Equal((0, 0), server.Listener.Linger);
        using var client = server.Connect();
        using var accepted = server.Listener.Accept();
        Assert.NotNull(accepted);
    }

    [Fact]
    public async Task No_descriptor_reaches_a_program_that_the_application_starts()
    {
        await using var server = await TestServer.Start(app => app.MapGet("/", () => "hello"));
        using var client = server.Connect();
        client.Get("/");
        client.AnswerText();

        Assert.True(server.Listener.IsCloseOnExec);
        Assert.True(RawListener.IsDescriptorCloseOnExec(Assert.Single(server.Transport.Connections).Descriptor));
    }
}
