using StarletNet.Shared.Processes;

namespace StarletNet.TestChild;

internal static class Program
{
    private static int Main(string[] args)
    {
        Launcher.BecomeProgramIfLauncher(args);
        Console.Error.WriteLine("only the launcher role is played here");
        return 2;
    }
}
