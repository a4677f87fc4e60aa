# Shared by the scripts; to be sourced after `set -eu`. Sets root (the repository) and bin (the published programs).

root=$(cd "$(dirname "$0")/.." && pwd)
bin=$root/out/bin

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# No build server outlives the script that needed it. But one compiler serves all projects of a script, because to start and warm up another
# for each takes most of a build's time. It goes by a name of the script's own, so that it can be ended and is nobody else's; a script
# that another one calls finds the name in the environment, and leaves the end to that one.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=true
end_compiler() { :; }
if [ -z "${SharedCompilationId:-}" ]; then
    export SharedCompilationId=starletnet-$$
    end_compiler() {
        # Named by --list-sdks as `10.0.100 [/usr/share/dotnet/sdk]`; the version is the one that global.json asks for.
        sdk=$(cd "$root" && version=$(dotnet --version) && dotnet --list-sdks | sed -n "s|^$version \\[\\(.*\\)\\]|\\1/$version|p") || return 0
        dotnet exec "$sdk/Roslyn/bincore/VBCSCompiler.dll" -pipename:"$SharedCompilationId" -shutdown >/dev/null 2>&1 || true
        # What is executed in our place, or built from now on, has none.
        unset SharedCompilationId
        export UseSharedCompilation=false
    }
    trap end_compiler EXIT
    trap 'exit 1' HUP INT TERM
fi

fail() { printf '%s: %s\n' "${0##*/}" "$1" >&2; exit 1; }
say() { printf '== %s\n' "$1"; }
have() { command -v "$1" >/dev/null 2>&1; }

# The .NET SDK cannot be installed from here: where it comes from is the machine owner's choice.
need_sdk() {
    have dotnet || fail "the .NET 10 SDK is missing: install the package dotnet-sdk-10.0 of your distribution, or see https://dotnet.microsoft.com/download"
    # From the root, because global.json there asks for the version.
    (cd "$root" && dotnet --version >/dev/null 2>&1) || fail "the .NET 10 SDK is missing (found: $(dotnet --list-sdks 2>/dev/null | cut -d' ' -f1 | tr '\n' ' ')); see https://dotnet.microsoft.com/download"
}

# Installs Debian packages if we may, one by one, so that one that does not exist does not keep out the rest.
# Prints the names of those that are missing afterwards.
install_packages() {
    missing=
    for package in "$@"; do
        dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ] && have apt-get; then
        apt-get update >/dev/null 2>&1 || true
        for package in $missing; do
            DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package" >/dev/null 2>&1 || true
        done
    fi
    for package in $missing; do
        dpkg -s "$package" >/dev/null 2>&1 || printf '%s ' "$package"
    done
}

# Native code needs a C compiler to link with.
need_linker() {
    have clang || have gcc || install_packages clang zlib1g-dev >/dev/null 2>&1 || true
    have clang || have gcc || fail "no C linker: install clang (apt-get install clang zlib1g-dev) or gcc and run this again"
}
