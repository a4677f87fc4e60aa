using System.Text;
using StarletNet.Master.Applications;
using StarletNet.Master.Workers;

namespace StarletNet.Master.Explaining;

/// <summary>
/// What <c>--explain</c> prints: what can be seen of an application from its files, and how it is therefore best run. That is what it
/// calls by itself; what a package of somebody else's does inside is not looked into.
/// </summary>
/// <param name="application">Found, and fit to be served.</param>
/// <param name="heap">What each worker may use.</param>
/// <param name="environment">The name that the application would be given, or find.</param>
internal sealed class Explanation(Application application, HeapShare heap, string environment)
{
    private const int Width = 100;

    private readonly StringBuilder _text = new();

    internal string Write()
    {
        var assembly = Path.ChangeExtension(application.Path, ".dll");
        if (!File.Exists(assembly)) return OfOneFile();
        var (made, traits) = Examine(assembly);
        var seen = traits.ToLookup(trait => trait.Meaning, trait => trait.Text);

        Line($"{application.Path}, run by {application.Program}");
        Line($"Looked at, and not run: {string.Join(", ", made.Assemblies.Select(Path.GetFileName))}");
        Section("Needs a single worker, or a shared store", seen[Meaning.OneWorker]);
        Section("Is kept by each worker for itself", seen[Meaning.OnePerWorker]);
        Section("Happens in each worker", seen[Meaning.InEachWorker]);
        Section("Is replaced by starletnet's listeners", [.. seen[Meaning.Endpoints], .. OwnEndpoints.In(Path.GetDirectoryName(assembly)!, environment)]);
        if (seen[Meaning.Keys].Any()) Section("Keys of cookies and forms", [KeysAreNamedByDirectory]);
        Section("Cannot be seen from here", ["Static fields and singletons: each worker has its own. What packages start by themselves: they do in each worker."]);
        HowToRun(needsOne: seen[Meaning.OneWorker].Any());
        return _text.ToString();
    }

    private const string KeysAreNamedByDirectory =
        "All workers share the keys of Data Protection, in HOME unless the application says otherwise. The keys are for the path that the "
        + "application is started by: start it through a release link (/srv/app/current/app.dll), and cookies outlive a deploy.";

    /// <summary>What breaks for the users of an application that needs a single worker when it is given several; empty: nothing that can be seen.</summary>
    internal static IReadOnlyList<string> WhatSeveralWorkersBreak(Application application)
    {
        var assembly = Path.ChangeExtension(application.Path, ".dll");
        return File.Exists(assembly) ? [.. Examine(assembly).Traits.Where(trait => trait.Meaning == Meaning.OneWorker).Select(trait => trait.Breaks)] : [];
    }

    private static (Dependencies Made, IReadOnlyList<Trait> Traits) Examine(string assembly)
    {
        var made = Dependencies.Of(assembly);
        var calls = made.Assemblies.SelectMany(AssemblyCalls.In).ToHashSet(StringComparer.Ordinal);
        return (made, [.. Trait.All.Where(trait => Shows(trait, calls, made.Packages))]);
    }

    private static bool Shows(Trait trait, HashSet<string> calls, IReadOnlyList<string> packages) =>
        (trait.Calls.Any(calls.Contains) || trait.Packages.Any(packages.Contains)) && !trait.Unless.Any(calls.Contains);

    private string OfOneFile()
    {
        Line($"{application.Path}, run by itself");
        Section("Cannot be seen from here", ["It is one file, which is not looked into. Publish it without PublishSingleFile, or native code, to have it explained."]);
        HowToRun(needsOne: false);
        return _text.ToString();
    }

    private void HowToRun(bool needsOne)
    {
        if (heap.Bytes is { } bytes) Section("Memory", [$"The heap of each worker is limited to {HeapShare.Size(bytes)}: {heap.Why}. {HeapShare.Variable}, in the environment, is another limit; 0 is none."]);
        else if (heap.IsTooSmall) Section("Memory", [heap.Why + ". Fewer workers, or a larger container, would be better."]);
        var name = Path.GetFileName(application.Path);
        _text.Append('\n').Append("Run it with\n");
        Line($"  starletnet {name}");
        if (needsOne)
        {
            Wrapped("One worker uses all processors. HUP and a new generation replace it without a gap; what it keeps in memory ends with it.");
            return;
        }
        Wrapped("One worker uses all processors. Several suit this application as well (--max-workers auto): a crash or a stuck worker then "
            + "affects a part of the requests, and each has a heap of its own.");
    }

    private void Section(string heading, IEnumerable<string> texts)
    {
        if (!texts.Any()) return;
        _text.Append('\n').Append(heading).Append('\n');
        foreach (var text in texts) Wrapped(text);
    }

    private void Wrapped(string text)
    {
        var column = Width;
        var first = true;
        foreach (var word in text.Split(' '))
        {
            if (column + 1 + word.Length > Width)
            {
                _text.Append(first ? "  - " : "\n    ");
                (column, first) = (4, false);
            }
            else
            {
                _text.Append(' ');
                column++;
            }
            _text.Append(word);
            column += word.Length;
        }
        _text.Append('\n');
    }

    private void Line(string text) => _text.Append(text).Append('\n');
}
