/// <summary>What the runtime looks for in an injected assembly. The fake application does everything itself.</summary>
internal static class StartupHook
{
    public static void Initialize() => Console.WriteLine($"hook runs in {Environment.ProcessPath}");
}
