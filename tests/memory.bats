#!/usr/bin/env bats
# The programs under valgrind: no error, no leak, no descriptor left open.

# helper.bash sets pid, port, status and server_pid.
# shellcheck disable=SC2154

load helper

setup() {
    setup_started
    command -v valgrind >/dev/null || skip 'valgrind is not installed'
    ! grep -q __asan_init "$BIN/tcp_server" || skip 'the programs are built with SAN=1: the sanitizer has its own eyes'
}

# Each process writes a log of its own; exit status 99 is valgrind's.
VALGRIND=(--quiet --leak-check=full "--errors-for-leak-kinds=definite,indirect,possible" --track-fds=yes --error-exitcode=99)
watched() { # NAME PROGRAM [ARG]...
    start "$1" "$(command -v valgrind)" "${VALGRIND[@]}" --log-file="$T/log-$1.%p" "$BIN/$2" "${@:3}"
}
watched_server() {
    watched server tcp_server "$@" 0
    server_pid=$pid
    wait_line "$T/server.out" '^listening on ' 30
    port=$(sed -n 's/^listening on .*://p' "$T/server.out")
}
watched_client() { # STATUS ARGUMENT...
    watched client tcp_client "${@:2}"
    wait_exit "$pid" 60
    assert_equal "$status" "$1" "exit status of tcp_client ${*:2}"
}
ends_clean() { # the server ends by SIGTERM, and nothing was found in any process
    stop_process "$server_pid" TERM 20
    assert_equal "$status" 0 'exit status'
    clean
}
clean() {
    for log in "$T"/log-*; do
        # Its own log, and what we gave it (0, 1, 2), stay open.
        found=$(grep -E 'ERROR|Invalid|uninitiali|lost in|Open AF_|Open file descriptor|Syscall param' "$log" |
            grep -vE "Open file descriptor ([012]:|[0-9]+: $T/log-)" || true)
        assert_equal "$found" '' "$log"
    done
    rm -f "$T"/log-*
}

@test "valgrind: a server of each model, clients that talk, count, are reset, and are refused" {
    beyond_sample
    for model in iterative fork; do
        watched_server --model "$model"
        watched_client 0 127.0.0.1 "$port" hello
        assert_equal "$(cat "$T/client.out")" hello
        watched_client 0 -q --count 5 127.0.0.1 "$port" hello
        watched_client 0 --reset --local "$(free_port)" 127.0.0.1 "$port" hello
        watched_client 0 --source 200000 127.0.0.1 "$port"
        ends_clean
    done
    watched_client 1 127.0.0.1 "$(free_port)" hello
    watched_client 2 127.0.0.1 0x50
    clean
}

@test "valgrind: a server that is ended while it serves, and one that can't listen" {
    beyond_sample
    for model in iterative fork; do
        watched_server --model "$model"
        start client tcp_client --hold 60 127.0.0.1 "$port" x
        wait_line "$T/server.out" 'write.* = 1' 30
        watched second tcp_server "$port"
        wait_exit "$pid" 30
        assert_equal "$status" 1 'exit status of the second server'
        ends_clean
    done
}

@test "valgrind: file_send and file_recv: whole files, refused ones, a reset, a sender that is gone, signals" {
    mkdir "$T/in"
    head -c 100000 /dev/urandom >"$T/letter"
    : >"$T/empty"
    watched server file_recv -d "$T/in"
    server_pid=$pid
    wait_exit "$server_pid" 20
    assert_equal "$status" 2 'exit status without PORT'
    watched server file_recv -d "$T/in" 0
    server_pid=$pid
    wait_line "$T/server.out" '^listening on ' 30
    port=$(sed -n 's/^listening on .*://p' "$T/server.out")
    for options in '' '--copy read' --json; do
        # shellcheck disable=SC2086 # words
        watched sender file_send $options 127.0.0.1 "$port" "$T/letter" "$T/empty" "$T/nosuch" "$T"
        wait_exit "$pid" 60
        assert_equal "$status" 1 "exit status of file_send $options"
        assert_file "$T/in/letter" "$T/letter"
    done
    for steps in 'reset' 'send x!reset' 'send a!expect ok!send x!reset' 'send a!expect ok!send x!close' 'send ..!half-close'; do
        IFS='!' read -ra steps <<<"$steps"
        start peer "$ROOT/tests/peers/peer" connect 127.0.0.1 "$port" "${steps[@]}"
        wait_exit "$pid" 30
    done
    start peer "$ROOT/tests/peers/peer" connect 127.0.0.1 "$port" 'send held' 'expect ok' "await $T/never"
    wait_line "$T/peer.out" '^holding' 30
    ends_clean
}

@test "long, valgrind: every lever of both" {
    [ -n "${NETSTEP_LONG:-}" ] || skip 'make check-long'
    head -c 3000000 /dev/urandom >"$T/binary"
    for model in iterative fork; do
        watched_server --model "$model" --rcvbuf 8192 --sndbuf 8192 --pause-read 0.1 --pause-close 0.1 --timeout 20
        STDIN=$T/binary watched_client 0 -q 127.0.0.1 "$port"
        assert_file "$T/client.out" "$T/binary"
        watched_client 0 -q --count 30 --hold 0.1 127.0.0.1 "$port" x
        ends_clean
        for lever in --close-first --reset; do
            watched_server --model "$model" $lever
            watched client tcp_client --no-half-close 127.0.0.1 "$port" hello
            wait_exit "$pid" 30
            [ "$lever:$status" != --close-first:1 ]
            ends_clean
        done
    done
    STDIN=/dev/null watched_server --step
    watched_client 0 --step 127.0.0.1 "$port" x
    ends_clean
}
