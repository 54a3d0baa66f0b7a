#!/usr/bin/env bats
# wire's two hosts: they stand and talk, and nothing of them is left however they end.

# helper.bash sets pid, port and status. In single quotes stands what a shell on a host expands.
# shellcheck disable=SC2154,SC2016,SC2034

load wire

# ---- both hosts stand

@test "hosts: TCP by IPv4 and IPv6, UDP, and what a student's own program would do" {
    talk 0 'tcp_server -q -b 10.0.0.2 7000' 'tcp_client -q 10.0.0.2 7000 hello'
    said '^     hello$'
    if [ -e /proc/net/if_inet6 ]; then
        talk 0 'tcp_server -q -b fd00::2 7000' 'tcp_client -q fd00::2 7000 hello'
        said '^     hello$'
    fi
    talk 0 'udp_echo -q -b 10.0.0.2 -l 7000' 'udp_echo -q 10.0.0.2 7000 hello'
    said 'UDP .* 5'
    said '^     hello$'
    talk 0 'udp_echo -q -b 10.0.0.2 -l 7000' 'udp_echo -q -t 10 --count 20 --interval 0.001 10.0.0.2 7000'
    said '20 sent, 20 received' || fail "$(cat "$T/talk.out")"
}

@test "hosts: ping" {
    command -v ping >/dev/null || skip 'ping is not installed'
    talk 0 '' 'ping -c 2 -i 0.2 10.0.0.2'
    said ' 0% packet loss'
}

@test "hosts: a command is the user, with the user's files and the user's directory" {
    cd "$T"
    talk 0 '' 'touch made; id -u; hostname; echo "$NETSTEP_HOST"; pwd'
    assert_equal "$(stat -c %u "$T/made")" "$(id -u)" "owner of a file that was made on the client"
    said "^     $(id -u)\$"
    said '^     client$'
    said "^     $T\$"
}

@test "hosts: each sees its own network only" {
    start_server 0
    talk 0 '' "! tcp_client -q -t 1 127.0.0.1 $port hello 2>/dev/null"
    talk 0 '' 'test "$(grep -c : /proc/net/dev)" -eq 2'
}

@test "hosts: two wires at once do not meet" {
    start_wire_that_waits first
    first_pid=$wire_pid
    talk 0 'tcp_server -q -b 10.0.0.2 7000' 'tcp_client -q 10.0.0.2 7000 hello'
    running "$first_pid"
    stop_process "$first_pid"
}

# ---- commands and their ends

@test "commands: the exit status of the client's is 0 or 1 of wire's; the server is ended" {
    talk 0 "$sleeper 300 & echo listening on; wait" true
    talk 1 '' 'exit 3'
    said 'end: exit status 3'
    talk 1 '' 'kill -9 $$'
    said 'end: killed by signal 9'
    talk 1 '' 'no-such-program; exit 4'
    said 'end: exit status 4'
    said 'not found'
    run_for 30 both wire -q --free -c true -c false
    assert_equal "$status" 1 'exit status where one of two failed'
    wire_pid=$pid
    : >"$T/namespaces"
    assert_nothing_left 'after all'
}

@test "commands: one that does not exist is told in one line, whoever decides about the packets; with -q one that dies" {
    : >"$T/no-program"
    for options in --free -q '-q --play' --step; do
        # shellcheck disable=SC2086
        run_for 10 none wire $options -s no-such-program -c 'tcp_client 10.0.0.2 7000 x'
        assert_equal "$status" 1 "exit status, $options"
        assert_equal "$(cat "$T/none.err")" 'wire: run no-such-program on the server: No such file or directory' "$options"
    done
    run_for 10 none wire -c "$T/no-program x"
    assert_equal "$status" 1 'exit status'
    assert_equal "$(cat "$T/none.err")" "wire: run $T/no-program x on the client: Permission denied"
    run_for 10 fails wire -q -s 'cd / && no-such-program' -c 'kill -9 $$' -c 'exit 3'
    assert_equal "$status" 1 'exit status'
    assert_equal "$(cat "$T/fails.err")" 'wire: run cd / && no-such-program on the server: exit status 127
wire: run kill -9 $$ on the client: killed by signal 9 (Killed)'
    assert_empty "$T/fails.out"
}

@test "commands: a server that ends before it listens lets the client start all the same" {
    talk 1 'exit 4' 'tcp_client -q 10.0.0.2 7000 hello'
    said 'exit status 4'
    said 'Connection refused'
}

@test "commands: a server that never listens is waited for, not for ever" {
    SECONDS=0
    talk 0 "exec $sleeper 300" true
    [ "$SECONDS" -ge 5 ] && [ "$SECONDS" -lt 30 ] || fail "it was $SECONDS s"
}

@test "commands: endless output does not keep wire from ending" {
    run_for 30 endless wire -q --free -s 'echo listening on; exec yes' -c true
    assert_equal "$status" 0
    run_for 30 wide wire -q --free -c 'head -c 3000000 /dev/zero; echo'
    assert_equal "$status" 0
    start_wire noisy -q --free -c 'exec yes'
    wait_for eval "pgrep -P $wire_pid yes >/dev/null" || true
    stop_process "$wire_pid" TERM 5 || fail 'it still runs 5 s after SIGTERM'
}

@test "commands: daemons that left their session are gone afterwards" {
    start_wire daemons --free -s "setsid $sleeper 300 & (setsid $sleeper 301 &) ; echo listening on; wait" -c "$sleeper 302"
    wait_for eval "[ \$(pgrep -f '^$sleeper' | wc -l) -ge 3 ]" || fail 'the daemons do not run' "$(cat "$T"/daemons.*)"
    remember_namespaces
    pkill -f "^$sleeper 302"
    wait_exit "$pid" 10
    assert_nothing_left 'after the end of the client'
}

# ---- ends

@test "kill -9 of wire, with daemons, with a shell that has joined: nothing is left" {
    for _ in 1 2 3; do
        start_wire_that_waits killed --server "setsid $sleeper 301 & wait"
        start joined wire sh --of "$wire_pid" client sh -c "setsid $sleeper 302 & echo here; exec $sleeper 303"
        joined_pid=$pid
        wait_line "$T/joined.out" here || fail 'nobody joined' "$(cat "$T/joined.err")"
        wait_for eval "[ \$(pgrep -f '^$sleeper' | wc -l) -eq 4 ]"
        remember_namespaces $(pgrep -f "^$sleeper")
        stop_process "$wire_pid" KILL
        wait_exit "$joined_pid" 5 || fail 'wire sh still waits'
        assert_equal "$status" 137 'exit status of wire sh'
        assert_match "$(cat "$T/joined.err")" '^wire: the wire has ended'
        assert_nothing_left 'after kill -9'
    done
}

@test "kill -9 of a wire that plays a script, and SIGTERM: nothing is left" {
    printf '%s\n' "run server echo listening on; exec $sleeper 300" 'expect SYN from client' >"$T/waits.wire"
    for signal in KILL TERM; do
        start_wire script "$T/waits.wire"
        wait_for eval "pgrep -f '^$sleeper' >/dev/null" || fail "the script does not run" "$(cat "$T"/script.*)"
        namespaces_of $(pgrep -f "^$sleeper") >"$T/namespaces"
        stop_process "$wire_pid" "$signal" || fail "it still runs after SIG$signal"
        assert_nothing_left "after SIG$signal"
    done
}

@test "SIGTERM and SIGINT in each phase: wire dies of the signal within 2 s and leaves nothing" {
    for signal in TERM INT; do
        for phase in "server does not listen:--free -s 'exec $sleeper 300' -c true" \
            "client runs:--free -c 'exec $sleeper 300'" \
            "held packet:--play=300 -s 'tcp_server -q -b 10.0.0.2 7000' -c '$sleeper 0; tcp_client -q 10.0.0.2 7000 x'" \
            "client ignores it:--free -c 'trap \"\" TERM INT; $sleeper 300; $sleeper 301'" \
            "bad network:--delay 50 -s 'tcp_server -q -b 10.0.0.2 7000' -c '$sleeper 300'"; do
            eval "start_wire phase ${phase#*:}"
            wait_for has_children "$wire_pid" || fail "${phase%%:*}: nothing runs"
            remember_namespaces
            stop_process "$wire_pid" "$signal" 2 || fail "${phase%%:*}: it still runs 2 s after SIG$signal"
            assert_equal "$(status_text "$status")" "killed by SIG$signal" "${phase%%:*}"
            assert_nothing_left "${phase%%:*}, SIG$signal"
        done
    done
}
has_children() { [ "$(pgrep -P "$1" | wc -l)" -ge 2 ]; } # the hosts' first process, and a command

@test "SIGTERM while the hosts are being made: it ends, and nothing is left" {
    for ((i = 0; i < 20; i++)); do
        start_wire early -q --free -c "exec $sleeper 300"
        ((i % 4 == 0)) || wait_for -t 2 eval "[ \$(pgrep -P $wire_pid | wc -l) -ge $((i % 3)) ]" || true # any moment will do
        stop_process "$wire_pid" TERM 3 || fail "it still runs 3 s after SIGTERM"
        assert_equal "$(status_text "$status")" "killed by SIGTERM"
        : >"$T/namespaces"
        assert_nothing_left "attempt $i"
    done
}

@test "a wire sh that is stopped does not keep wire from ending" {
    start_wire_that_waits ending
    start joined wire sh --of "$wire_pid" client sh -c "echo here; exec $sleeper 303"
    joined_pid=$pid
    wait_line "$T/joined.out" here
    kill -STOP "$joined_pid"
    stop_process "$wire_pid" TERM 5 || fail 'it waits for a process that is stopped'
    kill -CONT "$joined_pid"
    wait_exit "$joined_pid" 5 || fail 'wire sh does not see the end'
    assert_equal "$status" 137
}

# ---- its own memory and descriptors

@test "valgrind: wire itself, free, with a bad network, with a script, refused: no error, no leak, no descriptor" {
    beyond_sample
    command -v valgrind >/dev/null || skip 'valgrind is not installed'
    ! grep -q __asan_init "$BIN/wire" || skip 'the programs are built with SAN=1: the sanitizer has its own eyes'
    local server='tcp_server -q -b 10.0.0.2 7000' client='tcp_client -q 10.0.0.2 7000 hello'
    watched 0 --free -s "$server" -c "$client"
    watched 0 --delay 1 --duplicate 50 --seed 3 -s "$server" -c "$client"
    watched 0 -q --play=0.01 -s "$server" -c "$client"
    watched 0 --free --json -c true
    watched 0 --free --svg "$T/a.svg" --pcap "$T/a.pcapng" -s "$server" -c "$client"
    watched 1 --free --svg "$T/no/a.svg" -c true
    watched 1 --free -c false
    printf '%s\n' "run server $server" 'state server LISTEN' "run client $client" 'expect SYN from client' drop >"$T/a.wire"
    watched 0 "$T/a.wire"
}
watched() { # STATUS ARG...
    start watched "$(command -v valgrind)" --quiet --leak-check=full --errors-for-leak-kinds=definite,indirect,possible \
        --track-fds=yes --error-exitcode=99 --log-file="$T/log.%p" "$BIN/wire" "${@:2}"
    wait_exit "$pid" 60 || fail "wire ${*:2} does not end"
    found=$(grep -E 'ERROR|Invalid|uninitiali|lost in|already closed|Open AF_|Open file descriptor|Syscall param' "$T/log.$pid" |
        grep -vE "Open file descriptor ([012]:|[0-9]+: $T/log)" || true)
    assert_equal "$found" '' "wire ${*:2}" || fail "$(cat "$T/log.$pid")" || return
    assert_equal "$status" "$1" "exit status of wire ${*:2}" || fail "$(cat "$T/watched.err")"
}
