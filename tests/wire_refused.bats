#!/usr/bin/env bats
# wire with wrong arguments, and where no hosts can be made: one line that says why.

# helper.bash sets pid, port and status. In single quotes stands what a shell on a host expands.
# shellcheck disable=SC2154,SC2016,SC2034

load wire

# ---- wrong arguments

@test "wrong options: one line, exit status 2, nothing done" {
    for option in --server --client --delay --jitter --loss --duplicate --reorder --rate --seed --svg --pcap; do
        refuses 'requires an argument' "$option"
    done
    refuses 'unrecognized option' --nonsense
    refuses 'invalid option' -x
    refuses 'an empty command' --server ' '
    refuses 'an empty command' -c ''
    for option in --delay --jitter; do
        for value in -1 60001 x '' 1x nan; do refuses "$option '$value': milliseconds" "$option" "$value"; done
    done
    for option in --loss --duplicate --reorder; do
        for value in -1 101 x '' 5%% nan; do refuses 'a percentage' "$option" "$value"; done
    done
    for value in 0 999 101G x '' 1m 1kk -5 nan; do refuses 'bits per second' --rate "$value"; done
    for value in -1 x '' 1.5 99999999999999999999; do refuses "--seed '$value'" --seed "$value"; done
    for value in 0x1 -1 x 100000; do refuses "--play '$value'" "--play=$value"; done
    many=()
    for ((i = 0; i < 17; i++)); do many+=(-c true); done
    refuses 'more than 16 commands' "${many[@]}"
}

@test "options that contradict each other: one line, exit status 2" {
    refuses 'one of them' --step --free
    refuses 'one of them' --play --step
    refuses 'a bad network' --loss 5 --step
    refuses 'a bad network' --delay 5 --play
    refuses 'a bad network' --delay 5 --quiz
    refuses 'step by step' --quiz --free
    echo 'say nothing' >"$T/a.wire"
    refuses 'a script says itself' --free "$T/a.wire"
    refuses 'a script says itself' --loss 5 "$T/a.wire"
    refuses 'a script says itself' -c true "$T/a.wire"
    refuses 'of one script' --svg "$T/a.svg" "$T/a.wire" "$T/a.wire"
    refuses 'of one script' --json="$T/a.json" "$T/a.wire" "$T/a.wire"
    refuses 'coverage draws where --json writes' --json --coverage
    refuses 'coverage draws where --json writes' --json --coverage "$T/a.wire"
    [ ! -e "$T/a.svg" ] && [ ! -e "$T/a.json" ]
}

# ---- where no hosts can be made

# In a namespace of users of our own, after the shell command $1: wire's exit status is 1, its one line matches $2.
no_hosts_after() {
    local users=(unshare -Ur)
    "${users[@]}" true 2>"$T/why" || skip "no namespace of users is to be had here: $(cat "$T/why")"
    status=0
    timeout 20 "${users[@]}" sh -c "$1 || exit 77; exec '$BIN/wire' -q --free -c true" >"$T/no.out" 2>"$T/no.err" 3>&- || status=$?
    [ "$status" -ne 77 ] || skip "this can't be set here: $(tail -n 1 "$T/no.err")"
    one_reason "$2"
}
one_reason() {
    assert_equal "$status" 1 'exit status' || fail "$(cat "$T/no.err")" || return
    assert_equal "$(grep -c '' "$T/no.err")" 1 'lines' || fail "$(cat "$T/no.err")" || return
    assert_match "$(cat "$T/no.err")" "^wire: no hosts can be made: .*$1"
}

@test "no hosts: user.max_net_namespaces is 0" {
    no_hosts_after 'echo 0 >/proc/sys/user/max_net_namespaces' 'sudo sysctl user\.max_net_namespaces='
}

@test "no hosts: user.max_user_namespaces is 0" {
    # Root in that namespace needs no further one; a user does.
    unshare -Ur true || skip 'no namespace of users is to be had here'
    local drop
    drop=$(command -v setpriv) || skip 'setpriv is not installed'
    status=0
    timeout 20 unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_user_namespaces || exit 77
        exec "$0" --bounding-set=-all --inh-caps=-all --no-new-privs "$1" -q --free -c true' "$drop" "$BIN/wire" \
        >"$T/no.out" 2>"$T/no.err" 3>&- || status=$?
    [ "$status" -ne 77 ] || skip "this can't be set here"
    one_reason 'sudo sysctl user\.max_user_namespaces='
}

@test "no hosts: user.max_pid_namespaces is 0" {
    no_hosts_after 'echo 0 >/proc/sys/user/max_pid_namespaces' 'max_pid_namespaces|too many namespaces'
}

@test "no hosts: a filter of system calls forbids unshare, as Docker's does" {
    local python
    python=$(command -v python3) || skip 'python3 is not installed'
    [ "$(uname -m)" = x86_64 ] || skip 'the filter is written for x86_64'
    status=0
    timeout 20 "$python" - "$BIN/wire" >"$T/no.out" 2>"$T/no.err" 3>&- <<'PYTHON' || status=$?
import ctypes, errno, os, struct, sys
# Load the number of the call; unshare (272) fails with EPERM; everything else is allowed.
code = [(0x20, 0, 0, 0), (0x15, 0, 1, 272), (0x06, 0, 0, 0x00050000 | errno.EPERM), (0x06, 0, 0, 0x7fff0000)]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
filter = struct.pack("HxxxxxxQ", len(code), ctypes.addressof(program))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, filter, 0, 0):
    sys.exit(77)
os.execv(sys.argv[1], ["wire", "-q", "--free", "-c", "true"])
PYTHON
    [ "$status" -ne 77 ] || skip 'no filter can be set here'
    one_reason 'seccomp=unconfined'
}

@test "no hosts: in a chroot" {
    [ "$(id -u)" -eq 0 ] || skip 'only root can chroot'
    command -v setpriv >/dev/null || skip 'setpriv is not installed'
    local library
    mkdir -p "$T/root/proc"
    cp "$BIN/wire" "$T/root/wire"
    while read -r library; do
        cp --parents "$library" "$T/root"
    done < <(ldd "$BIN/wire" | grep -o '/[^ ]*')
    chmod -R a+rX "$T/root"
    status=0
    timeout 20 unshare -m sh -c 'mount --bind /proc "$1/proc" && exec chroot --userspec=65534:65534 "$1" /wire -q --free -c true' \
        sh "$T/root" >"$T/no.out" 2>"$T/no.err" 3>&- || status=$?
    one_reason 'chroot'
}

# ---- how the tests take it

@test "no hosts: a test is skipped for wire's own refusal, and fails when wire breaks off" {
    skip() { echo "skipped: $*"; exit 0; }
    WIRE=$T/wire
    wire_is() { printf '#!/bin/sh\n%s\n' "$1" >"$WIRE" && chmod +x "$WIRE"; }
    wire_is 'exit 0'
    run needs_wire
    assert_equal "$status:$output" 0:
    wire_is 'echo wire: no hosts can be made: unshare: not permitted >&2; exit 1'
    run needs_wire
    assert_equal "$status:$output" '0:skipped: no hosts can be made: unshare: not permitted'
    wire_is 'echo ==6254==LeakSanitizer has encountered a fatal error. >&2; exit 1'
    run needs_wire
    assert_equal "$status" 1
    assert_match "$output" 'does not say why: exit status 1.*==6254=='
    wire_is 'echo wire: no hosts can be made: unshare >&2; echo ==1==ERROR: AddressSanitizer >&2; exit 1'
    run needs_wire
    assert_equal "$status" 1
    wire_is 'kill -SEGV $$'
    run needs_wire
    assert_equal "$status" 1
    assert_match "$output" 'killed by SIGSEGV'
    wire_is 'case $ASAN_OPTIONS in *detect_leaks=0*) ;; *) exit 9 ;; esac'
    run needs_wire
    assert_equal "$status:$output" 0:
}
