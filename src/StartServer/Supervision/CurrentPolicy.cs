using StartServer.CommandLine;
using StartServer.Generations;
using StartServer.Output;

namespace StartServer.Supervision;

/// <summary>
/// The policy that is in force: the command line's, as far as the envdir does not say otherwise. What is wrong there is said
/// once, not at every reading, and changes nothing.
/// </summary>
internal sealed class CurrentPolicy
{
    private readonly ProgramEnvironment _environment;
    private HashSet<string> _told = [];

    internal CurrentPolicy(SupervisionPolicy given, ProgramEnvironment environment)
    {
        _environment = environment;
        Value = given;
        Apply();
    }

    internal SupervisionPolicy Value { get; private set; }

    /// <summary>Reads the envdir anew.</summary>
    /// <returns>Whether the policy is another one now.</returns>
    internal bool Reread()
    {
        var before = Value;
        _environment.Reread();
        Apply();
        return Value != before;
    }

    private void Apply()
    {
        var problems = new List<string>(_environment.Problems);
        Value = PolicyVariables.Apply(Value, name => _environment[name], (name, value, why) => problems.Add(
            $"envdir file {_environment.FileOf(name)} changes nothing: '{value}': {why}"));
        foreach (var problem in problems.Where(problem => !_told.Contains(problem))) StandardError.WriteLine(problem);
        _told = [.. problems];
    }
}
