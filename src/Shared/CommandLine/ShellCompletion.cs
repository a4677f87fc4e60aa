using System.Text;
using System.Text.RegularExpressions;

namespace StarletNet.Shared.CommandLine;

/// <summary>
/// Scripts by which a shell completes a command line, made from the table of options. Options are offered as far as the program reads them: behind its first
/// word that is no option, or behind <c>--</c>, stands another program's command line, for which there are files.
/// </summary>
internal sealed partial class ShellCompletion(string program, IReadOnlyList<Option> table)
{
    internal static readonly string[] Shells = ["bash", "zsh", "fish"];

    private const int LongestDescription = 70;

    private static readonly string[] Signals = ["TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"];

    private readonly Option[] _options = [.. table.Where(option => option.Refusal is null)];

    /// <summary>The only words that an option may be set to, if that is so.</summary>
    internal Func<Option, IReadOnlyList<string>> WordsOf { get; init; } = static _ => [];

    /// <summary>Words that may stand in the place of the first one.</summary>
    internal IReadOnlyList<string> Commands { get; init; } = [];

    /// <param name="shell">One of <see cref="Shells"/>.</param>
    internal string For(string shell) => shell switch
    {
        "zsh" => "autoload -U +X bashcompinit && bashcompinit\n" + Bash(),
        "fish" => Fish(),
        _ => Bash(),
    };

    private string Bash()
    {
        var valued = string.Join('|', Valued.SelectMany(Names));
        var text = new StringBuilder($$"""
            # {{program}}: completion for bash and, by way of bashcompinit, zsh
            _{{program}}() {
                local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} prefix= i=1
                COMPREPLY=()
                # What stands behind the first word that is no option is another program's.
                while [ $i -lt $COMP_CWORD ]; do
                    case ${COMP_WORDS[i]} in
                        --) break ;;
                        {{valued}})
                            # bash makes words of their own of '=' and ':'
                            if [ "${COMP_WORDS[i+1]}" = = ]; then i=$((i+3)); else i=$((i+2)); fi
                            while [ "${COMP_WORDS[i]}" = = ] || [ "${COMP_WORDS[i]}" = : ]; do i=$((i+2)); done ;;
                        -*) i=$((i+1)) ;;
                        *) break ;;
                    esac
                done
                if [ $i -lt $COMP_CWORD ]; then
                    if [ "$before" = -- ]; then COMPREPLY=($(compgen -c -- "$word")); fi
                    COMPREPLY=("${COMPREPLY[@]}" $(compgen -f -- "$word"))
                    return
                fi
                case $word in
                    =) word= ;;
                    --*=*) before=${word%%=*} prefix=$before= word=${word#*=} ;;
                    *) if [ "$before" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi ;;
                esac
                case $before in

            """);
        foreach (var group in Valued.GroupBy(BashCandidates))
            text.Append("        ").AppendJoin('|', group.SelectMany(Names)).Append(")\n            ").Append(group.Key).Append("\n            return ;;\n");
        text.Append($$"""
                esac
                case $word in
                    -*) COMPREPLY=($(compgen -W '{{string.Join(' ', _options.Select(option => "--" + option.Name))}}' -- "$word")) ;;
                    *) COMPREPLY=($(compgen -f -- "$word"))
                        if [ $COMP_CWORD -eq 1 ]; then COMPREPLY=($(compgen -W '{{string.Join(' ', Commands)}}' -- "$word") "${COMPREPLY[@]}"); fi ;;
                esac
            }
            complete -o filenames -F _{{program}} {{program}}

            """);
        return text.ToString();
    }

    private string BashCandidates(Option option) => KindOf(option) switch
    {
        ValueKind.Words => $"COMPREPLY=($(compgen -P \"$prefix\" -W '{string.Join(' ', Words(option))}' -- \"$word\"))",
        ValueKind.File => "COMPREPLY=($(compgen -P \"$prefix\" -f -- \"$word\"))",
        ValueKind.Directory => "COMPREPLY=($(compgen -P \"$prefix\" -d -- \"$word\"))",
        ValueKind.User => "COMPREPLY=($(compgen -P \"$prefix\" -u -- \"$word\"))",
        ValueKind.Group => "COMPREPLY=($(compgen -P \"$prefix\" -g -- \"$word\"))",
        _ => ":",
    };

    private string Fish()
    {
        var reads = $"__{program}_reads_options";
        var text = new StringBuilder($"""
            # {program}: completion for fish
            function {reads} --description 'Whether the word at the cursor is one that {program} reads'
                set -l words (commandline -opc)
                set -e words[1]
                set -l skips no
                for word in $words
                    if test $skips = yes
                        set skips no
                        continue
                    end
                    switch $word
                        case --
                            return 1
                        case {string.Join(' ', Valued.SelectMany(Names))}
                            set skips yes
                        case '-*'
                        case '*'
                            return 1
                    end
                end
                return 0
            end

            """);
        foreach (var command in Commands) text.Append($"complete -c {program} -n 'test (count (commandline -opc)) -eq 1' -a {command}\n");
        foreach (var option in _options)
        {
            text.Append($"complete -c {program} -n {reads}");
            foreach (var name in option.Aliases.Prepend(option.Name)) text.Append(name.Length == 1 ? " -s " : " -l ").Append(name);
            if (option.HasValue) text.Append(FishCandidates(option));
            text.Append(" -d '").Append(Description(option)).Append("'\n");
        }
        return text.ToString();
    }

    private string FishCandidates(Option option) => KindOf(option) switch
    {
        ValueKind.Words => $" -x -a '{string.Join(' ', Words(option))}'",
        // fish offers files where a value is needed and nothing else is said.
        ValueKind.File => " -r",
        ValueKind.Directory => " -x -a '(__fish_complete_directories (commandline -ct))'",
        ValueKind.User => " -x -a '(__fish_complete_users)'",
        ValueKind.Group => " -x -a '(__fish_complete_groups)'",
        _ => " -x",
    };

    // The first sentence, as far as it fits beside the name.
    private static string Description(Option option)
    {
        var sentence = Sentence().Match(option.Help).Value.TrimEnd('.');
        if (sentence.Length > LongestDescription) sentence = sentence[..sentence.LastIndexOf(' ', LongestDescription)] + " …";
        return sentence.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^.*?\.(?= |$)|^.*$")]
    private static partial Regex Sentence();

    private IEnumerable<Option> Valued => _options.Where(option => option.HasValue);

    private static IEnumerable<string> Names(Option option) =>
        option.Aliases.Prepend(option.Name).Select(name => name.Length == 1 ? "-" + name : "--" + name);

    private enum ValueKind { Other, Words, File, Directory, User, Group }

    private ValueKind KindOf(Option option) => Words(option).Count > 0 ? ValueKind.Words : option.ValueName switch
    {
        "FILE" or "PATH" or "ADDRESS" or "SOCKET" => ValueKind.File,
        "DIR" => ValueKind.Directory,
        "USER" => ValueKind.User,
        "GROUP" => ValueKind.Group,
        // A number or a time: nothing to offer.
        _ => ValueKind.Other,
    };

    private IReadOnlyList<string> Words(Option option) =>
        WordsOf(option) is { Count: > 0 } words ? words
        : option.ValueName == "SIGNAL" ? Signals
        : option.ValueName.Contains('|', StringComparison.Ordinal) && option.ValueName.All(letter => letter == '|' || char.IsAsciiLetterLower(letter)) ? option.ValueName.Split('|')
        : [];
}
