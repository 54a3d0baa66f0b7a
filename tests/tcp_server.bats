#!/usr/bin/env bats
# tcp_server: what it serves, tells and survives, with netstat as the witness.

# helper.bash sets pid, port, address, server_pid and status.
# shellcheck disable=SC2154

load helper

peer() { perl "$ROOT/tests/peers/peer" "$@"; }

# refused STATUS REGEX ARGUMENT...: that exit status, one line on stderr, nothing on stdout but narration
refused() {
    local wanted=$1 regex=$2
    shift 2
    run --separate-stderr timeout 10 "$BIN/tcp_server" "$@"
    assert_equal "$status" "$wanted" "exit status of tcp_server $*"
    assert_equal "$(wc -l <<<"$stderr")" 1 "lines on stderr of tcp_server $*"
    assert_match "$stderr" "$regex" "stderr of tcp_server $*"
    assert_match "$stderr" '^([^ ]*/)?tcp_server: '
    run ! grep -q '^listening on' <<<"$output"
}

@test "arguments: what is wrong and why, exit status 2" {
    refused 2 'which PORT'
    refused 2 "port '0x50': not a decimal number" 0x50
    refused 2 'invalid option|-1' -1
    refused 2 "port '65536': too large" 65536
    refused 2 "port 'http'" http
    refused 2 "port ''" ''
    refused 2 "only one PORT" 7000 7001
    refused 2 'nosuch' --nosuch 7000
    refused 2 "--backlog" --backlog x 7000
    refused 2 "--model 'threads'" --model threads 7000
    refused 2 '--pause-read' --pause-read -1 7000
    refused 2 'requires an argument' --bind
    refused 2 'one connection ends in one way' --close-first --reset 7000
}

@test "the world refuses: a name, an address, a port, exit status 1" {
    refused 1 'nosuch.invalid.*(Name|name|resolution)' -b nosuch.invalid 0
    refused 1 'bind 192.0.2.1 .*no address of this machine' -b 192.0.2.1 0
    start_server 0
    refused 1 "bind 127.0.0.1 port $port: Address already in use \(another server listens there" "$port"
    refused 1 "in TIME_WAIT.*--no-reuse|listens there" --no-reuse "$port"
}

@test "the world refuses: a privileged port" {
    [ "$(id -u)" -ne 0 ] || skip "root may bind port 80"
    [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 80 ] || skip "here everybody may bind port 80"
    refused 1 'port 80: .*below 1024' 80
}

@test "listens where it is told: loopback, one address, IPv6, every address; netstat agrees" {
    start_server 0
    assert_equal "$address" 127.0.0.1
    assert_match "$(rows_at "$port" LISTEN)" "^tcp .* 127\.0\.0\.1:$port "
    start_server -b 127.0.0.2 0
    assert_match "$(rows_at "$port" LISTEN)" "^tcp .* 127\.0\.0\.2:$port "
    start_server -b ::1 0
    assert_equal "$address" '[::1]'
    assert_match "$(rows_at "$port" LISTEN)" "^tcp6 .* ::1:$port "
    assert_equal "$("$BIN/tcp_client" -q ::1 "$port" six)" six
    start_server -b :: 0
    assert_equal "$("$BIN/tcp_client" -q 127.0.0.1 "$port" four)" four
}

@test "narration: each call with its result and the state that netstat shows" {
    start_server --pause-close 30 0
    start client tcp_client -q --hold 0.2 127.0.0.1 "$port" hello
    wait_state "$port" CLOSE_WAIT
    wait_line "$T/server.out" '^read\(4, buffer, [0-9]+\) += 0 +CLOSE_WAIT +end of file'
    for line in '^socket\(AF_INET, SOCK_STREAM, 0\) += 3 +CLOSED' '^bind\(3, 127.0.0.1:0\) += 0 +CLOSED' '^listen\(3, [0-9]+\) += 0 +LISTEN' \
        '^accept\(3\) +blocks +LISTEN' '^accept\(3\) += 4 +ESTABLISHED +from 127.0.0.1:' '^read\(4, buffer, [0-9]+\) += 5 ' '^write\(4, buffer, 5\) += 5 '; do
        grep -qE "$line" "$T/server.out" || fail "no line $line" "$(cat "$T/server.out")"
    done
    assert_equal "$(rows_at "$port" | awk '{print $6}' | sort | tr '\n' ' ')" 'CLOSE_WAIT LISTEN '
}

@test "levers: --close-first and --reset decide who is left in TIME_WAIT" {
    start_server --close-first 0
    run "$BIN/tcp_client" -q --hold 0.3 127.0.0.1 "$port" hello
    assert_equal "$output" hello
    wait_for has_row_at TIME_WAIT || fail "the server closed first: TIME_WAIT should be its" "$(netstat_rows "$port")"
    start_server --reset 0
    run --separate-stderr "$BIN/tcp_client" -q --hold 0.3 127.0.0.1 "$port" hello
    assert_equal "$status" 1 "exit status of the client"
    assert_match "$stderr" 'reset by peer'
    [ -z "$(netstat_rows "$port" TIME_WAIT)" ] || fail "after a reset nobody waits" "$(netstat_rows "$port")"
}
has_row_at() { [ -n "$(rows_at "$port" "$1")" ]; }

@test "levers: --pause-accept fills the accept queue, --pause-read the receive queue: netstat's Recv-Q" {
    start_server --backlog 2 --pause-accept 30 0
    start client tcp_client -q --count 3 127.0.0.1 "$port" x
    wait_for recv_q_is "$port" LISTEN 3 || fail "LISTEN's Recv-Q is not 3" "$(netstat_rows "$port")"
    start_server --pause-read 30 0
    start client tcp_client -q 127.0.0.1 "$port" hello
    wait_for recv_q_is "$port" CLOSE_WAIT 6 || fail "five bytes and the FIN are not in Recv-Q" "$(netstat_rows "$port")"
}
recv_q_is() { [ "$(rows_at "$1" "$2" | awk '{print $2}' | head -n 1)" = "$3" ]; }

@test "levers: --no-reuse and an old connection in TIME_WAIT, told as that; without it the port is free" {
    start_server --close-first --max 1 0
    "$BIN/tcp_client" -q --hold 0.3 127.0.0.1 "$port" hello >/dev/null
    wait_exit "$server_pid"
    wait_for has_row_at TIME_WAIT
    refused 1 "Address already in use \(1 old connections of it are in TIME_WAIT, .*--no-reuse is given\)" --no-reuse "$port"
    start_server "$port"
}

@test "--max ends it after so many clients; --timeout ends a silent connection; --quiet prints one line" {
    start_server --quiet --max 2 0
    assert_equal "$("$BIN/tcp_client" -q 127.0.0.1 "$port" a)" a
    assert_equal "$("$BIN/tcp_client" -q 127.0.0.1 "$port" b)" b
    wait_exit "$server_pid" || fail "it still runs after two clients"
    assert_equal "$status" 0 "exit status"
    assert_equal "$(cat "$T/server.out")" "listening on 127.0.0.1:$port"
    start_server --timeout 0.2 0
    start idle tcp_client -q --hold 30 127.0.0.1 "$port" x
    wait_line "$T/server.err" 'nothing moved for 0.2 s'
    assert_equal "$("$BIN/tcp_client" -q 127.0.0.1 "$port" next)" next
}

@test "--step: Enter before each call; at the end of input it goes on by itself" {
    mkfifo "$T/enter"
    STDIN=$T/enter start server tcp_server --step --max 1 0
    exec 8>"$T/enter"
    for call in socket setsockopt bind listen; do
        wait_line "$T/server.out" "^$call\(.*Enter calls it"
        run ! grep -qE "^$call\(.*\) += " "$T/server.out"
        echo >&8
    done
    wait_line "$T/server.out" '^listening on '
    exec 8>&-
    port=$(sed -n 's/^listening on .*://p' "$T/server.out")
    assert_equal "$("$BIN/tcp_client" -q 127.0.0.1 "$port" x)" x
    wait_exit "$pid"
    assert_equal "$status" 0 "exit status"
}

@test "both models: many clients, big data, no descriptor left open, no zombie" {
    head -c 5000000 /dev/urandom >"$T/data"
    for model in iterative fork; do
        start_server -q --model "$model" 0
        "$BIN/tcp_client" -q --count 10 127.0.0.1 "$port" x >"$T/got"
        before=$(find "/proc/$server_pid/fd" -mindepth 1 | wc -l)
        "$BIN/tcp_client" -q --count "${clients:-1000}" 127.0.0.1 "$port" x >"$T/got"
        assert_equal "$(wc -c <"$T/got")" "${clients:-1000}" "bytes that came back ($model)"
        "$BIN/tcp_client" -q 127.0.0.1 "$port" <"$T/data" | cmp - "$T/data"
        wait_for no_children "$server_pid" || fail "$model: children are left" "$(ps --ppid "$server_pid")"
        assert_equal "$(find "/proc/$server_pid/fd" -mindepth 1 | wc -l)" "$before" "descriptors of the server ($model)"
    done
}
no_children() { [ -z "$(ps -o pid= --ppid "$1")" ]; }

@test "a client that resets, in each phase, harms nobody" {
    for model in iterative fork; do
        start_server -q --model "$model" 0
        peer connect 127.0.0.1 "$port" reset
        peer connect 127.0.0.1 "$port" 'send hello' reset
        peer connect 127.0.0.1 "$port" 'send hello' 'expect hello' reset
        assert_equal "$("$BIN/tcp_client" -q 127.0.0.1 "$port" alive)" alive "after resets ($model)"
    done
    run ! grep -vE '^tcp_server: (read from|write to) client: (Connection reset by peer|Broken pipe)$' "$T/server.err"
}

@test "a client that never reads: fork serves others; memory stays bounded; a signal still ends it" {
    start_server -q --model fork 0
    start deaf tcp_client -q --source 100000000 127.0.0.1 "$port"
    wait_for sends_stand_still || fail "the deaf client is not blocked" "$(netstat_rows "$port")"
    assert_equal "$("$BIN/tcp_client" -q 127.0.0.1 "$port" other)" other
    [ "$(ps -o rss= --ppid "$server_pid" | sort -n | tail -n 1)" -lt 20000 ] || fail "a child grew to over 20 MB"
    stop_process "$server_pid" TERM 2 || fail "SIGTERM does not end it"
    assert_equal "$status" 0 "exit status"
    [ -z "$(rows_at "$port" LISTEN)" ]
    run pgrep -s "$server_pid"
    assert_equal "$output" '' "children left"
}
sends_stand_still() { # bytes in both Send-Qs: nobody reads
    [ "$(netstat_rows "$port" ESTABLISHED | awk '$3 > 100000' | wc -l)" -eq 2 ]
}

@test "descriptors run out: one clear line, no busy loop, and it goes on when there are some again" {
    command -v prlimit >/dev/null || skip "prlimit (util-linux) is not installed"
    start_listening server /bin/bash -c "ulimit -Sn 4; exec '$BIN/tcp_server' -q 0" # stdin, stdout, stderr, the listener
    start client tcp_client -q 127.0.0.1 "$port" hello
    client=$pid
    wait_line "$T/server.err" '^tcp_server: accept, clients wait in the queue: Too many open files$'
    used=$(cpu_ticks "$(sed -n 1p "$T/started")")
    wait_for -t 2 false || true # two seconds of nothing but failing
    [ $(($(cpu_ticks "$(sed -n 1p "$T/started")") - used)) -lt 50 ] || fail "a busy loop: over half a second of processor"
    assert_equal "$(wc -l <"$T/server.err")" 1 "lines on stderr"
    prlimit --pid "$(sed -n 1p "$T/started")" --nofile=16: || fail "the limit can't be raised again"
    wait_exit "$client"
    assert_equal "$(cat "$T/client.out")" hello
}
cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

@test "SIGINT and SIGTERM end it in every phase, exit status 0, and the port is free" {
    for phase in '' '--pause-accept 30' '--pause-read 30' '--pause-close 30' '--model fork'; do
        for signal in INT TERM; do
            # shellcheck disable=SC2086 # words
            start_server $phase 0
            start client tcp_client -q --hold 0.1 127.0.0.1 "$port" hello
            wait_for has_connection
            stop_process "$server_pid" "$signal" 2 || fail "SIG$signal does not end it ($phase)"
            assert_equal "$status" 0 "exit status after SIG$signal ($phase)"
            [ -z "$(rows_at "$port" LISTEN)" ] || fail "still in LISTEN ($phase)"
        done
    done
}
has_connection() { [ -n "$(netstat_rows "$port" | grep -v LISTEN)" ]; }

@test "stdout that nobody reads does not keep a signal from ending it; closed descriptors are no sockets" {
    mkfifo "$T/pipe"
    exec 8<>"$T/pipe"
    "$BIN/tcp_server" --max 100000 0 >"$T/pipe" 2>/dev/null 3>&- 8>&- &
    pid=$!
    echo "$pid" >>"$T/started"
    read -r _ <&8
    port=$(while read -r line <&8; do [[ $line == listening* ]] && echo "${line##*:}" && break; done)
    start flood tcp_client -q --count 1000 127.0.0.1 "$port" x
    wait_for blocked_in_write "$pid" || true
    kill -TERM "$pid"
    wait_for ended "$pid" || fail "it does not end"
    exec 8>&-
    port=$(free_port)
    start closed /bin/bash -c "exec '$BIN/tcp_server' $port <&- >&- 2>&-"
    wait_state "$port" LISTEN
    assert_equal "$("$BIN/tcp_client" -q 127.0.0.1 "$port" x)" x
}
blocked_in_write() { [ "$(netstat_rows "$port" | grep -c ESTABLISHED)" -gt 2 ]; }
