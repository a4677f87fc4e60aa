using StartServer.Upgrade;

namespace StarletNet.StartServer.Tests.Upgrade;

public sealed class UpgradeTransitionsTests
{
    private static readonly Wish Program = new NewProgram(), Line = new NewCommandLine(["--", "p"], 7, 1), Former = new FormerCommandLine(["--", "q"]);
    private static readonly Wish[] Wishes = [Program, Line, Former];

    private static IEnumerable<UpgradeState> States =>
        Wishes.SelectMany(wish => new UpgradeState[] { new Asked(wish), new Waiting(wish), new OnTrial(wish), new Tried(wish, null), new Tried(wish, "why") }).Prepend(new NothingAsked());

    private static readonly UpgradeEvent[] Events =
    [
        .. Wishes.Select(wish => new Wished(wish)), new TrialEnded(null), new TrialEnded("why"),
        .. Enum.GetValues<Moment>().SelectMany(moment => new[] { new BatchDone(moment, NewOneServes: false), new BatchDone(moment, NewOneServes: true) }),
    ];

    private static UpgradeStep Next(UpgradeState state, UpgradeEvent happened) => UpgradeTransitions.Next(state, happened);

    private static BatchDone At(Moment moment, bool newOneServes = false) => new(moment, newOneServes);

    [Fact]
    public void Every_pair_is_decided_and_only_what_has_passed_its_trial_is_executed()
    {
        foreach (var state in States)
        {
            foreach (var happened in Events)
            {
                var step = Next(state, happened);
                if (step.Action == UpgradeAction.Become)
                {
                    Assert.True(state is Tried { Verdict: null } && happened is BatchDone { Moment: Moment.Calm or Moment.Good });
                    Assert.True(step.Wish is not NewCommandLine || happened is BatchDone { Moment: Moment.Calm });
                }
                // Nobody is forgotten: who is not waited for any more has been executed, or told.
                if (state is not NothingAsked && step.State is NothingAsked) Assert.NotEqual(UpgradeAction.Nothing, step.Action);
                if (state is Asked or Waiting or Tried && happened is BatchDone { Moment: Moment.Never })
                    Assert.Equal(UpgradeAction.Refuse, step.Action);
            }
        }
    }

    [Fact]
    public void An_upgrade_waits_for_a_good_moment_says_so_once_and_is_tried_then()
    {
        var waits = Next(new Asked(Program), At(Moment.Later));
        Assert.Equal((new Waiting(Program), UpgradeAction.SayItWaits), (waits.State, waits.Action));
        Assert.Equal(UpgradeAction.Nothing, Next(waits.State, At(Moment.Later)).Action);
        var trial = Next(waits.State, At(Moment.Good));
        Assert.Equal((new OnTrial(Program), UpgradeAction.BeginTrial), (trial.State, trial.Action));
        Assert.Equal(new UpgradeStep(trial.State), Next(trial.State, At(Moment.Good)));
        var tried = Next(trial.State, new TrialEnded(null)).State;
        // Something has begun meanwhile: tried anew afterwards.
        Assert.Equal(new UpgradeStep(new Waiting(Program)), Next(tried, At(Moment.Later)));
        Assert.Equal(UpgradeAction.Become, Next(tried, At(Moment.Good)).Action);
        Assert.Equal(UpgradeAction.Refuse, Next(new Tried(Program, "why"), At(Moment.Calm)).Action);
    }

    [Fact]
    public void A_command_line_is_for_calm_moments_and_busy_at_all_others()
    {
        foreach (var state in new UpgradeState[] { new Asked(Line), new Waiting(Line), new Tried(Line, null) })
        {
            foreach (var moment in new[] { Moment.Good, Moment.Later })
                Assert.Equal(new UpgradeStep(new NothingAsked(), UpgradeAction.RefuseAsBusy, Line), Next(state, At(moment)));
        }
        foreach (var state in States.Where(state => state is not NothingAsked))
            Assert.Equal(new UpgradeStep(state, UpgradeAction.RefuseAsBusy, Line), Next(state, new Wished(Line)));
    }

    [Fact]
    public void The_former_command_line_does_not_come_back_once_the_new_one_serves()
    {
        foreach (var state in new UpgradeState[] { new Asked(Former), new Waiting(Former), new Tried(Former, null) })
        {
            Assert.Equal(UpgradeAction.LeaveAsItIs, Next(state, At(Moment.Good, newOneServes: true)).Action);
            Assert.NotEqual(UpgradeAction.LeaveAsItIs, Next(state, At(Moment.Later, newOneServes: true)).Action);
            Assert.NotEqual(UpgradeAction.LeaveAsItIs, Next(state, At(Moment.Good)).Action);
        }
    }

    [Theory]
    [InlineData("--port=80", "--", "/a b", "", "ü", "%", "\n\t")]
    [InlineData("")]
    [InlineData("x", "")]
    public void Words_survive_as_a_text_without_blanks(params string[] words)
    {
        var text = CommandWords.Encode(words);
        Assert.Equal(words, CommandWords.Decode(text));
        Assert.DoesNotContain('\n', text);
    }

    [Theory]
    [InlineData("%")]
    [InlineData("a%2")]
    [InlineData("%zz")]
    [InlineData("%00")]
    public void What_is_no_word_is_refused(string text) => Assert.Throws<FormatException>(() => CommandWords.Decode(text));
}
