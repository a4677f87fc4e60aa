# Shared by the scripts; to be sourced after `set -eu`. Sets root (the repository) and bin (the published programs).

root=$(cd "$(dirname "$0")/.." && pwd)
bin=$root/out/bin

# No build server outlives the script that needed it.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

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
