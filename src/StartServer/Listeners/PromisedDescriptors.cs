using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;

namespace StartServer.Listeners;

/// <summary>
/// Keeps the numbers that <c>--port …=N</c> promises from being taken by a file of our own. To be called before
/// anything else is opened.
/// </summary>
internal static class PromisedDescriptors
{
    private const string Nothing = "/dev/null";

    /// <exception cref="OperatorException">Something is at a promised number already: the listener would close it under its owner.</exception>
    internal static void RefuseUsed(IReadOnlyList<ListenSpec> ports)
    {
        // 0 is asked for on purpose: the program's stdin becomes the listener.
        if (ports.FirstOrDefault(port => port.Descriptor is { } number && number != 0 && FileDescriptor.IsOpen(number)) is { } port)
            throw Refused(port, $"descriptor {port.Descriptor} is in use already");
    }

    /// <summary>Puts a placeholder at each number, which the listener replaces.</summary>
    /// <exception cref="OperatorException">As <see cref="RefuseUsed"/>.</exception>
    internal static void Reserve(IReadOnlyList<ListenSpec> ports)
    {
        RefuseUsed(ports);
        foreach (var port in ports)
        {
            if (port.Descriptor is not { } number || number == 0) continue;
            var placeholder = new FileDescriptor(LibC.open(Nothing, LibC.O_RDWR | LibC.O_CLOEXEC, 0));
            if (placeholder.Number == number)
            {
                placeholder.SetHandleAsInvalid();
                continue;
            }
            using (placeholder)
            {
                if (LibC.dup2(placeholder.Number, number) < 0) throw new OperatorException($"dup2(2) failed({number}): {Errno.Last}", ExitCodes.Failure);
                FileDescriptor.SetCloseOnExec(number);
            }
        }
    }

    private static OperatorException Refused(ListenSpec port, string why) =>
        new($"invalid ``port'' value:{port.Text}: {why}", ExitCodes.StartServerUsage);
}
