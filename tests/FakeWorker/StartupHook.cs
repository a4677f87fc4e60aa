/// <summary>What the runtime looks for in an injected assembly. The fake application does everything itself.</summary>
internal static class StartupHook
{
    public static void Initialize()
    {
        // Nothing to inject: that it is there and is called is all the master needs.
    }
}
