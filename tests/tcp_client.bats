#!/usr/bin/env bats
# tcp_client: what it sends, tells and survives, with netstat as the witness.

# helper.bash sets pid, port, server_pid and status.
# shellcheck disable=SC2154

load helper

# listener STEP...: a scripted server (tests/peers/peer) on $port
listener() {
    port=$(free_port)
    start listener "$ROOT/tests/peers/peer" listen "$port" "$@"
    listener_pid=$pid
    wait_state "$port" LISTEN
}

# refused STATUS REGEX ARGUMENT...: that exit status, nothing on stdout, one line of its own on stderr
refused() {
    local wanted=$1 regex=$2
    shift 2
    run --separate-stderr timeout 10 "$BIN/tcp_client" -q "$@" </dev/null
    assert_equal "$status" "$wanted" "exit status of tcp_client $*"
    assert_equal "$output" '' "stdout of tcp_client $*"
    assert_equal "$(wc -l <<<"$stderr")" 1 "lines on stderr of tcp_client $*"
    assert_match "$stderr" "$regex" "stderr of tcp_client $*"
    assert_match "$stderr" '^([^ ]*/)?tcp_client: '
}

@test "arguments: what is wrong and why, exit status 2" {
    refused 2 'which HOST and PORT'
    refused 2 'which PORT' 127.0.0.1
    refused 2 "port '0x50': not a decimal number" 127.0.0.1 0x50 hello
    refused 2 "port '-1'" 127.0.0.1 -1 hello
    refused 2 "port '65536': too large" 127.0.0.1 65536 hello
    refused 2 "port 'http'" 127.0.0.1 http hello
    refused 2 'port 0' 127.0.0.1 0 hello
    refused 2 "one MESSAGE" 127.0.0.1 7000 two words
    refused 2 'nosuch' --nosuch 127.0.0.1 7000
    refused 2 '--timeout' --timeout soon 127.0.0.1 7000
    refused 2 '--source' --source 5 127.0.0.1 7000 hello
    refused 2 '--count' --count 2 127.0.0.1 7000
    refused 2 'stepping shows each call' --step 127.0.0.1 7000 hello
}

@test "the world refuses: refused, unknown name, no answer in time, exit status 1" {
    refused 1 'connect 127.0.0.1 port [0-9]+: Connection refused' 127.0.0.1 "$(free_port)" hello
    refused 1 'nosuch.invalid' nosuch.invalid 7000 hello
    start_server --backlog 0 --pause-accept 30 0
    start filler tcp_client -q 127.0.0.1 "$port" x
    wait_state "$port" CLOSE_WAIT # nobody accepts it: it fills the queue
    refused 1 'Connection timed out' -t 0.3 127.0.0.1 "$port" hello
    listener accept "await $T/for-ever"
    refused 1 'nothing moved for 0.3 s' -t 0.3 127.0.0.1 "$port" hello
}

@test "sends exactly MESSAGE's bytes, half-closes, prints exactly what comes back; TIME_WAIT is ours, netstat says" {
    for message in hello '' ' -- ' '--dashes' $'two\nlines\n' 'wörld ☃'; do
        listener accept ${message:+"expect $message"} eof 'send answer' close
        run "$BIN/tcp_client" -q 127.0.0.1 "$port" "$message"
        assert_equal "$status" 0 "exit status"
        assert_equal "$output" answer "stdout"
        wait_exit "$listener_pid"
        assert_equal "$status" 0 "$(tail -n 3 "$T/listener.out")"
        [ -n "$(rows_to "$port" TIME_WAIT)" ] || fail "no TIME_WAIT at the client's end" "$(netstat_rows "$port")"
    done
}

@test "standard input of any length comes back unchanged, reading while it writes" {
    head -c "${bytes:-20000000}" /dev/urandom >"$T/data"
    start_server -q 0
    "$BIN/tcp_client" -q 127.0.0.1 "$port" <"$T/data" | cmp - "$T/data"
    # a pipe that dribbles, a reader that is slow
    head -c 300000 "$T/data" | "$BIN/tcp_client" -q 127.0.0.1 "$port" |
        perl -e 'while (sysread STDIN, $x, 1000) { select undef, undef, undef, 0.001; print $x }' | cmp - <(head -c 300000 "$T/data")
    assert_equal "$("$BIN/tcp_client" -q 127.0.0.1 "$port" </dev/null)" ''
}

@test "narration: on stderr alone, with the handshake's time and the states" {
    start_server -q --pause-close 0.3 0
    run_for 10 client tcp_client 127.0.0.1 "$port" hello
    assert_equal "$(cat "$T/client.out")" hello
    for line in '^socket\(AF_INET, SOCK_STREAM, 0\) += 3 +CLOSED' '^connect\(3, 127.0.0.1:[0-9]+\) += 0 +ESTABLISHED +handshake took [0-9]+ µs' \
        '^write\(3, buffer, 5\) += 5 ' '^shutdown\(3, SHUT_WR\) += 0 +FIN_WAIT[12]' '^read\(3, buffer, [0-9]+\) += 5 ' \
        '^read\(3, buffer, [0-9]+\) += 0 +TIME_WAIT +end of file' '^close\(3\) += 0 +TIME_WAIT'; do
        grep -qE "$line" "$T/client.err" || fail "no line $line" "$(cat "$T/client.err")"
    done
}

@test "narration: connect that blocks is told as SYN_SENT, as netstat shows" {
    start_server -q --backlog 0 --pause-accept 30 0
    start filler tcp_client -q 127.0.0.1 "$port" x
    wait_state "$port" CLOSE_WAIT # nobody accepts it: it fills the queue
    start client tcp_client 127.0.0.1 "$port" hello
    wait_line "$T/client.err" '^connect\(3, .*\) +blocks +SYN_SENT'
    wait_state "$port" SYN_SENT
}

@test "--source tells where write blocked, with both queues, as netstat shows them" {
    start_server -q --rcvbuf 4096 --pause-read 30 0
    start client tcp_client --sndbuf 16384 --source 1000000 127.0.0.1 "$port"
    wait_line "$T/client.err" 'bytes written; our Send-Q [0-9]+, the server.s Recv-Q [0-9]+'
    read -r written ours theirs < <(sed -n 's/^ *\([0-9]*\) bytes written; our Send-Q \([0-9]*\), the server.s Recv-Q \([0-9]*\),.*/\1 \2 \3/p' "$T/client.err")
    assert_equal "$((ours + theirs))" "$written" "what lies in the two queues"
    assert_equal "$(rows_to "$port" ESTABLISHED | awk '{print $3}')" "$ours" "netstat's Send-Q"
    assert_equal "$(rows_at "$port" ESTABLISHED | awk '{print $2}')" "$theirs" "netstat's Recv-Q"
}

@test "levers: --hold, --local, --count, --no-half-close, --reset" {
    start_server 0
    local own
    own=$(free_port)
    start client tcp_client -q --hold 30 --local "$own" 127.0.0.1 "$port" x
    wait_state "$port" ESTABLISHED
    [ -n "$(netstat_rows "$own" | grep ":$port ")" ] || fail "not from port $own" "$(netstat_rows "$port")"
    stop_process "$pid"
    start client tcp_client -q --count 3 --hold 30 127.0.0.1 "$port" x
    wait_for three_connections || fail "not three at once" "$(netstat_rows "$port")"
    stop_process "$pid"
    assert_equal "$("$BIN/tcp_client" -q --no-half-close 127.0.0.1 "$port" x)" x
    run "$BIN/tcp_client" -q --reset 127.0.0.1 "$port" abc
    assert_equal "$status" 0 "exit status"
    assert_equal "$output" abc
    wait_line "$T/server.err" 'read from client: Connection reset by peer'
}
three_connections() { [ "$(rows_to "$port" ESTABLISHED | wc -l)" -eq 3 ]; }

@test "a server that closes early, resets, or says more than it was asked" {
    listener accept 'expect hel' reset
    refused 1 'Connection reset by peer' 127.0.0.1 "$port" hello
    head -c 1000000 /dev/urandom >"$T/much"
    listener accept 'expect hello' "send-file $T/much" eof close
    "$BIN/tcp_client" -q 127.0.0.1 "$port" hello | cmp - "$T/much"
    listener accept close
    mkfifo "$T/input"
    exec 8<>"$T/input"
    STDIN=$T/input start client tcp_client -q 127.0.0.1 "$port"
    wait_line "$T/client.err" 'the server closed before our input ended'
    exec 8>&-
}

@test "stdout that is closed, full or gone is an error, not a loss" {
    start_server -q 0
    run --separate-stderr bash -c "'$BIN/tcp_client' -q 127.0.0.1 $port hello >/dev/full"
    assert_equal "$status" 1 "exit status on a full disk"
    assert_match "$stderr" 'write standard output: No space left'
    head -c 3000000 /dev/zero >"$T/zeros"
    run --separate-stderr bash -c "'$BIN/tcp_client' -q 127.0.0.1 $port <'$T/zeros' | head -c 1 | wc -c; echo \${PIPESTATUS[0]}"
    assert_equal "${lines[1]}" 1 "exit status when the reader has gone"
    run "$BIN/tcp_client" -q 127.0.0.1 "$port" hello >&- # no socket may take stdout's number
    assert_equal "$("$BIN/tcp_client" -q 127.0.0.1 "$port" still)" still
}

@test "SIGINT and SIGTERM end it in every phase, by that signal" {
    start_server -q --backlog 0 --pause-accept 30 0
    start filler tcp_client -q 127.0.0.1 "$port" x
    wait_state "$port" CLOSE_WAIT # nobody accepts it: it fills the queue
    start client tcp_client -q 127.0.0.1 "$port" x # in connect
    wait_state "$port" SYN_SENT
    ends_by TERM
    stop_process "$server_pid"
    start_server -q --pause-read 30 0
    start client tcp_client -q 127.0.0.1 "$port" x # in read
    wait_state "$port" FIN_WAIT2
    ends_by INT
    start client tcp_client -q --source 100000000 127.0.0.1 "$port" # in write
    wait_for blocked
    ends_by TERM
    mkfifo "$T/silence"
    exec 8<>"$T/silence"
    STDIN=$T/silence start client tcp_client -q 127.0.0.1 "$port" # reading its input
    wait_for connected
    ends_by INT
    exec 8>&-
}
ends_by() {
    stop_process "$pid" "$1" 2 || fail "SIG$1 does not end it"
    assert_equal "$status" "$((128 + $(kill -l "$1")))" "exit status after SIG$1"
}
blocked() { [ -n "$(rows_to "$port" ESTABLISHED | awk '$3 > 100000')" ]; }
connected() { [ "$(rows_to "$port" ESTABLISHED | wc -l)" -ge 1 ]; }

@test "descriptors run out: said, exit status 1, nothing left open" {
    start_server -q --model fork 0
    run --separate-stderr bash -c "ulimit -n 20; exec '$BIN/tcp_client' -q --count 100 127.0.0.1 $port x"
    assert_equal "$status" 1 "exit status"
    assert_match "$stderr" 'Too many open files'
}

@test "valgrind: no error, no leak, in client, server and tcpstate" {
    command -v valgrind >/dev/null || skip "valgrind is not installed (./setup --dev)"
    # a program built with sanitizers can't run under valgrind
    run ! grep -q __asan_init "$BIN/tcp_client" || skip "the programs are built with sanitizers"
    local check="valgrind -q --leak-check=full --show-leak-kinds=all --track-fds=yes --error-exitcode=99"
    check+=" --trace-children=no"
    for model in iterative fork; do
        start_listening server /bin/sh -c "exec $check '$BIN/tcp_server' --model $model --max 3 0"
        # shellcheck disable=SC2086 # words
        run $check "$BIN/tcp_client" --count 3 127.0.0.1 "$port" hello
        assert_equal "$status" 0 "exit status of the client" "$output"
        wait_exit "$pid" 20
        assert_equal "$status" 0 "exit status of the server ($(cat "$T/server.err"))"
        run ! grep -E 'definitely|Invalid|uninitialised' "$T/server.err"
    done
    for arguments in '-op' '--json' '--proc' 'watch --for 0.2' 'wait --for 0.1 1 LISTEN' 'diagram' 'explain' 'hold CLOSING --for 0.1' 'tour'; do
        # shellcheck disable=SC2086 # words
        run $check "$BIN/tcpstate" $arguments
        [ "$status" -ne 99 ] || fail "valgrind on tcpstate $arguments:" "$output"
    done
}
