using StarletNet.Master.Applications;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Events;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Applications;

public sealed class CopierTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly EventQueue _queue = new();
    private readonly Copier _copier;
    private readonly List<Func<ShadowCopy>> _made = [];
    private readonly ShadowPlace _place;

    public CopierTests()
    {
        Directory.CreateDirectory(_scratch.File("app"));
        _scratch.Write("app/app.dll", "");
        _place = new ShadowPlace(Directory.CreateDirectory(_scratch.File("copies")).FullName, []);
        _copier = new Copier(_queue);
    }

    public void Dispose()
    {
        _copier.Dispose();
        _queue.Dispose();
        _scratch.Dispose();
    }

    private string[] Copies => Directory.GetDirectories(_scratch.File("copies"));

    private void Begin(Func<CancellationToken, ShadowCopy>? make = null) => _copier.Begin(make ?? (stop => _place.Make(_scratch.File("app"), stop)), _made.Add);

    // A large application: it takes until it is given up, and has begun by then.
    private Func<CancellationToken, ShadowCopy> Endless(ManualResetEventSlim begun) => stop =>
    {
        begun.Set();
        stop.WaitHandle.WaitOne();
        return _place.Make(_scratch.File("app"), stop);
    };

    /// <summary>As the owner of the queue does.</summary>
    private void Hear()
    {
        foreach (var happened in _queue.Take())
            if (happened is Readable { Tag: Copier copier }) copier.Hear();
    }

    [Fact]
    public void A_copy_is_made_elsewhere_and_given_here()
    {
        Begin();
        Assert.Empty(_made);

        Hear();
        using var copy = Assert.Single(_made)();
        Assert.Equal([copy.Directory], Copies);
        Assert.Equal(_scratch.File("app"), copy.Source);
    }

    [Fact]
    public void Who_stops_waits_for_nothing_and_nothing_is_left()
    {
        using var begun = new ManualResetEventSlim();
        Begin(Endless(begun));
        Assert.True(begun.Wait(Deadlines.Event));

        _copier.Abort();
        Hear();

        Assert.Empty(_made);
        Assert.Empty(Copies);
    }

    [Fact]
    public void Another_wish_meanwhile_begins_anew_with_the_files_as_they_are_then()
    {
        using var begun = new ManualResetEventSlim();
        Begin(Endless(begun));
        Assert.True(begun.Wait(Deadlines.Event));
        Begin();
        while (_made.Count == 0) Hear();

        using var copy = Assert.Single(_made)();
        Assert.Equal([copy.Directory], Copies);
    }

    [Fact]
    public void Why_there_is_none_is_said_where_it_is_asked_for()
    {
        Begin(_ => throw new OperatorException("the disk is full", ExitCodes.Failure));
        Hear();

        Assert.Equal("the disk is full", Assert.Throws<OperatorException>(() => Assert.Single(_made)()).Message);
    }

    [Fact]
    public void One_that_is_finished_but_was_given_up_goes_too()
    {
        Begin();
        Assert.NotEmpty(_queue.Take());
        _copier.Abort();

        _copier.Hear();
        _copier.Dispose();

        Assert.Empty(_made);
        Assert.Empty(Copies);
    }

    [Fact]
    public void A_copy_is_removed_elsewhere_too_and_the_end_waits_for_that()
    {
        for (var file = 0; file < 500; file++) _scratch.Write($"app/{file}", "");
        Begin();
        Hear();
        var removal = new Removal(Assert.Single(_made)());

        _copier.Remove(removal);
        _copier.Dispose();

        Assert.Empty(Copies);
        Assert.NotEqual(Environment.CurrentManagedThreadId, removal.Thread);
    }

    private sealed class Removal(ShadowCopy copy) : IDisposable
    {
        internal int Thread { get; private set; }

        public void Dispose()
        {
            Thread = Environment.CurrentManagedThreadId;
            copy.Dispose();
        }
    }
}
