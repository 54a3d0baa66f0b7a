#!/usr/bin/env bats
# tcp_pool: calls over a pool of connections. What the pool itself has to do: tests/unit/pool_test.c.

# helper.bash sets pid, port, status and server_pid.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016

load helper

# A server that looks how its connections are used (tests/peers/pool_peer). Sets port, peer_pid.
watching() { # OPTION VALUE...
    start_listening peer "$ROOT/tests/peers/pool_peer" "$@" || return
    peer_pid=$pid
}
content_with() { # the server that watches has nothing to complain of
    wait_exit "$peer_pid" 20 || fail 'the server that watches does not end' "$(cat "$T/peer.out")" || return
    [ "$status" -eq 0 ] || fail "$(cat "$T/peer.out")"
}
calls() { # STATUS [ARG]...
    run_for 30 pool tcp_pool 127.0.0.1 "$port" "${@:2}" || return
    assert_equal "$(status_text "$status")" "exit status $1" "tcp_pool ${*:2}" || fail "$(cat "$T/pool.out" "$T/pool.err")"
}
# A number of the summary's last rows: WHEN COLUMN (2 ESTABLISHED, 3 CLOSE_WAIT, 4 TIME_WAIT, from the right 3, 2, 1).
shown() { awk -v when="$1" -v column="$2" 'index($0, when) == 1 { print $(NF - 3 + column) }' "$T/pool.out"; }

@test "one after another: one connection, which is kept" {
    watching calls 20 max 4 connects 1
    calls 0 --workers 1 --calls 20
    content_with
    assert_equal "$(grep -c ' new .* answered in ' "$T/pool.err") $(grep -c ' kept .* answered in ' "$T/pool.err")" '1 19' 'lines'
    assert_match "$(cat "$T/pool.out")" '20 calls: 20 answered, 0 failed, 0 repeated.*pool: 1 connects, 19 times kept ones, 0 waits'
}

@test "more workers than connections: all are served, never more than --max at once" {
    watching calls 200 max 2 at-once 2 connects 2
    calls 0 -q --max 2 --workers 8 --calls 200
    content_with
    assert_empty "$T/pool.err" 'stderr with -q'
    assert_match "$(cat "$T/pool.out")" '200 answered, 0 failed.*2 connects, 198 times kept ones, 1?[0-9]?[0-9] waits of'
}

@test "netstat agrees with the summary: ESTABLISHED while the pool has them, TIME_WAIT afterwards" {
    start_server -q --model fork --pause-read 6 0 # so long does each connection's first call keep it
    start pool tcp_pool 127.0.0.1 "$port" --max 3 --workers 3 --calls 6
    wait_for -t 10 three_established || fail "$(netstat_rows "$port")"
    wait_exit "$pid" 40
    assert_equal "$status" 0 'exit status'
    assert_equal "$(shown 'before' 1) $(shown 'after the calls' 1) $(shown 'at the end' 1)" '0 3 0' ESTABLISHED
    assert_equal "$(shown 'at the end' 3)" "$(rows_to "$port" TIME_WAIT | wc -l)" 'TIME_WAIT'
}
three_established() { [ "$(rows_to "$port" ESTABLISHED | wc -l)" = 3 ]; }

@test "--no-pool: a connection for every call, and TIME_WAIT for each" {
    start_server -q --model fork 0
    calls 0 -q --no-pool --calls 50
    assert_match "$(cat "$T/pool.out")" 'no pool: 50 connects'
    assert_equal "$(shown 'at the end' 3)" "$(rows_to "$port" TIME_WAIT | wc -l)" 'TIME_WAIT'
}

@test "a connection that the server closed while it was idle is replaced; --naive uses it" {
    watching calls 6 max 1 fin-with 2,4
    calls 0 --max 1 --workers 1 --calls 6
    content_with
    assert_match "$(cat "$T/pool.out")" '3 connects, 3 times kept ones.* 2 by the server'
    run ! grep CLOSE_WAIT "$T/pool.err"
    watching calls 6 max 1 fin-with 2
    calls 1 --max 1 --workers 1 --calls 3 --naive
    grep -q '^call 3 .* kept .* CLOSE_WAIT .* the server had closed it$' "$T/pool.err"
    grep -q '^tcp_pool: call 3, on a kept connection: .*: the server had closed it$' "$T/pool.err"
}

@test "a kept connection that ends instead of answering: the call is made again; on a new one it has failed" {
    watching calls 5 max 1 drop 3
    calls 0 --max 1 --workers 1 --calls 5
    content_with
    assert_match "$(cat "$T/pool.out")" '5 answered, 0 failed, 1 repeated'
    watching calls 1 drop 1
    calls 1 --workers 1 --calls 1
    grep -q '^tcp_pool: call 1, on a new connection: .*: the server had closed it$' "$T/pool.err"
}

@test "an answer in two parts; another answer" {
    watching calls 6 max 2 split 0.05
    calls 0 -q --max 2 --workers 4 --calls 6
    content_with
    watching calls 1 wrong 1
    calls 1 -q --workers 1 --calls 1
    grep -q '^tcp_pool: call 1.* the answer is not what was sent' "$T/pool.err"
}

@test "--idle, --lifetime: made anew; 0: kept" {
    watching calls 3 max 1
    calls 0 --max 1 --workers 1 --calls 3 --idle 0.01 --pause 0.05
    content_with
    assert_match "$(cat "$T/pool.out")" '3 connects, 0 times kept ones.*closed: 2 idle too long, 0 too old'
    watching calls 3 max 1
    calls 0 --max 1 --workers 1 --calls 3 --lifetime 0.01 --pause 0.05
    content_with
    assert_match "$(cat "$T/pool.out")" '3 connects, 0 times kept ones.*closed: 0 idle too long, [23] too old'
    watching calls 3 max 1 connects 1
    calls 0 --max 1 --workers 1 --calls 3 --idle 0 --pause 0.05
    content_with
}

@test "--wait: who gets no connection in time has failed" {
    watching calls 2 max 1 hold "0,$T/go"
    start pool tcp_pool 127.0.0.1 "$port" --max 1 --workers 2 --calls 2 --wait 50
    pool_pid=$pid
    wait_line "$T/pool.err" '^tcp_pool: call [12], wait: .*: no connection came free in time$'
    : >"$T/go"
    wait_exit "$pool_pid"
    assert_equal "$status" 1 'exit status'
    assert_match "$(cat "$T/pool.out")" '1 answered, 1 failed'
    assert_match "$(cat "$T/pool.out")" 'pool: 1 connects, 0 times kept ones, 1 waits of [0-9]+ µs on average, 1 got none in time'
}

@test "--wait 0: nobody waits, and the summary has how many got none" {
    watching calls 3 max 1 hold "0,$T/go"
    start pool tcp_pool 127.0.0.1 "$port" --max 1 --workers 3 --calls 3 --wait 0
    pool_pid=$pid
    wait_for two_have_failed
    : >"$T/go"
    wait_exit "$pool_pid"
    assert_equal "$status" 1 'exit status'
    assert_match "$(cat "$T/pool.out")" '1 answered, 2 failed'
    assert_equal "$(grep '^pool: ' "$T/pool.out")" 'pool: 1 connects, 0 times kept ones, 0 waits, 2 got none in time'
}
two_have_failed() { [ "$(grep -c 'no connection came free in time$' "$T/pool.err")" = 2 ]; }

@test "a server that is down: the summary has how many could not connect, with a pool and without" {
    port=$(free_port)
    calls 1 -q --workers 2 --calls 8
    assert_equal "$(grep '^pool: ' "$T/pool.out" | sed 's/[0-9]* waits.*average/N waits/; s/0 waits/N waits/')" \
        'pool: 0 connects, 0 times kept ones, N waits, 8 could not connect'
    calls 1 -q --no-pool --workers 2 --calls 8
    assert_equal "$(grep '^no pool: ' "$T/pool.out")" 'no pool: 0 connects, 8 could not connect'
}

@test "a server that is down: every call fails, none hangs; five are told" {
    port=$(free_port)
    calls 1 --max 2 --workers 3 --calls 100
    assert_equal "$(wc -l <"$T/pool.err")" 5 'lines on stderr'
    assert_match "$(head -n 1 "$T/pool.err")" "^tcp_pool: call [0-9]+, connect: 127.0.0.1 port $port: Connection refused$"
    assert_match "$(cat "$T/pool.out")" '0 answered, 100 failed'
}

@test "a server that stalls: --timeout ends the call, and the connection is not used again" {
    watching calls 2 hold "0,$T/never"
    calls 1 --workers 1 --calls 2 --timeout 0.2
    grep -q '^tcp_pool: call 1, on a new connection: .*: Connection timed out$' "$T/pool.err"
    assert_match "$(cat "$T/pool.out")" 'pool: 2 connects, 0 times kept ones'
}

@test "--step: Enter makes each call; the end of stdin lets it run" {
    watching calls 3 max 1 connects 1
    mkfifo "$T/enter"
    exec 8<>"$T/enter"
    STDIN=$T/enter start pool tcp_pool 127.0.0.1 "$port" --workers 1 --calls 3 --step
    pool_pid=$pid
    wait_line "$T/pool.err" '^call 1 +Enter makes it'
    run ! grep -q '^connection' "$T/peer.out"
    echo >&8
    wait_line "$T/pool.err" '^call 1 .* answered in'
    printf '\n\n' >&8
    wait_exit "$pool_pid"
    assert_equal "$status" 0 'exit status'
    content_with
    exec 8>&-
    watching calls 3 max 1
    calls 0 --workers 1 --calls 3 --step
    content_with
}

@test "IPv6, and a name" {
    start_server -q --model fork -b ::1 0
    run_for 20 pool tcp_pool ::1 "$port" --calls 5
    assert_equal "$status" 0 'exit status' || fail "$(cat "$T/pool.err")"
    grep -q ' new  \[::1\]:[0-9]* ESTABLISHED ' "$T/pool.err"
    assert_equal "$(shown 'at the end' 3)" "$(rows_to "$port" TIME_WAIT | wc -l)" 'TIME_WAIT'
}

@test "SIGINT and SIGTERM in every phase: ends at once, by the signal" {
    for signal in TERM INT; do
        watching calls 2 hold "0,$T/never"
        start pool tcp_pool 127.0.0.1 "$port" --max 1 --workers 3 --calls 5 # one in read, two wait for the pool
        wait_line "$T/peer.out" '^holding'
        ends $signal
        start_server -q --model fork 0
        start pool tcp_pool 127.0.0.1 "$port" --calls 1000000 -q # busy
        wait_state "$port" ESTABLISHED
        ends $signal
        start pool tcp_pool 127.0.0.1 "$port" --calls 8 --pause 60
        wait_line "$T/pool.err" '^call 4 '
        ends $signal
        mkfifo "$T/enter.$signal"
        exec 8<>"$T/enter.$signal"
        STDIN=$T/enter.$signal start pool tcp_pool 127.0.0.1 "$port" --workers 1 --step
        wait_line "$T/pool.err" 'Enter makes it'
        ends $signal
        exec 8>&-
    done
}
ends() { # SIGNAL
    stop_process "$pid" "$1" 2 || fail "SIG$1 does not end it" "$(cat "$T/pool.out" "$T/pool.err")" || return
    assert_equal "$(status_text "$status")" "killed by SIG$1" 'its end' || return
    run ! grep -v '^call' "$T/pool.err" || fail "stderr: $(cat "$T/pool.err")"
}

@test "SIGTERM in connect, to a server whose queue is full" {
    start deaf "$(command -v perl)" -MSocket -e '$| = 1; socket S, PF_INET, SOCK_STREAM, 0; bind S, pack_sockaddr_in(0, INADDR_LOOPBACK);
        listen S, 0; my ($p) = unpack_sockaddr_in(getsockname S); print "listening on 127.0.0.1:$p\n"; sleep 600'
    wait_line "$T/deaf.out" '^listening'
    port=$(sed -n 's/^listening on .*://p' "$T/deaf.out")
    start pool tcp_pool 127.0.0.1 "$port" --max 4 --workers 4
    wait_state "$port" SYN_SENT
    ends TERM
}

@test "many connections and few descriptors: said, and nothing hangs" {
    start_server -q --model fork 0
    start pool "$(command -v bash)" -c "ulimit -n 12; exec '$BIN/tcp_pool' 127.0.0.1 $port --max 50 --workers 50 --calls 200 -q --pause 0.01"
    wait_exit "$pid" 30 || fail 'it hangs'
    assert_equal "$status" 1 'exit status'
    grep -q 'Too many open files' "$T/pool.err"
}

@test "wrong arguments: one line on stderr, exit status 2" {
    while read -r -a arguments; do
        run -2 --separate-stderr "$BIN/tcp_pool" "${arguments[@]}"
        assert_equal "$output" '' "stdout of ${arguments[*]}"
        [[ $(wc -l <<<"$stderr") -eq 1 && $stderr == *tcp_pool:* ]] || fail "${arguments[*]}: $stderr"
    done <<'WRONG'

127.0.0.1
127.0.0.1 70000
127.0.0.1 0
127.0.0.1 http
127.0.0.1 7000 more
--max 0 127.0.0.1 7000
--max x 127.0.0.1 7000
--workers 0 127.0.0.1 7000
--calls -1 127.0.0.1 7000
--wait -1 127.0.0.1 7000
--idle x 127.0.0.1 7000
--fifo --lifo 127.0.0.1 7000
--no-pool --naive 127.0.0.1 7000
--no-pool --max 1 127.0.0.1 7000
--no-pool --wait 5 127.0.0.1 7000
--no-pool --idle 3 127.0.0.1 7000
--lifetime 3 --no-pool 127.0.0.1 7000
--no-pool --lifo 127.0.0.1 7000
--fifo --no-pool 127.0.0.1 7000
127.0.0.1 7000 --no-pool --max 4
--step 127.0.0.1 7000
--nonsense 127.0.0.1 7000
WRONG
}

@test "--no-pool with what only a pool has: the option is named" {
    for option in --max=4 --wait=5 --idle=3 --lifetime=3 --lifo --fifo; do
        run -2 "$BIN/tcp_pool" --no-pool "$option" -q 127.0.0.1 7000
        assert_equal "$output" "tcp_pool: --no-pool and ${option%=*}: without a pool it would set nothing"
    done
}

@test "--help and --version; a summary that nobody takes" {
    run -0 "$BIN/tcp_pool" --help
    assert_match "$output" '^usage: tcp_pool '
    run -0 "$BIN/tcp_pool" --version
    assert_match "$output" '^tcp_pool \(netstep\) '
    start_server -q --model fork 0
    run -1 bash -c "'$BIN/tcp_pool' -q 127.0.0.1 $port >/dev/full"
    assert_match "$output" '^tcp_pool: write to standard output: No space left on device$'
}
