namespace StarletNet.Hosting;

/// <summary>
/// Lets an application have the worker that answers a request replaced after it: <c>context.Features.Get&lt;IHarakiriFeature&gt;()?.Commit()</c>. Only in
/// workers of starletnet is there such a feature.
/// </summary>
/// <remarks>
/// The worker serves on until its successor does, and loses no request. It is the same as
/// <c>context.Items["psgix.harakiri.commit"] = true</c>, which takes no reference to this package.
/// </remarks>
public interface IHarakiriFeature
{
    /// <summary>The worker is to be replaced after this request.</summary>
    public bool IsCommitted { get; }

    /// <summary>
    /// Has the worker replaced after this request. If its answer has not begun yet, it announces the end of the connection. May be called as often
    /// as one likes; there is no way back.
    /// </summary>
    public void Commit();
}
