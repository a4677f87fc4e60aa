namespace StartServer.Upgrade;

/// <param name="Wish">The one that the action is about.</param>
internal sealed record UpgradeStep(UpgradeState State, UpgradeAction Action = UpgradeAction.Nothing, Wish? Wish = null);

/// <summary>
/// An upgrade as a function: state and event give the next state and what is to be done. All that waits for an upgrade of the program
/// gets the same one; who brings a command line gets one of his own or none, as with deploys.
/// </summary>
internal static class UpgradeTransitions
{
    private static readonly NothingAsked Nothing = new();

    internal static UpgradeStep Next(UpgradeState state, UpgradeEvent happened) => (state, happened) switch
    {
        (NothingAsked, Wished e) => new(new Asked(e.Wish)),
        (_, Wished { Wish: NewCommandLine busy }) => new(state, UpgradeAction.RefuseAsBusy, busy),
        (_, Wished) => new(state),

        (NothingAsked, BatchDone) => new(state),
        (OnTrial, BatchDone) => new(state),
        (Asked s, BatchDone e) => Begin(s.Wish, e, new(new Waiting(s.Wish), UpgradeAction.SayItWaits, s.Wish)),
        (Waiting s, BatchDone e) => Begin(s.Wish, e, new(s)),

        (OnTrial s, TrialEnded e) => new(new Tried(s.Wish, e.Verdict)),
        (_, TrialEnded) => new(state),
        (Tried s, BatchDone { Moment: Moment.Never }) => Refuse(s.Wish),
        (Tried { Verdict: not null } s, BatchDone) => Refuse(s.Wish),
        (Tried s, BatchDone e) when Obstacle(s.Wish, e) is { } instead => new(Nothing, instead, s.Wish),
        // Something has begun meanwhile. What follows it is another state, to be tried anew.
        (Tried s, BatchDone { Moment: Moment.Later }) => new(new Waiting(s.Wish)),
        (Tried s, BatchDone) => new(Nothing, UpgradeAction.Become, s.Wish),

        _ => throw new System.Diagnostics.UnreachableException($"{happened} in {state}"),
    };

    private static UpgradeStep Begin(Wish wish, BatchDone e, UpgradeStep wait) => e.Moment switch
    {
        Moment.Never => Refuse(wish),
        _ when Obstacle(wish, e) is { } instead => new(Nothing, instead, wish),
        Moment.Later => wait,
        _ => new(new OnTrial(wish), UpgradeAction.BeginTrial, wish),
    };

    private static UpgradeAction? Obstacle(Wish wish, BatchDone e) => wish switch
    {
        NewCommandLine when e.Moment != Moment.Calm => UpgradeAction.RefuseAsBusy,
        FormerCommandLine when e.Moment != Moment.Later && e.NewOneServes => UpgradeAction.LeaveAsItIs,
        _ => null,
    };

    private static UpgradeStep Refuse(Wish wish) => new(Nothing, UpgradeAction.Refuse, wish);
}
