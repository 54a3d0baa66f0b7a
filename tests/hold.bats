#!/usr/bin/env bats
# tcpstate hold: a real socket in every state, with netstat as the witness, and nothing left behind.

load helper

# Starts a hold and waits until it has told everything. Sets $pid, $port (of its netstat command) and $row.
hold() { # NAME STATE [OPTION]...
    local name=$1
    shift
    start "$name" tcpstate hold "$@"
    wait_for told_or_ended "$name" || fail "hold $*: it said nothing" "$(cat "$T/$name.out" "$T/$name.err")" || return
    port=$(sed -n 's/^look: .*netstat -ant | grep :\([0-9]*\)$/\1/p' "$T/$name.out")
    row=$(sed -n '/^The row to look for:$/{n;p}' "$T/$name.out")
    [ -n "$port" ] || fail "hold $*: no netstat command" "$(cat "$T/$name.out" "$T/$name.err")"
}
told_or_ended() { grep -q '^Held ' "$T/$1.out" || ! running "$pid"; }

# netstat shows exactly the rows that were printed.
netstat_shows() { netstat -ant | grep -Fxq -- "$1"; }
netstat_lacks() { ! netstat_shows "$1"; }

holds() { # STATE [OPTION]...
    local state=$1 peer
    hold held "$@" || return
    assert_match "$row" " $state *\$" "the row that was printed"
    wait_for -t 2 netstat_shows "$row" || fail "netstat has no such row: $row" "$(netstat_rows "$port")" || return
    peer=$(sed -n "/^The other end's:\$/{n;p}" "$T/held.out")
    [ -z "$peer" ] || wait_for -t 2 netstat_shows "$peer" || fail "netstat lacks the peer: $peer" "$(netstat_rows "$port")" || return
    stop_process "$pid" || fail "SIGTERM does not end it" || return
    assert_equal "$status" 0 "exit status" || return
    assert_empty "$T/held.err" stderr || return
    assert_equal "$(session_members "$pid")" "" "processes that are left" || return
    # These very rows: the port's number may be another connection's by now.
    [ "$state" = TIME_WAIT ] || wait_for -t 5 netstat_lacks "$row" || fail "a row that is left: $row" || return
    [ -z "$peer" ] || wait_for -t 5 netstat_lacks "$peer" || fail "a row that is left: $peer"
}

@test "hold LISTEN" { holds LISTEN; }
@test "hold SYN_SENT" { holds SYN_SENT; }
@test "hold SYN_RECV" { holds SYN_RECV; }
@test "hold ESTABLISHED" { holds ESTABLISHED; }
@test "hold FIN_WAIT1" { holds FIN_WAIT1; }
@test "hold FIN_WAIT2" { holds FIN_WAIT2; }
@test "hold CLOSE_WAIT" { holds CLOSE_WAIT; }
@test "hold CLOSING" { holds CLOSING; }
@test "hold LAST_ACK" { holds LAST_ACK; }
@test "hold TIME_WAIT, whose row alone outlives the process" {
    holds TIME_WAIT
    netstat_shows "$row" || fail "the row has gone with the process" "$(netstat_rows "$port")"
}

@test "on IPv6, all ten" {
    [ -e /proc/sys/net/ipv6/conf/lo/disable_ipv6 ] && [ "$(cat /proc/sys/net/ipv6/conf/lo/disable_ipv6)" = 0 ] ||
        skip "this machine's loopback has no IPv6"
    local state
    for state in LISTEN SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 CLOSE_WAIT CLOSING LAST_ACK TIME_WAIT; do
        holds "$state" --ipv6 || fail "in $state" || return
        assert_match "$row" '^tcp6 .* ::1:' "the row"
    done
    holds ESTABLISHED -6
}

@test "the other end's row is told: LISTEN with a full queue, FIN_WAIT2 for CLOSE_WAIT, none for TIME_WAIT" {
    hold a SYN_SENT
    assert_match "$(cat "$T/a.out")" "The other end's:.*tcp        1      0 127.0.0.1:$port .* LISTEN"
    hold b CLOSE_WAIT
    assert_match "$(cat "$T/b.out")" "The other end's:.*:$port +FIN_WAIT2"
    hold c TIME_WAIT
    assert_match "$(cat "$T/c.out")" 'The other end is CLOSED: it has no row'
    hold d LISTEN
    assert_match "$(cat "$T/d.out")" 'It has no other end yet'
}

@test "it says how long the kernel allows, from the kernel's own settings" {
    local retries linear seconds interval i fin
    retries=$(cat /proc/sys/net/ipv4/tcp_syn_retries)
    linear=$(cat /proc/sys/net/ipv4/tcp_syn_linear_timeouts 2>/dev/null || echo 0)
    seconds=$linear interval=1
    for ((i = 0; i <= retries; i++)); do
        seconds=$((seconds + interval))
        interval=$((interval * 2 < 120 ? interval * 2 : 120))
    done
    run_for 10 a tcpstate hold SYN_SENT --for 0
    assert_match "$(cat "$T/a.out")" "lasts:  about $seconds s: the SYN is repeated $((retries + linear)) times"
    fin=$(cat /proc/sys/net/ipv4/tcp_fin_timeout)
    run_for 10 b tcpstate hold FIN_WAIT2 --for 0
    assert_match "$(cat "$T/b.out")" "tcp_fin_timeout, $fin s, counts only after close"
    run_for 10 c tcpstate hold SYN_RECV --for 0
    assert_match "$(cat "$T/c.out")" 'lasts:  3[0-9]{3} s \(TCP_DEFER_ACCEPT\)'
    run_for 10 d tcpstate hold TIME_WAIT --for 0
    assert_match "$(cat "$T/d.out")" 'lasts:  about 60 s \(2 MSL\)'
}

@test "SYN_SENT: what is said about its end is true (exit 1 when it comes, in a network of its own)" {
    own_network "sysctl -qw net.ipv4.tcp_syn_retries=1
        [ ! -e /proc/sys/net/ipv4/tcp_syn_linear_timeouts ] || sysctl -qw net.ipv4.tcp_syn_linear_timeouts=0"
    run_for 30 held "$T/in_network" hold SYN_SENT --for 25
    assert_equal "$status" 1 "exit status"
    assert_match "$(cat "$T/held.out")" 'lasts:  about 3 s'
    assert_match "$(cat "$T/held.err")" '^tcpstate: SYN_SENT ended after [0-9]+\.[0-9] s: the kernel shows no row any more$'
}

@test "a kernel that keeps no TIME_WAIT: exit 1 with the reason" {
    own_network 'sysctl -qw net.ipv4.tcp_max_tw_buckets=0'
    run_for 30 held "$T/in_network" hold TIME_WAIT
    assert_equal "$status" 1 "exit status"
    assert_empty "$T/held.out" stdout
    assert_match "$(cat "$T/held.err")" '^tcpstate: TIME_WAIT was not reached: .*tcp_max_tw_buckets is 0'
}

@test "no network, no IPv6: one line, exit 1" {
    link=down own_network
    run_for 10 a "$T/in_network" hold ESTABLISHED
    assert_equal "$status" 1 "exit status"
    assert_match "$(cat "$T/a.err")" '^tcpstate: connect 127\.0\.0\.1:[0-9]+: Network is unreachable$'
    run_for 10 b "$T/in_network" hold LISTEN -6
    assert_equal "$status" 1 "exit status"
    assert_match "$(cat "$T/b.err")" '^tcpstate: bind \[::1\]:0: .*no IPv6'
}

# Makes $T/in_network: tcpstate in a network namespace of its own, where the commands $1 have been run.
own_network() {
    unshare -rn true 2>/dev/null || skip "no network namespaces here"
    command -v ip >/dev/null && command -v sysctl >/dev/null || skip "ip or sysctl is missing"
    cat >"$T/in_network" <<EOF
#!/bin/sh
exec unshare -rn sh -c 'ip link set lo ${link:-up}; ${1:-}
exec "\$0" "\$@"' "$BIN/tcpstate" "\$@"
EOF
    chmod +x "$T/in_network"
}

@test "descriptors used up: exit 1 with the reason, for each number of them" {
    local limit
    for limit in 4 5 6; do
        printf '#!/bin/sh\nulimit -n %d\nexec "%s" hold SYN_SENT --for 0\n' "$limit" "$BIN/tcpstate" >"$T/limited"
        chmod +x "$T/limited"
        run_for 10 held "$T/limited"
        assert_equal "$status" 1 "exit status with $limit descriptors"
        assert_match "$(cat "$T/held.err")" '^tcpstate: socket: Too many open files$'
        assert_empty "$T/held.out" stdout
    done
}

@test "--for ends it, and it says so" {
    run_for 15 held tcpstate hold ESTABLISHED --for 0.3
    assert_equal "$status" 0 "exit status"
    assert_match "$(cat "$T/held.out")" 'Ended by --for after 0\.[3-9] s\.|Ended by --for after [1-9]'
}

@test "Enter ends it; other keys do not" {
    mkfifo "$T/keys"
    exec 9<>"$T/keys"
    STDIN=$T/keys hold held CLOSE_WAIT
    printf 'x' >&9
    wait_for -t 2 pipe_empty || fail "the key was not read"
    running "$pid"
    wait_for -t 2 netstat_shows "$row"
    printf '\n' >&9
    wait_exit "$pid" || fail "Enter does not end it"
    exec 9>&-
    assert_equal "$status" 0 "exit status"
    assert_match "$(tail -n 1 "$T/held.out")" '^Ended by Enter after '
}
pipe_empty() { ! read -r -t 0 -u 9; }

@test "SIGINT and SIGTERM end it with exit status 0" {
    local signal
    for signal in INT TERM; do
        hold "$signal" FIN_WAIT1
        stop_process "$pid" "$signal" || fail "SIG$signal does not end it"
        assert_equal "$status" 0 "exit status after SIG$signal"
        assert_match "$(tail -n 1 "$T/$signal.out")" "^Ended by SIG$signal after "
    done
}

@test "the end of standard input does not end it, and it says what will" {
    hold held ESTABLISHED # stdin is /dev/null
    wait_line "$T/held.out" '^Standard input has ended: .*SIGTERM'
    # Longer than a look takes: three of its looks at the kernel come and go.
    wait_for -t 3 waited_ms 700
    running "$pid" || fail "it has ended: $(cat "$T/held.out" "$T/held.err")"
    netstat_shows "$row"
    stop_process "$pid"
    assert_equal "$status" 0 "exit status"
}
waited_ms() {
    : "${waiting_since:=${EPOCHREALTIME/[.,]/}}"
    ((${EPOCHREALTIME/[.,]/} - waiting_since > $1 * 1000))
}

@test "closed stdin, stdout and stderr: no socket takes their place" {
    cat >"$T/without" <<EOF
#!/bin/sh
exec "$BIN/tcpstate" hold ESTABLISHED --for 0.3 <&- >&- 2>&-
EOF
    chmod +x "$T/without"
    run_for 15 held "$T/without"
    assert_equal "$status" 0 "exit status"
}

@test "CLOSED explains why it has no row" {
    run --separate-stderr "$BIN/tcpstate" hold closed
    assert_equal "$status" 0 "exit status"
    assert_match "$output" 'no row'
    assert_equal "$stderr" "" stderr
}

@test "BSD's and RFC 9293's spellings, capitals or not" {
    local word
    for word in SYN-RECEIVED syn_rcvd SYN_RECV; do
        hold "$word" "$word"
        assert_match "$row" ' SYN_RECV *$'
    done
    for word in FIN-WAIT-2 fin_wait_2 finwait2; do
        hold "$word" "$word"
        assert_match "$row" ' FIN_WAIT2 *$'
    done
}

@test "--port takes that port, also while TIME_WAITs of it linger" {
    local wanted
    wanted=$(free_port)
    hold first TIME_WAIT --port "$wanted"
    assert_equal "$port" "$wanted" "port"
    stop_process "$pid"
    hold second LISTEN -p "$wanted"
    assert_match "$row" "127.0.0.1:$wanted +0.0.0.0:\* +LISTEN"
    # A third one cannot have it, and says who has.
    run_for 10 third tcpstate hold SYN_RECV --port "$wanted"
    assert_equal "$status" 1 "exit status"
    assert_match "$(cat "$T/third.err")" "^tcpstate: (bind|listen) 127\.0\.0\.1:$wanted: Address already in use .*netstat"
}

@test "two at once do not meet" {
    hold one CLOSING
    local first_row=$row first=$pid
    hold two CLOSING
    [ "$row" != "$first_row" ]
    wait_for -t 2 netstat_shows "$first_row"
    stop_process "$first"
    wait_for -t 2 netstat_shows "$row"
}

@test "bad input: one line on stderr, exit 2" {
    bad() { # PATTERN ARGUMENT...
        local pattern=$1
        shift
        run --separate-stderr "$BIN/tcpstate" hold "$@"
        assert_equal "$status" 2 "exit status of hold $*"
        assert_equal "${#stderr_lines[@]}" 1 "lines on stderr of hold $*"
        assert_match "$stderr" "$pattern"
        assert_equal "$output" "" "stdout of hold $*"
    }
    bad 'which state'
    bad 'one state' LISTEN CLOSED
    bad "'OPEN' is no TCP state" OPEN
    bad "''" ''
    bad 'decimal' LISTEN --port 0x50
    bad 'decimal' LISTEN --port -1
    bad '65535' LISTEN --port 65536
    bad 'decimal' LISTEN --port http
    bad "'soon'" LISTEN --for soon
    bad "'-1'" LISTEN --for -1
    bad 'nonsense' LISTEN --nonsense
    bad 'requires an argument' LISTEN --for
}

@test "--help says what there is" {
    run "$BIN/tcpstate" hold --help
    assert_equal "$status" 0 "exit status"
    assert_match "$output" '--for SECS'
    assert_match "$output" 'LAST_ACK'
}
