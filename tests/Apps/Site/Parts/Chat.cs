using Microsoft.AspNetCore.SignalR;

namespace Site.Parts;

internal sealed class Chat : Hub
{
    public string Echo(string text) => $"{text} by {Environment.ProcessId}";
}
