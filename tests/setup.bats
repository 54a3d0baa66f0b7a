#!/usr/bin/env bats
# ./setup, with a PATH of its own in which nothing is real but sh's small tools: package managers that write down how
# they are called, and tools that say their name and a version.

# shellcheck disable=SC2030,SC2031 # each test runs by itself and sets lines anew
load helper

bats_require_minimum_version 1.5.0 # for run --separate-stderr

TOOLS=(gcc make netstat ss bats perl bash pkill cmp find awk bwrap prlimit setpriv)
DEV_TOOLS=(clang valgrind shellcheck cppcheck clang-format clang-tidy mandoc git python3 tshark xmllint chromium node)

setup() {
    setup_started
    mkdir "$T/path" "$T/tools"
    : >"$T/log"
    for tool in sh sed grep tr sort cat env mktemp rm cp; do
        ln -s "$(command -v "$tool")" "$T/path/$tool"
    done
    for tool in "${TOOLS[@]}" "${DEV_TOOLS[@]}"; do
        program "$T/tools/$tool" "echo '$tool 9.9 (net-tools)'"
    done
    user 0
    system Linux
}

# ---- the machine that ./setup sees

program() { # FILE LINE...
    local file=$1
    shift
    printf '%s\n' '#!/bin/sh' "$@" >"$file"
    chmod +x "$file"
}

user() { program "$T/path/id" "echo $1"; }
system() { program "$T/path/uname" "echo $1"; }
has() { # TOOL...
    local tool
    for tool in "$@"; do
        cp "$T/tools/$tool" "$T/path/$tool"
    done
}
# shellcheck disable=SC2016 # its own "$@"
has_sudo() { program "$T/path/sudo" "echo \"sudo \$*\" >>'$T/log'" "${1:-exec \"\$@\"}"; }

# A package manager. Its install brings all tools (or what the file `brings` lists); it fails if a package stands in the
# file `unknown`. Its update fails if the file `offline` is there.
# shellcheck disable=SC2016 # some words are for the fake to expand
has_manager() { # NAME
    : >"$T/unknown"
    echo "${TOOLS[@]}" "${DEV_TOOLS[@]}" >"$T/brings"
    program "$T/path/$1" \
        '[ "$1" != --version ] || { echo 1.0; exit 0; }' \
        "echo \"$1 \$*\${DEBIAN_FRONTEND:+ (\$DEBIAN_FRONTEND)}\" >>'$T/log'" \
        "[ \"\$1\" != update ] || { [ ! -e '$T/offline' ]; exit; }" \
        "while read -r package; do case \" \$* \" in *\" \$package \"*) exit 100 ;; esac; done <'$T/unknown'" \
        "for tool in \$(cat '$T/brings'); do cp '$T/tools/'\$tool '$T/path/'; done"
}

run_setup() { # STATUS [OPTION]...
    local wanted=$1
    shift
    run --separate-stderr env -i PATH="$T/path" TMPDIR="$T" "$(command -v sh)" "$ROOT/setup" "$@"
    [ "$status" -eq "$wanted" ] || fail "exit status $status, not $wanted" "$output" "${stderr:-}" "$(cat "$T/log")"
}

assert_log() { # LINE...
    printf '%s\n' "$@" >"$T/wanted"
    [ $# -gt 0 ] || : >"$T/wanted"
    diff -u "$T/wanted" "$T/log"
}

# ---- what is there

@test "where nothing is missing it says so in one line and calls no package manager" {
    has "${TOOLS[@]}"
    has_manager apt-get
    for option in --check ''; do
        run_setup 0 ${option:+"$option"}
        assert_equal "${#lines[@]}" 1 "lines"
        assert_match "$output" '^setup: nothing is missing: gcc, make, netstat, ss, bats, .* are here\.$'
    done
    has "${DEV_TOOLS[@]}"
    run_setup 0 --dev
    assert_equal "${#lines[@]}" 1 "lines"
    assert_log
}

@test "--check names what is missing, installs nothing and exits with 1" {
    has gcc make perl bash pkill cmp find awk bwrap prlimit setpriv
    has_manager apt-get
    run_setup 1 --check
    assert_equal "${lines[0]}" 'setup: here:    gcc, make, perl, bash, pkill, cmp, find, awk, bwrap, prlimit, setpriv'
    assert_equal "${lines[1]}" 'setup: missing: netstat, ss, bats'
    assert_equal "${#lines[@]}" 2 "lines"
    run_setup 1 --dev --check
    assert_match "$output" 'missing: netstat, ss, bats, clang, clang-asan, valgrind, shellcheck, cppcheck,'
    assert_log
}

@test "a tool that will not do counts as missing, with the reason" {
    has "${TOOLS[@]}"
    program "$T/path/bats" 'echo "Bats 1.2.1"'
    program "$T/path/bash" 'echo "GNU bash, version 3.2.57(1)-release"'
    program "$T/path/netstat" 'echo "BusyBox v1.36.1 multi-call binary." >&2; exit 1'
    program "$T/path/gcc" 'exit 1'
    program "$T/path/perl" 'exit 2'
    run_setup 1 --check
    for reason in 'bats (1.2.1 is here, 1.5 is needed)' 'bash (3.2.57 is here, 5.0 is needed)' \
        'netstat (not the one of net-tools)' "gcc (without the C library's headers)" \
        'perl (not all of its standard modules)'; do
        [[ $output == *"$reason"* ]] || fail "not said: $reason" "$output"
    done
}

@test "versions are compared as numbers" {
    has "${TOOLS[@]}"
    for version in 1.5.0 1.10.0 2.0; do
        program "$T/path/bats" "echo 'Bats $version'"
        run_setup 0 --check
    done
    program "$T/path/bats" 'echo "Bats 0.4.0"'
    run_setup 1 --check
    program "$T/path/bats" 'echo "no number"'
    run_setup 1 --check
}

@test "--dev looks for the sanitizers by linking with them" {
    has "${TOOLS[@]}" "${DEV_TOOLS[@]}"
    program "$T/path/clang" 'case $* in *-fsanitize*) exit 1 ;; esac'
    run_setup 1 --dev --check
    assert_match "$output" 'missing: clang-asan \(clang has no sanitizer runtime\)$'
    assert_equal "$(ls -d "$T"/netstep-setup.* 2>/dev/null)" '' "left behind"
}

@test "--dev looks for other people's WebSocket clients: modules of node, and of any python3" {
    has "${TOOLS[@]}" "${DEV_TOOLS[@]}"
    program "$T/path/node" 'case $* in *ws*) exit 1 ;; esac'
    program "$T/path/python3" 'case $* in *websockets*) exit 1 ;; esac'
    run_setup 1 --dev --check
    assert_match "$output" 'missing: node-ws \(node has no ws\), websockets \(no python3 has it\)$'
    mkdir "$T/more"
    cp "$T/tools/python3" "$T/more"
    run env -i PATH="$T/path:$T/more" TMPDIR="$T" "$(command -v sh)" "$ROOT/setup" --dev --check
    assert_match "$output" 'missing: node-ws \(node has no ws\)$'
    rm "$T/path/node"
    has_manager apt-get
    run_setup 0 --dev
    assert_match "$(tail -n 1 "$T/log")" ' node-ws python3-websockets '
}

# ---- each package manager

DNF='dnf install -y --setopt=install_weak_deps=False'
APT='env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends'

NEEDED_BY_APT='bash bats bubblewrap diffutils findutils gawk gcc iproute2 libc6-dev make net-tools perl procps util-linux'

# Everything is missing, and this is the command that is called to install it: the last line of the log.
installs() { # MANAGER COMMAND...
    has_manager "$1"
    run_setup 0
    assert_match "${lines[-1]}" '^setup: installed: gcc, make, netstat, ss, bats, .*\. Nothing is missing now\.$'
    assert_equal "$(tail -n 1 "$T/log")" "${*:2}" "install command"
    cp "$T/log" "$T/first"
    run_setup 0 # and now there is nothing to do
    diff -u "$T/first" "$T/log"
}

@test "apt: updates its lists, then installs without questions and without recommended packages" {
    installs apt-get "${APT#env DEBIAN_FRONTEND=noninteractive }" "$NEEDED_BY_APT (noninteractive)"
    assert_equal "$(head -n 1 "$T/log")" 'apt-get update'
    assert_equal "$(wc -l <"$T/log")" 2 "commands"
}

@test "dnf" {
    installs dnf dnf install -y --setopt=install_weak_deps=False \
        bash bats bubblewrap diffutils findutils gawk gcc glibc-devel iproute make net-tools perl procps-ng util-linux-core
    assert_equal "$(wc -l <"$T/log")" 1 "commands"
}

@test "apk" {
    installs apk apk add --no-cache \
        bash bats bubblewrap diffutils findutils gawk gcc iproute2 linux-headers make musl-dev net-tools perl procps setpriv util-linux-misc
    assert_equal "$(wc -l <"$T/log")" 1 "commands"
}

@test "pacman" {
    installs pacman pacman -S --needed --noconfirm \
        bash bats bubblewrap diffutils findutils gawk gcc iproute2 make net-tools perl procps-ng util-linux
    assert_equal "$(wc -l <"$T/log")" 1 "commands"
}

@test "zypper" {
    installs zypper zypper --non-interactive install --no-recommends \
        bash bats bubblewrap diffutils findutils gawk gcc glibc-devel iproute2 make net-tools-deprecated perl procps util-linux
    assert_equal "$(wc -l <"$T/log")" 1 "commands"
}

@test "brew: as an ordinary user, and never by sudo" {
    user 1000
    has_sudo
    installs brew brew install \
        bash bats-core diffutils findutils gawk gcc iproute2 make net-tools perl procps
    assert_equal "$(wc -l <"$T/log")" 1 "commands"
}

@test "only the packages of what is missing are installed, each once" {
    has gcc make perl bash pkill cmp find awk bwrap prlimit setpriv
    has_manager dnf
    run_setup 0
    assert_log "$DNF bats iproute net-tools"
    assert_match "$output" 'setup: dnf install -y .* bats iproute net-tools'
    assert_match "${lines[-1]}" '^setup: installed: netstat, ss, bats\.'
}

@test "--dev takes what maintainers use" {
    has "${TOOLS[@]}"
    has_manager dnf
    run_setup 0 --dev
    assert_log "$DNF ShellCheck chromium clang clang-tools-extra compiler-rt cppcheck git libxml2 mandoc python3 python3-websockets valgrind wireshark-cli"
}

@test "what no package is known to bring is named, and the rest is installed" {
    has "${TOOLS[@]}"
    program "$T/path/gcc" 'case $* in *-fsanitize*) exit 1 ;; esac'
    has_manager apk
    echo "${DEV_TOOLS[@]}" >"$T/brings"
    run_setup 1 --dev
    assert_match "$(cat "$T/log")" '^apk add --no-cache chromium clang '
    assert_match "${lines[-1]}" '^setup: missing: gcc-asan \(gcc has no sanitizer runtime\)$'
    : >"$T/log"
    run_setup 1 --dev
    assert_match "${lines[-1]}" '^setup: apk has no package that is known to bring: gcc-asan$'
    assert_log
}

# ---- who may install

@test "with sudo: every command of the package manager runs by it" {
    user 1000
    has_sudo
    has_manager apt-get
    run_setup 0
    assert_log 'sudo apt-get --version' \
        'sudo apt-get update' 'apt-get update' \
        "sudo $APT $NEEDED_BY_APT" "${APT#env DEBIAN_FRONTEND=noninteractive } $NEEDED_BY_APT (noninteractive)"
    assert_match "$output" "setup: sudo $APT $NEEDED_BY_APT"
}

@test "sudo that refuses: the command to ask an administrator for, and nothing else is tried" {
    user 1000
    has_sudo 'echo "student is not in the sudoers file." >&2; exit 1'
    has make bats
    has_manager dnf
    run_setup 1
    assert_log 'sudo dnf --version'
    assert_match "$output" 'sudo does not let you run dnf'
    assert_match "$output" 'ask an administrator'
    assert_equal "${lines[-1]}" "$DNF bash bubblewrap diffutils findutils gawk gcc glibc-devel iproute net-tools perl procps-ng util-linux-core"
}

@test "neither root nor sudo: prints the command, runs nothing, exits with 1" {
    user 1000
    has gcc make ss perl bash pkill cmp find awk bwrap prlimit setpriv
    has_manager apt-get
    run_setup 1
    assert_equal "${lines[-1]}" "apt-get update; $APT bats net-tools"
    assert_log
    # What it prints is a command: root's shell takes it as it is.
    run env -i PATH="$T/path" sh -c "${lines[-1]}"
    assert_equal "$status" 0 "exit status"
    run_setup 0
}

@test "no package manager that it knows: says what to install" {
    has gcc make ss perl bash pkill cmp find awk bwrap prlimit setpriv
    run_setup 1
    assert_match "${lines[-1]}" 'please install by other means: netstat, bats$'
}

# ---- what goes wrong

@test "an update that fails does not stop the install" {
    has_manager apt-get
    : >"$T/offline"
    run_setup 0
    assert_match "$output" 'apt-get update failed; going on'
}

@test "an install that fails: each package is tried by itself, and what is missing is named" {
    has gcc make perl bash pkill cmp find awk bwrap prlimit setpriv
    has_manager zypper
    printf '%s\n' bats iproute2 net-tools-deprecated >"$T/unknown"
    run_setup 1
    local install='zypper --non-interactive install --no-recommends'
    assert_log "$install bats iproute2 net-tools-deprecated" "$install bats" "$install iproute2" \
        "$install net-tools-deprecated"
    assert_match "$output" 'setup: bats could not be installed'
    assert_match "$output" 'setup: missing: netstat, ss, bats'
    assert_match "$output" 'https://github\.com/bats-core/bats-core'
}

@test "one package that is unknown does not keep the others out" {
    has gcc make perl bash pkill cmp find awk bwrap prlimit setpriv
    has_manager pacman
    echo 'netstat ss' >"$T/brings"
    echo bats >"$T/unknown"
    run_setup 1
    assert_match "$output" 'setup: missing: bats'
    assert_match "${lines[-1]}" 'pacman -Syu'
}

@test "a single package that fails is not tried twice" {
    has gcc make netstat ss bash perl pkill cmp find awk bwrap prlimit setpriv
    has_manager apt-get
    echo bats >"$T/unknown"
    run_setup 1
    assert_equal "$(grep -c install "$T/log")" 1 "installs"
}

@test "an install that succeeds without bringing the tool: the tool is named" {
    has_manager apk
    echo gcc make ss bats perl bash pkill cmp find awk bwrap prlimit setpriv >"$T/brings"
    run_setup 1
    assert_equal "${lines[-1]}" 'setup: missing: netstat'
    echo "${TOOLS[@]}" >"$T/brings"
    program "$T/tools/bats" 'echo "Bats 1.2.1"'
    run_setup 1
    assert_match "$output" 'setup: missing: bats \(1\.2\.1 is here, 1\.5 is needed\)'
}

# ---- elsewhere

@test "macOS: says that Linux is needed, installs by brew, and exits with 1" {
    system Darwin
    user 501
    has gcc make netstat perl pkill cmp find awk bwrap prlimit setpriv
    program "$T/path/netstat" 'exit 1' # BSD's knows no --version
    program "$T/path/bash" 'echo "GNU bash, version 3.2.57(1)-release"'
    has_manager brew
    echo 'bats bash' >"$T/brings"
    run_setup 1
    assert_match "${lines[0]}" 'This machine runs Darwin.*Linux kernel'
    assert_match "$output" 'docker run'
    assert_log 'brew install bash bats-core'
    assert_match "${lines[-1]}" 'Linux is what is missing'
    run_setup 1 --check
    assert_match "${lines[-1]}" 'Linux is what is missing'
}

@test "macOS without brew: says what to install" {
    system Darwin
    has gcc make netstat perl bash pkill cmp find awk bwrap prlimit setpriv
    has_manager apt-get # another program that only has the name
    run_setup 1
    assert_match "${lines[-1]}" 'by other means: bats$'
    assert_log
}

# ---- how it is called

@test "an unknown option: one line on stderr, exit 2, nothing done" {
    has_manager apt-get
    for option in --chek -c install ''; do
        run_setup 2 "$option"
        assert_equal "$output" '' "stdout"
        [[ $stderr == "setup: '$option' is no option "* && $stderr != *$'\n'* ]] || fail "stderr: $stderr"
    done
    run_setup 2 --dev --no-such-option
    assert_log
}

@test "--help tells the options and does nothing" {
    for option in --help -h; do
        run_setup 0 "$option"
        assert_match "$output" '^usage: \./setup .*--check.*--dev.*--help'
    done
    assert_log
}
