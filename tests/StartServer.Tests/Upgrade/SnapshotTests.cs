using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using StartServer.Supervision;
using StartServer.Upgrade;

namespace StarletNet.StartServer.Tests.Upgrade;

/// <summary>
/// Whatever is added to a record that an upgrade hands on must be handed on. The records are filled by reflection, each value different
/// from the default and from every other, so that a forgotten field shows.
/// </summary>
public sealed class SnapshotTests
{
    private readonly HashSet<Type> _nested = [];
    private int _next = 1;

    public static TheoryData<Type> States => [.. Concrete(typeof(SupervisorState)).Where(MayBeTakenOver)];

    public static TheoryData<Type> Timers => [.. Concrete(typeof(TimerEvent))];

    private static IEnumerable<Type> Concrete(Type kind) => kind.Assembly.GetTypes().Where(type => type.IsSubclassOf(kind) && !type.IsAbstract);

    private static bool MayBeTakenOver(Type type) => SupervisionRecords.MayBeTakenOver((SupervisorState)new SnapshotTests().Fill(type)!);

    [Theory]
    [MemberData(nameof(States))]
    public void Every_field_of_a_state_arrives(Type state) => Arrives(Filled() with { State = (SupervisorState)Fill(state)! });

    [Theory]
    [MemberData(nameof(Timers))]
    public void Every_timer_arrives(Type timer) => Arrives(Filled() with { Timers = [new RunningTimer(EventOf(timer), TimeSpan.FromSeconds(3))] });

    // One that is about no generation always has the same number.
    private TimerEvent EventOf(Type timer) =>
        (TimerEvent)(timer.GetConstructor([]) is { } plain ? plain.Invoke([]) : Fill(timer))!;

    [Fact]
    public void What_is_not_there_stays_so()
    {
        var snapshot = ((Snapshot)Fill(typeof(Snapshot))!) with { PidFile = null, StatusFile = null, LogPipe = null, Listeners = [], Output = [] };
        Assert.Equal(Show(snapshot), Show(Snapshot.Read(snapshot.Write(out _), out _)));
    }

    [Fact]
    public void Texts_may_hold_anything()
    {
        var snapshot = (Snapshot)Fill(typeof(Snapshot))! with { Version = "a=b\\n\nc\\\\=\r ü" };
        Assert.Equal(snapshot.Version, Snapshot.Read(snapshot.Write(out _), out _).Version);
    }

    [Fact]
    public void All_descriptors_are_known_to_both_sides()
    {
        var snapshot = (Snapshot)Fill(typeof(Snapshot))!;
        var text = snapshot.Write(out var written);
        Snapshot.Read(text, out var read);
        Assert.Equal(written, read);
        Assert.Equal(
            [
                .. snapshot.Supervision.Generations.Select(generation => generation.NotifySocket),
                .. snapshot.Listeners.Select(listener => listener.Listener.Fd),
                snapshot.PidFile!.Value,
                snapshot.LogPipe!.Read, snapshot.LogPipe.Write, snapshot.LogPipe.Stdout, snapshot.LogPipe.Stderr,
                .. snapshot.Output.Select(output => output.Pipe!.Value),
                .. snapshot.Control.Doors.Select(door => door.Socket),
                .. snapshot.Control.Clients.Select(client => client.Socket),
            ],
            written);
    }

    [Fact]
    public void Another_format_or_a_field_too_few_or_too_many_is_refused()
    {
        var lines = ((Snapshot)Fill(typeof(Snapshot))!).Write(out _).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("the running start_server leaves a 'start_server snapshot 999', and this one takes over only from", Refusal(["start_server snapshot 999", .. lines[1..]]));
        Assert.StartsWith("the running start_server leaves a '',", Refusal([]));
        Assert.Equal("the field 'news' is unknown", Refusal([.. lines, "news=1"]));
        Assert.Equal("the line 'x' is no new field", Refusal([.. lines, "x"]));
        for (var i = 1; i < lines.Length; i++)
            Assert.Matches("^the field '.*' is (missing|unknown)$", Refusal([.. lines[..i], .. lines[(i + 1)..]]));
        var number = Array.FindIndex(lines, line => line.StartsWith("supervision.process.0.pid=", StringComparison.Ordinal));
        lines[number] = "supervision.process.0.pid=many";
        Assert.Equal("'supervision.process.0.pid' is not a number: 'many'", Refusal(lines));
    }

    private static string Refusal(string[] lines) =>
        Assert.Throws<SnapshotException>(() => Snapshot.Read(string.Concat(lines.Select(line => line + "\n")), out _)).Message;

    private SupervisionSnapshot Filled() => (SupervisionSnapshot)Fill(typeof(SupervisionSnapshot))!;

    private void Arrives(SupervisionSnapshot supervision)
    {
        var snapshot = (Snapshot)Fill(typeof(Snapshot))! with { Supervision = supervision };
        Assert.Equal(Show(snapshot), Show(Snapshot.Read(snapshot.Write(out _), out _)));
    }

    // ---- any record, by reflection -------------------------------------------------------------------------------------

    private object? Fill(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var next = _next++;
        if (type.IsEnum) return Enum.ToObject(type, next % Enum.GetValues(type).Length);
        if (type == typeof(string)) return $"text {next}";
        if (type == typeof(bool)) return true;
        if (type == typeof(TimeSpan)) return TimeSpan.FromMilliseconds(next);
        if (type.IsPrimitive) return Convert.ChangeType(next, type);
        if (type == typeof(SupervisorState)) return Fill(typeof(Serving));
        if (type == typeof(TimerEvent)) return Fill(typeof(RetryDue));
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            var list = Array.CreateInstance(type.GetGenericArguments()[0], 2);
            for (var i = 0; i < 2; i++) list.SetValue(Fill(type.GetGenericArguments()[0]), i);
            return list;
        }
        Assert.True(type.Assembly.GetName().Name is "start_server" or "StarletNet.Shared", $"{type} is of a kind that a snapshot does not know");
        var filled = RuntimeHelpers.GetUninitializedObject(type);
        // A record inside one of its own kind (a deploy that waits behind a gap) has none inside itself.
        foreach (var field in FieldsOf(type)) field.SetValue(filled, field.FieldType == type && !_nested.Add(type) ? null : Fill(field.FieldType));
        _nested.Remove(type);
        return filled;
    }

    private static IEnumerable<FieldInfo> FieldsOf(Type type)
    {
        for (var at = type; at is not null && at != typeof(object); at = at.BaseType)
            foreach (var field in at.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                yield return field;
    }

    /// <summary>Everything in it, in a text that differs if anything does.</summary>
    private static string Show(object? value) => value switch
    {
        null => "null",
        string or TimeSpan => $"'{value}'",
        _ when value.GetType().IsPrimitive => $"{value}",
        IEnumerable list => $"[{string.Join(", ", list.Cast<object?>().Select(Show))}]",
        _ => $"{value.GetType().Name} {{ {string.Join(", ", FieldsOf(value.GetType()).OrderBy(field => field.Name, StringComparer.Ordinal).Select(field => $"{field.Name} {Show(field.GetValue(value))}"))} }}",
    };
}
