using StarletNet.Master.Listening;
using StarletNet.Master.Options;
using StarletNet.Master.Output;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Events;
using StarletNet.Shared.Files;
using StarletNet.Shared.Listening;

namespace StarletNet.Master.Observing;

/// <summary>
/// Everything through which the master shows what it does: the status sockets and <c>--metrics</c>, and under start_server its pid file. Opened early, while there are rights;
/// what a predecessor under the same start_server still has is taken over when we serve, so that a candidate that fails takes nothing away.
/// </summary>
internal sealed class Observers : IDisposable
{
    private readonly EventQueue _queue;
    private readonly ObservingChoices _choices;
    private readonly string? _statusPath;
    private readonly ListenSpec? _metricsAddress;
    private readonly MasterLog _log;
    private readonly Succession? _succession;
    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;
    private readonly List<(ListeningSocket Socket, IAnswers Answers)> _open = [];
    private readonly List<AnswerServer> _servers = [];
    private readonly StatusAnswers _status;
    private readonly MetricsAnswers _metrics;
    private Func<StatusReport>? _report;
    private PidFile? _pidFile;

    private Observers(EventQueue queue, ObservingChoices choices, MasterLog log, Succession? succession)
    {
        (_queue, _choices, _log, _succession) = (queue, choices, log, succession);
        // Whole paths of what is bound later: with --chdir a relative one would lead elsewhere by then.
        _statusPath = choices.StatusSocket is { } path && path != ObservingChoices.None ? IsLate(path) ? Path.GetFullPath(path) : path : null;
        _metricsAddress = choices.Metrics is { Address: ListenAddress.Unix { Path: var name } } unix && IsLate(name)
            ? unix with { Address = new ListenAddress.Unix(Path.GetFullPath(name)) }
            : choices.Metrics;
        _status = new StatusAnswers(() => StatusJson.Line(_report!(), _startedAt));
        _metrics = new MetricsAnswers(() => MetricsPage.Of(_report!(), _startedAt));
    }

    /// <param name="queue">The pool's.</param>
    /// <param name="choices">What is wanted.</param>
    /// <param name="log">For what cannot be had, where that is no reason not to serve.</param>
    /// <param name="succession">Another master of the same service may have the same names now; null: none may.</param>
    /// <exception cref="OperatorException">An address that was asked for cannot be had.</exception>
    internal static Observers Open(EventQueue queue, ObservingChoices choices, MasterLog log, Succession? succession)
    {
        var observers = new Observers(queue, choices, log, succession);
        try
        {
            observers.OpenDefault();
            observers.OpenChosen();
            observers.Check();
            return observers;
        }
        catch
        {
            observers.Dispose();
            throw;
        }
    }

    /// <summary>Socket files, for whoever gives our files to another user.</summary>
    internal IEnumerable<SocketName> Names => _open.Select(open => open.Socket.Name).OfType<SocketName>();

    private string? MetricsPath => (_metricsAddress?.Address as ListenAddress.Unix)?.Path;

    /// <summary>Whether what is taken over when we serve can be had at all; to be asked again when rights have been given up.</summary>
    /// <exception cref="OperatorException">One of the names can never be ours.</exception>
    internal void Check()
    {
        _succession?.Check();
        if (IsLate(_statusPath)) Succession.Check(_statusPath!, $"cannot open the status socket {_statusPath}");
        if (IsLate(MetricsPath)) Succession.Check(MetricsPath!, $"cannot listen on {_metricsAddress!.Address}");
    }

    // Nobody has asked for it: without it everything else goes on.
    private void OpenDefault()
    {
        if (_choices.StatusSocket == ObservingChoices.None) return;
        try
        {
            Keep(StatusSocket.Bind(StatusSocket.NameOf(Environment.ProcessId), takesOver: false), _status);
        }
        catch (OperatorException error)
        {
            _log.NoStatusSocket(error.Message);
        }
    }

    private void OpenChosen()
    {
        if (_statusPath is { } path)
        {
            StatusSocket.Check(path);
            if (!IsLate(path)) Keep(StatusSocket.Bind(path, takesOver: false), _status);
        }
        if (_metricsAddress is { } address && !IsLate(MetricsPath)) OpenMetrics(address);
    }

    // A name in the file system can be taken over, so it need not be taken before we serve.
    private bool IsLate(string? path) => _succession is not null && path is not null && !path.StartsWith('@');

    private void OpenMetrics(ListenSpec address)
    {
        var bound = new OwnListeners([address], new ListenDefaults { Backlog = AnswerServer.MostClients, ReusePort = _succession is not null }, _log).Bind();
        foreach (var socket in bound.Own) Keep(socket, _metrics);
        foreach (var listener in bound.Listeners) _log.MetricsOn(listener.Name);
    }

    private void Keep(ListeningSocket socket, IAnswers answers)
    {
        _open.Add((socket, answers));
        if (_report is not null) Serve(socket, answers);
    }

    private void Serve(ListeningSocket socket, IAnswers answers) => _servers.Add(new AnswerServer(_queue, socket.Descriptor, answers));

    /// <summary>From now on there is something to tell.</summary>
    internal void Begin(Func<StatusReport> report)
    {
        _report = report;
        foreach (var (socket, answers) in _open) Serve(socket, answers);
    }

    /// <summary>We serve: the names that the generation before us has had are ours now.</summary>
    internal void TakeOver()
    {
        Try(() => _pidFile = _succession?.TakePidFile());
        Try(() =>
        {
            if (_statusPath is { } path && IsLate(path)) Keep(StatusSocket.Bind(path, takesOver: true), _status);
        });
        Try(() =>
        {
            if (_metricsAddress is { } address && IsLate(MetricsPath)) OpenMetrics(address);
        });
    }

    // We serve: what cannot be had now is no reason to stop.
    private void Try(Action take)
    {
        try
        {
            take();
        }
        catch (OperatorException error)
        {
            _log.NoStatusSocket(error.Message);
        }
    }

    /// <summary>We leave: whoever asks at an address that our successor has, too, is to reach that one.</summary>
    internal void GiveWay()
    {
        if (_succession is not null) Close(_metrics);
    }

    private void Close(IAnswers which)
    {
        foreach (var (socket, _) in _open.Where(open => open.Answers == which).ToArray())
        {
            var server = _servers.Find(server => server.Socket == socket.Descriptor);
            server?.Dispose();
            socket.Dispose();
        }
        _open.RemoveAll(open => open.Answers == which);
    }

    public void Dispose()
    {
        Close(_metrics);
        Close(_status);
        _pidFile?.Dispose();
    }
}
