#!/usr/bin/env bats
# tcpstate hold and tour: every state on a real socket, with netstat as the witness.

# helper.bash sets pid and status.
# shellcheck disable=SC2154

load helper

# held STATE [OPTION]...: holds it in the background; sets $pid, $held, $port and $row, the row that it promises.
held() {
    start hold tcpstate hold "$@"
    wait_line "$T/hold.out" '^Held ' || fail "hold $* does not hold" "$(cat "$T/hold.out" "$T/hold.err")"
    held=$pid
    port=$(sed -n 's/.*grep :\([0-9]*\).*/\1/p' "$T/hold.out" | head -n 1)
    row=$(sed -n '/^The row to look for:/{n;s/ *$//;p;}' "$T/hold.out")
}

netstat_shows_row() { netstat -antW | sed 's/ *$//' | grep -Fxq -- "$row"; }

no_socket_but_time_wait() { [ -z "$(netstat_rows "$port" | grep -v TIME_WAIT)" ]; }

check_state() { # STATE [OPTION]...
    held "$@"
    assert_match "$row" " $1\$"
    wait_for -t 3 netstat_shows_row || fail "netstat does not show the row of $1" "$row" "$(netstat_rows "$port")"
    stop_process "$held" INT
    assert_equal "$status" 0 "exit status"
    wait_for -t 3 no_socket_but_time_wait || fail "left behind by $1:" "$(netstat_rows "$port")"
}


@test "hold: netstat shows the promised row for each of the ten states, and nothing is left behind" {
    for state in LISTEN SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSE_WAIT CLOSING LAST_ACK TIME_WAIT; do
        check_state "$state"
    done
}

@test "hold: on IPv6 too" {
    [ -e /proc/net/if_inet6 ] && grep -q '^0*1 ' /proc/net/if_inet6 || skip "no ::1 here"
    check_state CLOSE_WAIT -6
    check_state SYN_RECV -6
    assert_match "$row" '^tcp6 '
}

@test "hold: BSD's and RFC 9293's names, a port of one's own" {
    local wanted
    wanted=$(free_port)
    held FIN-WAIT-2 --port "$wanted"
    assert_equal "$port" "$wanted"
    assert_match "$row" ' FIN_WAIT2$'
}

@test "hold: Enter ends it, SIGTERM ends it, --for ends it; the end of its input does not" {
    mkfifo "$T/enter"
    STDIN=$T/enter start hold tcpstate hold LISTEN
    held=$pid
    exec 8>"$T/enter"
    wait_line "$T/hold.out" '^Held '
    echo >&8
    wait_exit "$held"
    exec 8>&-
    assert_equal "$status" 0 "exit status after Enter"
    held LISTEN # its input is /dev/null: at its end from the beginning
    [ -n "$(netstat_rows "$port" LISTEN)" ]
    stop_process "$held" TERM
    assert_equal "$status" 0 "exit status after SIGTERM"
    run_for 10 hold tcpstate hold CLOSING --for 0.1
    assert_equal "$status" 0 "exit status after --for"
}

@test "hold CLOSED explains why there is no row" {
    run "$BIN/tcpstate" hold CLOSED
    assert_equal "$status" 0 "exit status"
    assert_match "$output" 'no row'
}

@test "hold: a port that is taken is the world's refusal, with the reason" {
    start_listening server tcp_server 0
    run --separate-stderr "$BIN/tcpstate" hold ESTABLISHED --port "$port"
    assert_equal "$status" 1 "exit status"
    assert_match "$stderr" '^tcpstate: .*in use'
}

@test "hold, tour: bad input is one line on stderr, exit status 2" {
    for arguments in 'hold' 'hold NOWHERE' 'hold LISTEN LISTEN' 'hold --for x LISTEN' 'hold --port 70000 LISTEN' \
        'hold --nosuch LISTEN' 'tour --nosuch' 'tour surplus' 'tour --pause x'; do
        # shellcheck disable=SC2086 # words
        run --separate-stderr "$BIN/tcpstate" $arguments
        assert_equal "$status" 2 "exit status of $arguments"
        assert_equal "$output" '' "stdout of $arguments"
        assert_equal "$(wc -l <<<"$stderr")" 1 "lines on stderr of $arguments ($stderr)"
    done
}

@test "tour: ten states seen, and the exit status says so" {
    run_for 60 tour tcpstate tour --ascii
    assert_equal "$status" 0 "exit status"
    grep -q '10 of the 10 states' "$T/tour.out" || fail "$(cat "$T/tour.out")"
    run ! grep -qP '[^\x00-\x7f]' "$T/tour.out"
    for state in LISTEN SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSE_WAIT CLOSING LAST_ACK TIME_WAIT; do
        grep -qE "$state .*seen" "$T/tour.out" || fail "no line of the tour has seen $state"
    done
}

@test "tour --netstat: the rows are netstat's own" {
    run_for 60 tour tcpstate tour --netstat
    assert_equal "$status" 0 "exit status"
    for state in LISTEN ESTABLISHED CLOSE_WAIT FIN_WAIT2 CLOSING TIME_WAIT; do
        grep -qE "tcp +[0-9]+ +[0-9]+ 127\.0\.0\.1:[0-9]+ +[^ ]+ +$state" "$T/tour.out" || fail "no row of netstat in $state"
    done
}

@test "tour: a signal ends it at once, and nothing is left behind" {
    start tour tcpstate tour --pause 5
    wait_line "$T/tour.out" 'listen'
    stop_process "$pid" INT 2
    assert_equal "$status" 130 "exit status"
}
