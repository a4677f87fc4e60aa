using StarletNet.Shared.Processes;

namespace StarletNet.TestChild;

internal static class Program
{
    private static int Main(string[] args)
    {
        Launcher.BecomeProgramIfLauncher(args);
        if (args is ["queue", var story])
        {
            QueueStories.Tell(story);
            return 0;
        }
        // A candidate for an upgrade of start_server that claims what it cannot do.
        if (args is ["--\u0001upgrade-trial", ..] && Environment.GetEnvironmentVariable("CLAIMS") is { } claim)
        {
            Console.WriteLine(claim);
            return 0;
        }
        // And one that never says anything.
        if (args is ["--\u0001upgrade-trial", ..]) Thread.Sleep(Timeout.Infinite);
        Console.Error.WriteLine("the launcher role and the stories of the event queue are played here, and nothing else");
        return 2;
    }
}
