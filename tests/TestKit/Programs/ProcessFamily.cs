using System.Text;
using StarletNet.Shared.Interop;

namespace StarletNet.TestKit;

/// <summary>
/// Everything that sprang from one program under test. Found in three ways, because each has a hole: by descent (ends when
/// a parent dies), by session (ends at setsid) and by a mark in the environment (a program may overwrite that area to
/// set its title).
/// </summary>
internal sealed class ProcessFamily(int root, string mark)
{
    internal IReadOnlyList<ProcessEntry> Living()
    {
        var all = ProcessEntry.All();
        var family = all.Where(p => p.Pid == root || p.Session == root || p.HasEnvironment(mark)).ToDictionary(p => p.Pid);
        for (var before = -1; before != family.Count;)
        {
            before = family.Count;
            foreach (var child in all.Where(p => family.ContainsKey(p.Parent))) family.TryAdd(child.Pid, child);
        }

        return [.. family.Values.Where(p => !p.IsZombie).OrderBy(p => p.Pid)];
    }

    internal void KillAll()
    {
        // A member may be spawning while we look: look again until nobody is left.
        for (var round = 0; round < 200; round++)
        {
            var living = Living();
            if (living.Count == 0) return;
            foreach (var process in living) _ = LibC.kill(process.Pid, (int)UnixSignal.Kill);
            Thread.Sleep(5);
        }

        throw new InvalidOperationException("processes survive KILL:\n" + Describe());
    }

    internal string Describe()
    {
        var living = Living();
        if (living.Count == 0) return "  (no process left)\n";
        var text = new StringBuilder();
        foreach (var top in living.Where(p => living.All(q => q.Pid != p.Parent))) Append(text, living, top, 1);
        return text.ToString();
    }

    private static void Append(StringBuilder text, IReadOnlyList<ProcessEntry> all, ProcessEntry process, int depth)
    {
        text.Append(' ', depth * 2).AppendLine(process.ToString());
        foreach (var child in all.Where(p => p.Parent == process.Pid)) Append(text, all, child, depth + 1);
    }
}
