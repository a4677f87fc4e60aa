namespace StarletNet.TestKit;

/// <summary>The signals that tests send, by their Linux numbers.</summary>
public enum UnixSignal
{
    Hup = 1,
    Int = 2,
    Quit = 3,
    Kill = 9,
    Usr1 = 10,
    Usr2 = 12,
    Term = 15,
    Cont = 18,
    Stop = 19,
    Ttin = 21,
    Ttou = 22,
    Winch = 28,
}
