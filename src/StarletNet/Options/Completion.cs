using System.Text;
using StarletNet.Master.Stacks;
using StarletNet.Master.Status;

namespace StarletNet.Master.Options;

/// <summary>Scripts by which a shell completes the command line of starletnet, made from the option table.</summary>
internal static class Completion
{
    internal static string Of(string shell) => shell == "zsh" ? "autoload -U +X bashcompinit && bashcompinit\n" + Bash() : Bash();

    private static string Bash()
    {
        var text = new StringBuilder("# starletnet: completion\n_starletnet() {\n    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n    COMPREPLY=()\n");
        // Bash makes a word of its own of the '=' in --name=value.
        text.Append("    if [ \"$word\" = = ]; then word=; elif [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n");
        text.Append("    case $before in\n");
        foreach (var group in OptionTable.Entries.Where(entry => entry.Declared.HasValue).GroupBy(Candidates))
        {
            var names = group.SelectMany(Names);
            text.Append("        ").AppendJoin('|', names).Append(")\n            ").Append(group.Key).Append("\n            return ;;\n");
        }
        text.Append("    esac\n    case $word in\n        -*) COMPREPLY=($(compgen -W '")
            .AppendJoin(' ', OptionTable.Entries.Select(entry => "--" + entry.Name))
            .Append("' -- \"$word\")) ;;\n        *) COMPREPLY=($(compgen -f -- \"$word\"))\n            ")
            .Append($"if [ $COMP_CWORD -eq 1 ]; then COMPREPLY=($(compgen -W '{StatusCommand.Name} {StacksCommand.Name}' -- \"$word\") \"${{COMPREPLY[@]}}\"); fi ;;\n    esac\n}}\n");
        return text.Append("complete -o filenames -F _starletnet starletnet\n").ToString();
    }

    private static string Candidates(MasterOption option)
    {
        if (option.Words.Count > 0) return $"COMPREPLY=($(compgen -W '{string.Join(' ', option.Words)}' -- \"$word\"))";
        return option.Declared.ValueName switch
        {
            "FILE" or "PATH" or "ADDRESS" => "COMPREPLY=($(compgen -f -- \"$word\"))",
            "DIR" => "COMPREPLY=($(compgen -d -- \"$word\"))",
            "USER" => "COMPREPLY=($(compgen -u -- \"$word\"))",
            "GROUP" => "COMPREPLY=($(compgen -g -- \"$word\"))",
            // A number or a time: nothing to offer.
            _ => ":",
        };
    }

    private static IEnumerable<string> Names(MasterOption option) =>
        option.Declared.Aliases.Prepend(option.Name).Select(name => name.Length == 1 ? "-" + name : "--" + name);
}
