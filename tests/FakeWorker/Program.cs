using System.Net.Sockets;
using StarletNet.FakeWorker;
using StarletNet.Shared.Contract;

// Argument 1: a file with one word (and perhaps more) that says how to behave; read at start, so that the next worker can be
// given another part. Further arguments are echoed.
var behaviour = File.Exists(args[0]) ? File.ReadAllText(args[0]).Trim() : "";
var slot = Environment.GetEnvironmentVariable(EnvironmentNames.WorkerSlot);
var generation = Environment.GetEnvironmentVariable(EnvironmentNames.Generation);
var name = $"fake {slot} gen={generation} pid={Environment.ProcessId}";
var (word, rest) = ControlMessage.Parse(behaviour);
var control = new MasterChannel(int.Parse(Environment.GetEnvironmentVariable(EnvironmentNames.ControlFd)!));

var figures = new Figures();

Console.WriteLine($"{name} begins: {string.Join(' ', args.Skip(1))}");
switch (word)
{
    case "crash": return 3;
    case "exit": return 0;
    case "fail":
        control.Send(ControlMessage.Format(ControlMessage.Failed, rest));
        return 4;
    case "unready":
        control.Send(ControlMessage.Format(ControlMessage.Unready, rest));
        goto case "hang";
    case "hang":
        Thread.Sleep(Timeout.Infinite);
        break;
    case "environment":
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables()) Console.WriteLine($"env {variable.Key}={variable.Value}");
        Console.WriteLine($"cwd {Environment.CurrentDirectory}");
        break;
    case "crash-in-slot" when rest == slot: return 5;
}

// As a real worker: asks to be replaced after so many requests, which here are connections.
using var listener = new Listening(name, () =>
{
    MasterChannel.Log($"{name} answered in format {Environment.GetEnvironmentVariable(EnvironmentNames.AccessLogFormat)}");
    if (figures.Answered()) control.Send(ControlMessage.Format(ControlMessage.Retire, ControlMessage.ForRequests));
    // "retire": asks for it when it is asked something, in the given words.
    if (word == "retire") control.Send(behaviour);
});
// "frozen": its threads wait for a lock. "starved": its thread pool does nothing else than wait. Only the first worker, lest its successors do it too.
var isAilingSlot = slot == "0" && Interlocked.Exchange(ref Ailing.Begun, 1) == 0;
if (word == "frozen" && isAilingSlot) Ailing.WaitForALock();
if (word == "starved" && isAilingSlot) Ailing.BlockThePool();
figures.Begin(beats: word != "frozen" || !isAilingSlot, poolBeats: word != "starved" || !isAilingSlot);
control.Send(ControlMessage.Ready);
Console.WriteLine($"{name} ready");
if (word == "die-after-ready") return 6;
// As a worker that has been sent QUIT, with --worker-quit dump; only the first, lest its successor does it too.
if (word == "got-quit" && slot == "0" && generation == "1" && Environment.GetEnvironmentVariable(EnvironmentNames.Quit) == EnvironmentNames.QuitDump && !File.Exists(args[0] + ".quit"))
{
    File.WriteAllText(args[0] + ".quit", "");
    control.Send(ControlMessage.Dump);
}
// As a worker with a request that goes on after it was cut.
if (word == "overdue" && isAilingSlot) control.Send(ControlMessage.Format(ControlMessage.Retire, ControlMessage.ForOverdue));
if (word == "leave")
{
    control.Send(ControlMessage.Draining);
    return 0;
}

while (true)
{
    var order = control.Receive();
    Console.WriteLine($"{name} hears {order ?? "the end"}");
    if (order == ControlMessage.Abort) return 0;
    if (order is not (null or ControlMessage.Drain)) continue;
    control.Send(ControlMessage.Draining);
    listener.Stop();
    // "slow": busy until told to give up. "stubborn": never leaves.
    if (word == "stubborn") Thread.Sleep(Timeout.Infinite);
    if (word == "slow" && order is not null) continue;
    return 0;
}
