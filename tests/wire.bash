# wire.bash: what the tests of wire's hosts share: a wire in the background, and what is left of it.
#
# helper.bash sets pid and status.
# shellcheck disable=SC2154,SC2034

load helper

setup() {
    setup_started
    needs_wire
    sleeper="$T/sleep-$RANDOM" # programs on the hosts that can be told from all others
    ln -s "$(command -v sleep)" "$sleeper"
}

# wire with these options and arguments, in the background; its process is $wire_pid.
start_wire() { # NAME [ARG]...
    start "$1" wire "${@:2}"
    wire_pid=$pid
}
# The same, once the server's command runs: a command on the server whose last line is "listening on".
start_wire_that_waits() {
    start_wire "$1" --free --server "echo listening on; exec $sleeper 300" "${@:2}"
    wait_line "$T/$1.out" 'listening on' || fail "no command runs on the server" "$(cat "$T/$1".*)"
}

# Runs a free wire to its end: talk STATUS SERVER CLIENT.
talk() {
    local commands=(--client "$3")
    [ -z "$2" ] || commands+=(--server "$2")
    run_for 30 talk wire --free "${commands[@]}"
    assert_equal "$status" "$1" 'exit status' || fail "$(cat "$T/talk.out" "$T/talk.err")"
}
said() { grep -Eq -- "$1" "$T/talk.out" || fail "nobody says '$1'" "$(cat "$T/talk.out" "$T/talk.err")"; }

# One line on standard error, and exit status 2.
refuses() { # REGEX ARG...
    run_for 10 refused wire "${@:2}"
    assert_equal "$status" 2 "exit status of wire ${*:2}" || return
    assert_equal "$(grep -c '' "$T/refused.err")" 1 "lines of wire ${*:2}" || fail "$(cat "$T/refused.err")" || return
    assert_match "$(cat "$T/refused.err")" "^([^ ]*/)?wire( sh| netstat)?: .*$1" "wire ${*:2}" || return
    assert_empty "$T/refused.out"
}

# ---- what is left

# The namespaces that a wire has made, as /proc names them: those of its processes that are not ours.
namespaces_of() { # PID...
    local id space
    for id in "$@"; do
        for space in net pid user mnt uts; do
            readlink "/proc/$id/ns/$space"
        done
    done 2>/dev/null | sort -u | grep -vxF -f <(readlink /proc/$$/ns/*)
}
# The living processes that are in one of the namespaces in $T/namespaces.
inside() {
    local id
    perl -e '
        my %made = map { chomp; $_ => 1 } <STDIN>;
        for my $process (glob "/proc/[0-9]*") {
            my @its = grep { $made{ readlink("$process/ns/$_") // "" } } qw(net pid user mnt uts);
            print substr($process, 6), "\n" if @its;
        }' <"$T/namespaces" | while read -r id; do
        ! running "$id" || is_anothers "$id" || echo "$id"
    done
}
# A namespace that is gone has left its number to the next one: what is there then may be another test's.
is_anothers() {
    local environment
    environment=$(tr '\0' '\n' <"/proc/$1/environ") 2>/dev/null || return 1
    [ -n "$environment" ] && ! grep -qxF "NETSTEP_TEST=$NETSTEP_TEST" <<<"$environment"
}
remember_namespaces() { # of the wire and what runs under it: a command enters its host's some time after it was forked
    wait_for -t 5 sees_namespaces "$@" || fail "nobody is in them?" "$(cat "$T/namespaces")"
}
sees_namespaces() {
    namespaces_of "$wire_pid" $(pgrep -P "$wire_pid") "$@" >"$T/namespaces"
    [ "$(wc -l <"$T/namespaces")" -ge 3 ] && [ -n "$(inside)" ]
}
nothing_left() {
    ! pgrep -f "^$sleeper" >/dev/null && [ -z "$(inside)" ] &&
        ! grep -q "netstep-wire/[0-9]*/$wire_pid\$" /proc/net/unix
}
assert_nothing_left() {
    wait_for -t 5 nothing_left || fail "$1: left behind:" "$({ pgrep -f "^$sleeper"; inside; } | xargs -r -n 1 ps -o pid=,stat=,args= -p)" \
        "$(grep "netstep-wire/[0-9]*/$wire_pid\$" /proc/net/unix)"
}
