namespace StarletNet.Hosting.Transport;

/// <summary>Is told when a connection begins to wait for its client. Not on the way of a connection that need not wait.</summary>
internal interface IConnectionWatch
{
    /// <summary>Somebody wants to read and there is nothing.</summary>
    public void InputAwaited();

    /// <summary>The kernel takes no more of the answer; false: it does again.</summary>
    public void OutputAwaited(bool awaited);

    /// <summary>The descriptor is closed.</summary>
    public void Closed();
}
