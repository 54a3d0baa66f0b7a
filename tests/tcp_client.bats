#!/usr/bin/env bats
# tcp_client: its arguments, its lines, its levers, with netstat as the witness. What goes wrong stands in faults.bats.

# partners.bash sets pid, port, address, status and server_pid.
# shellcheck disable=SC2154

# shellcheck disable=SC2034 # partners.bash reads it
UNDER_TEST=tcp_client
load partners

client() { # ARGUMENT...: in the background. Sets $client_pid
    start client tcp_client "$@"
    client_pid=$pid
}
typing_client() { # ARGUMENT...: what is written to fd 8 is its input, which ends when fd 8 is closed
    mkfifo "$T/typed"
    exec 8<>"$T/typed"
    STDIN=$T/typed client "$@"
}
# client_gives STATUS OUTPUT ARGUMENT...: it ends with that status, and its stdout is exactly OUTPUT
client_gives() {
    run_for 15 client tcp_client "${@:3}" || return
    assert_equal "$status" "$1" "exit status of tcp_client ${*:3}" || fail "$(tail -n 3 "$T/client.err")" || return
    printf %s "$2" >"$T/wanted"
    assert_file "$T/client.out" "$T/wanted" "stdout of tcp_client ${*:3}"
}
step_client() { # ARGUMENT...
    step client "$@"
    client_pid=$pid
}

# ---- arguments

@test "bad input: one line on stderr that says what and why, exit status 2, no connection" {
    start_server 0 # a connection would be seen
    local h=127.0.0.1
    refused 2 'which HOST and PORT'
    refused 2 'which PORT' $h
    refused 2 "one MESSAGE, please: 'there' is too much" $h "$port" hello there
    refused 2 "one MESSAGE, please: '--quiet' is too much .*options stand before HOST" $h "$port" hello --quiet
    refused 2 "unrecognized option '--nosuch'" --nosuch $h "$port" x
    refused 2 "invalid option -- 'z'" -z $h "$port" x
    refused 2 "'0x50': not a decimal number" $h 0x50 x
    refused 2 "'-1': not a decimal number" $h -1 x
    refused 2 "'65536': too large, ports end at 65535" $h 65536 x
    refused 2 "'http': not a decimal number" $h http x
    refused 2 "'': empty" $h '' x
    refused 2 'port 0' $h 0 x
    refused 2 "'--local' requires an argument" --local
    refused 2 "--local '65536': too large" --local 65536 $h "$port" x
    refused 2 "--count '0': too small" --count 0 $h "$port" x
    refused 2 "--count 'two': not a decimal number" --count two $h "$port" x
    refused 2 "--source '-5': not a decimal number" --source -5 $h "$port"
    refused 2 "--timeout 'x': not a" --timeout x $h "$port" x
    refused 2 "--hold '1e3': not a" --hold 1e3 $h "$port" x
    refused 2 "--isn '0': too small" --isn 0 $h "$port" x
    refused 2 "--isn '4294967296': too large" --isn 4294967296 $h "$port" x
    refused 2 "--rcvbuf '': empty" --rcvbuf '' $h "$port" x
    refused 2 "--sndbuf '-1': not a decimal number" --sndbuf -1 $h "$port" x
    refused 2 'MESSAGE and --source' --source 5 $h "$port" x
    refused 2 '--step and --quiet' --step --quiet $h "$port" x
    refused 2 '--step reads Enter from standard input' --step $h "$port"
    refused 2 '--count 2: standard input' --count 2 $h "$port"
    refused 2 '--count 2 and --local' --count 2 --local 5000 $h "$port" x
    refused 2 '--reset and --no-half-close' --reset --no-half-close $h "$port" x
    run ! grep '^accept.* = ' "$T/server.out"
    assert_equal "$(netstat_rows "$port" | grep -cv LISTEN)" 0 'rows but LISTEN'
}

@test "the world refuses: one line with the operation, the object and the reason, exit status 1" {
    refused 1 "host 'nosuch\.invalid': (Name or service not known|Temporary failure in name resolution|No address)" \
        -q nosuch.invalid 7000 x
    refused 1 "host ''" -q '' 7000 x
    port=$(free_port)
    refused 1 "connect 127\.0\.0\.1 port $port: Connection refused \(a RST came back: nobody listens there\)" -q 127.0.0.1 "$port" x
    run_for 5 client tcp_client 127.0.0.1 "$port" x
    assert_equal "$status" 1 'exit status'
    assert_match "$(tail -n 1 "$T/client.err")" "^tcp_client: connect 127\.0\.0\.1 port $port: Connection refused"
    assert_empty "$T/client.out"
    start_server -q 0
    taken=$port
    start_server -q 0
    refused 1 "bind our port for 127\.0\.0\.1 port $port: Address already in use \(--local: that port is taken\)" \
        -q --local "$taken" 127.0.0.1 "$port" x
}

@test "help and version: on stdout, exit status 0" {
    run --separate-stderr "$BIN/tcp_client" --help
    assert_equal "$status:$stderr" 0:
    assert_match "$output" '^usage: tcp_client \[options\] HOST PORT \[MESSAGE\]'
    for option in --step --timeout --hold --no-half-close --reset --source --count --local --isn --rcvbuf --sndbuf --quiet; do
        assert_match "$output" "$option" '--help'
    done
    run --separate-stderr "$BIN/tcp_client" --version
    assert_equal "$status:$stderr" 0:
    assert_match "$output" '^tcp_client \(netstep\) [0-9]'
}

# ---- bytes

@test "MESSAGE: exactly its bytes arrive, exactly what comes back is on stdout" {
    serve accept 'expect Hé, 世界! 🎓' eof 'send back: ok' half-close eof
    client_gives 0 'back: ok' 127.0.0.1 "$port" 'Hé, 世界! 🎓'
    served
}

@test "MESSAGE: empty, beginning with a dash, with a newline" {
    serve accept eof half-close eof accept 'expect -n --help' eof half-close eof accept 'expect -' eof 'send x' half-close eof \
        accept $'expect a\n' eof half-close eof
    client_gives 0 '' 127.0.0.1 "$port" ''
    client_gives 0 '' 127.0.0.1 "$port" '-n --help'
    client_gives 0 x -q 127.0.0.1 "$port" -
    client_gives 0 '' 127.0.0.1 "$port" $'a\n'
    served
}

@test "MESSAGE: more than 64 KiB" {
    perl -e 'print "0123456789abcdef" x 6250' >"$T/long"
    start_server -q 0
    client_gives 0 "$(cat "$T/long")" -q 127.0.0.1 "$port" "$(cat "$T/long")"
    assert_equal "$(wc -c <"$T/client.out")" 100000
}

@test "standard input: binary, empty, and long; both directions at once" {
    head -c 5000000 /dev/urandom >"$T/binary"
    start_server -q 0
    STDIN=$T/binary run_for 20 client tcp_client -q 127.0.0.1 "$port"
    assert_equal "$status" 0 'exit status'
    assert_file "$T/client.out" "$T/binary"
    STDIN=/dev/null client_gives 0 '' -q 127.0.0.1 "$port"
    : >"$T/peer.out"
    serve accept "swap $T/binary" eof half-close eof
    STDIN=$T/binary run_for 20 client tcp_client 127.0.0.1 "$port"
    assert_equal "$status" 0 'exit status, with narration'
    served
    assert_file "$T/client.out" "$T/binary"
}

@test "standard input: what is typed is sent at once, what comes back is printed at once" {
    mkfifo "$T/typed"
    exec 8<>"$T/typed"
    serve accept 'expect one' 'send ONE' 'expect two' 'send TWO' eof half-close eof
    STDIN=$T/typed client -q 127.0.0.1 "$port"
    printf one >&8
    wait_line "$T/client.out" '^ONE$'
    printf two >&8
    wait_line "$T/client.out" '^ONETWO$'
    # The fifo's last writer: end of input.
    exec 8>&-
    wait_exit "$client_pid"
    assert_equal "$status" 0 'exit status'
    served
}

@test "more comes back than was sent, before and after our FIN" {
    head -c 300000 /dev/urandom >"$T/binary"
    serve accept "send-file $T/binary" 'expect hello' eof "send-file $T/binary" half-close eof
    client_gives_file "$T/binary" "$T/binary"
    served
}
client_gives_file() {
    cat "$@" >"$T/wanted"
    run_for 15 client tcp_client -q 127.0.0.1 "$port" hello
    assert_equal "$status" 0 'exit status'
    assert_file "$T/client.out" "$T/wanted"
}

@test "IPv6: ::1, in the narration and in netstat" {
    grep -qs '^0\{31\}1 ' /proc/net/if_inet6 || skip 'no IPv6 here'
    start_server -q -b ::1 --pause-close 30 0
    client ::1 "$port" hello
    wait_state "$port" FIN_WAIT2
    assert_match "$(rows_to "$port" FIN_WAIT2)" "^tcp6 .* ::1:$port +FIN_WAIT2"
    told "^connect\(3, \[::1\]:$port\) += 0 +ESTABLISHED +handshake took [0-9]+ µs; our end is \[::1\]:[0-9]+$"
}

@test "a name: each of its addresses is tried" {
    start_server -q -b 127.0.0.1 0
    client_gives 0 hello -q localhost "$port" hello
}

# ---- states and narration

@test "states: ESTABLISHED, FIN_WAIT2, and TIME_WAIT at our end, which closed first" {
    serve accept 'expect hello' 'send hello' eof "await $T/go" half-close eof
    typing_client 127.0.0.1 "$port"
    printf hello >&8
    reached peer '^sent'
    shows 1 rows_to ESTABLISHED
    exec 8>&-
    wait_state "$port" FIN_WAIT2
    shows 1 rows_at CLOSE_WAIT
    : >"$T/go"
    wait_exit "$client_pid"
    served
    shows 1 rows_to TIME_WAIT && shows 0 rows_at TIME_WAIT
}

@test "narration: with --step each call waits for Enter, and its state is netstat's at that moment" {
    serve accept 'expect hello' 'send HELLO' eof "await $T/go" half-close eof
    step_client 127.0.0.1 "$port" hello
    enter_and_compare 'socket\(AF_INET, SOCK_STREAM, 0\)' 3 CLOSED
    enter_and_compare "connect\(3, 127\.0\.0\.1:$port\)" 0 ESTABLISHED
    told "^connect.* handshake took [0-9]+ µs; our end is $(rows_to "$port" ESTABLISHED | awk '{ print $4 }')$"
    enter_and_compare 'write\(3, buffer, 5\)' 5 ESTABLISHED
    # The answer may be there already: a read comes before or after our FIN.
    while wait_for stands_before '' && tail -n 1 "$T/client.err" | grep -q '^read'; do
        enter read
    done
    enter 'shutdown\(3, SHUT_WR\)'
    wait_for stands_before read
    told '^shutdown.* = 0 +FIN_WAIT[12] '
    wait_state "$port" FIN_WAIT2
    shows 1 rows_to FIN_WAIT2
    : >"$T/go"
    served
    wait_state "$port" TIME_WAIT
    until tail -n 1 "$T/client.err" | grep -q '^close'; do
        enter read
        wait_for stands_before '(read|close)'
    done
    told '^read.* = 0 +TIME_WAIT +end of file'
    shows 1 rows_to TIME_WAIT
    enter close
    wait_exit "$client_pid"
    assert_equal "$status:$(cat "$T/client.out")" 0:HELLO
    told '^close\(3\).* = 0 +TIME_WAIT'
    shows 1 rows_to TIME_WAIT
    exec 8>&-
}

@test "narration: a call that blocks is told before it does: read, and connect in SYN_SENT" {
    serve accept 'expect hello' eof "await $T/go" half-close eof
    client 127.0.0.1 "$port" hello
    wait_line "$T/client.err" '^read\(3, buffer, [0-9]+\) +blocks +FIN_WAIT[12] +nothing has arrived'
    : >"$T/go"
    wait_exit "$client_pid"
    assert_equal "$status" 0 'exit status'
    start_server --backlog 0 --pause-accept 60 0
    start filler tcp_client --hold 60 127.0.0.1 "$port" x
    wait_state "$port" ESTABLISHED
    client 127.0.0.1 "$port" hello
    wait_line "$T/client.err" '^connect.* blocks +SYN_SENT'
    shows 1 rows_to SYN_SENT
}

@test "--quiet: no narration; --step: at the end of standard input it goes on by itself" {
    start_server -q 0
    client_gives 0 hello -q 127.0.0.1 "$port" hello
    assert_empty "$T/client.err"
    printf '\n' >"$T/keys"
    STDIN=$T/keys client_gives 0 hello --step 127.0.0.1 "$port" hello
    assert_equal "$(grep -c 'Enter calls it$' "$T/client.err")" 2 'prompts: one key, and the end of input'
}

# ---- levers

@test "--hold: no FIN before the time is over; what comes meanwhile is printed" {
    serve accept 'expect hello' 'send early' "await $T/seen" eof half-close eof
    client --hold 8 127.0.0.1 "$port" hello
    wait_line "$T/client.out" '^early$'
    shows 1 rows_to ESTABLISHED
    run ! grep -q '^shutdown' "$T/client.err"
    : >"$T/seen"
    wait_exit "$client_pid"
    assert_equal "$status" 0 'exit status'
    served
}

@test "--no-half-close: no FIN before as much came back as was sent; then close" {
    serve accept 'expect hello' "await $T/go" 'send HELLO' eof half-close
    client --no-half-close 127.0.0.1 "$port" hello
    wait_line "$T/client.err" '^read.* blocks +ESTABLISHED'
    shows 1 rows_to ESTABLISHED
    : >"$T/go"
    wait_exit "$client_pid"
    assert_equal "$status:$(cat "$T/client.out")" 0:HELLO
    assert_equal "$(grep -c '^shutdown' "$T/client.err")" 0
    served
}

@test "--no-half-close with a server that closes first: TIME_WAIT is the server's" {
    # One byte less than was sent, so that the client waits for the end of file.
    serve accept 'expect hello' 'send hell' half-close eof
    client_gives 0 hell --no-half-close 127.0.0.1 "$port" hello
    served
    wait_state "$port" TIME_WAIT
    shows 1 rows_at TIME_WAIT && shows 0 rows_to TIME_WAIT
}

@test "--reset: the server gets a reset, no row is left, exit status 0" {
    serve accept 'expect hello' 'send HELLO' eof
    client_gives 0 HELLO --reset 127.0.0.1 "$port" hello
    wait_exit "$peer_pid"
    assert_match "$(cat "$T/peer.out")" 'Connection reset by peer'
    told '^setsockopt\(3, SO_LINGER, 0 s\)'
    told '^close\(3\) += 0 +CLOSED'
    assert_equal "$(netstat_rows "$port")" ''
}

@test "--local: our port is the one asked for, and may be taken again while an old connection is in TIME_WAIT" {
    local_port=$(free_port)
    start_server -q 0
    typing_client --local "$local_port" 127.0.0.1 "$port"
    wait_state "$port" ESTABLISHED
    assert_match "$(rows_to "$port" ESTABLISHED)" "127\.0\.0\.1:$local_port +127\.0\.0\.1:$port +ESTABLISHED"
    told "^bind\(3, 0\.0\.0\.0:$local_port\) += 0"
    exec 8>&-
    wait_exit "$client_pid"
    assert_equal "$(rows_at "$local_port" TIME_WAIT | wc -l)" 1
    start_server -q 0
    client_gives 0 hello -q --local "$local_port" 127.0.0.1 "$port" hello
}

@test "--local and the same PORT: a connection with itself" {
    port=$(free_port)
    client_gives 0 hello --local "$port" 127.0.0.1 "$port" hello
    assert_match "$(netstat_rows "$port")" "127\.0\.0\.1:$port +127\.0\.0\.1:$port +TIME_WAIT"
}

@test "--isn: who may not choose it is told so, in one line; on a host of the wire the SYN has that number" {
    local as=(env)
    if [ "$(id -u)" -eq 0 ]; then
        command -v setpriv >/dev/null || skip 'setpriv is not installed'
        as=(setpriv --bounding-set -net_admin --inh-caps -net_admin)
    fi
    run --separate-stderr "${as[@]}" "$BIN/tcp_client" -q --isn 7 127.0.0.1 7000 x
    assert_equal "$status:$output" 1:
    assert_equal "$stderr" "tcp_client: --isn for 127.0.0.1 port 7000: Operation not permitted (CAP_NET_ADMIN is needed: root has it, and who is on a host of wire)"

    needs_wire
    run_for 20 wire wire --json -c 'tcp_client --isn 4294967295 10.0.0.2 7000 hello' -s 'tcp_server -q -b 10.0.0.2 7000'
    assert_equal "$status" 0 'exit status' || fail "$(cat "$T/wire.err")"
    grep '"event":"came"' "$T/wire.out" | grep -q '"flags":\["SYN"\],"seq":0,"seq_raw":4294967295,' || fail 'no SYN with that number'
    grep -q '^{"event":"output",.*setsockopt(3, TCP_QUEUE_SEQ) .*our SYN will have the number 4294967295' "$T/wire.out" ||
        fail "not told: $(grep output "$T/wire.out")"
    grep -q '"event":"output",.*"text":"hello"' "$T/wire.out" || fail 'no echo'
}

@test "--count: all connections at once, then each in turn" {
    start_server -q 0
    client --count 20 --hold 8 127.0.0.1 "$port" ab
    wait_line "$T/client.err" '^20 connections are open$'
    shows 20 rows_to ESTABLISHED
    wait_exit "$client_pid"
    assert_equal "$status:$(wc -c <"$T/client.out")" 0:40
    shows 20 rows_to TIME_WAIT
}

@test "--source: where write blocked, with both queues as netstat shows them, and what came back" {
    start_server -q --pause-read 60 0
    client --source 30000000 127.0.0.1 "$port"
    wait_line "$T/client.err" '^write.* blocks +ESTABLISHED +both buffers are full$'
    wait_line "$T/client.err" 'bytes written; our Send-Q'
    line=$(grep 'bytes written' "$T/client.err")
    assert_match "$line" '^  ([0-9]+) bytes written; our Send-Q ([0-9]+), the server.s Recv-Q ([0-9]+), unread for us 0$'
    assert_equal $((BASH_REMATCH[2] + BASH_REMATCH[3])) "${BASH_REMATCH[1]}" 'Send-Q + Recv-Q, of what was written'
    # A probe of the full window may move some bytes from one queue to the other afterwards.
    written=${BASH_REMATCH[1]}
    wait_for -t 3 queues_hold "$written" || fail "netstat's Send-Q and Recv-Q are not $written together" "$(netstat_rows "$port")"
    stop_process "$client_pid" TERM 2
    assert_match "$(grep '^source' "$T/client.err")" '^source: [0-9]+ of 30000000 bytes in [0-9]+ writes; blocked 1 times'
}

queues_hold() { [ $(($(queue ESTABLISHED 3) + $(rows_at "$port" ESTABLISHED | awk '{ print $2 }'))) -eq "$1" ]; }

@test "--source: all sent and all back, nothing on stdout; 0 bytes" {
    start_server -q 0
    client_gives 0 '' --source 200000 127.0.0.1 "$port"
    told '^source: 200000 of 200000 bytes in [0-9]+ writes'
    told '^source: 200000 bytes came back$'
    client_gives 0 '' --source 0 127.0.0.1 "$port"
    told '^source: 0 bytes came back$'
    client_gives 0 '' --source 3000 --count 3 127.0.0.1 "$port"
    assert_equal "$(grep -c '^source: 3000 bytes came back$' "$T/client.err")" 3
}

@test "--rcvbuf, --sndbuf: the queues stay small" {
    head -c 3000000 /dev/zero >"$T/zeros"
    start_server -q --pause-read 60 --rcvbuf 4096 0
    client --sndbuf 4096 --source 3000000 127.0.0.1 "$port"
    wait_line "$T/client.err" 'bytes written'
    [ "$(queue ESTABLISHED 3)" -lt 40000 ] || fail 'Send-Q with --sndbuf 4096:' "$(netstat_rows "$port")"
    stop_process "$client_pid"
    full_pipe # as stdout: what comes back stays in Recv-Q
    serve accept "send-file $T/zeros"
    start client /bin/bash -c "exec '$BIN/tcp_client' -q --rcvbuf 4096 127.0.0.1 $port x >'$full'"
    wait_for queue_over FIN_WAIT2 2 0 || fail 'nothing in Recv-Q' "$(netstat_rows "$port")"
    [ "$(rows_to "$port" | awk '{ print $2 }')" -lt 40000 ] || fail 'Recv-Q with --rcvbuf 4096:' "$(netstat_rows "$port")"
    exec 9>&-
}

# ---- time-outs

@test "--timeout: a connect that nobody answers" {
    start_server -q --backlog 0 --pause-accept 60 0
    start filler tcp_client --hold 60 127.0.0.1 "$port" x
    wait_state "$port" ESTABLISHED
    refused 1 "connect 127\.0\.0\.1 port $port: Connection timed out \(no answer to our SYN" -q --timeout 0.3 127.0.0.1 "$port" x
    assert_equal "$(rows_to "$port" SYN_SENT)" ''
}

@test "--timeout: a server that says nothing, and one that does not read what we send" {
    head -c 12000000 /dev/zero >"$T/zeros"
    start_server -q --model fork --pause-read 60 0
    refused 1 "127\.0\.0\.1 port $port: nothing moved for 0\.3 s" -q --timeout 0.3 127.0.0.1 "$port" x
    refused 1 "127\.0\.0\.1 port $port: nothing moved for 0\.3 s" -q --timeout 0.3 --source 12000000 127.0.0.1 "$port"
    STDIN=$T/zeros start client tcp_client -q --timeout 0.3 127.0.0.1 "$port"
    wait_exit "$pid" 3 || fail 'standard input: it still runs, though nothing moves' "$(netstat_rows "$port")"
    assert_equal "$status" 1 'exit status'
}

@test "--timeout: who types slowly, or reads our stdout slowly, has all the time" {
    head -c 1000000 /dev/zero >"$T/zeros"
    start_server -q --model fork 0
    mkfifo "$T/slow" "$T/typed"
    exec 8<>"$T/typed" 9<>"$T/slow"
    STDIN=$T/typed client -q --timeout 2 127.0.0.1 "$port"
    typing=$client_pid
    start reading /bin/bash -c "exec '$BIN/tcp_client' -q --timeout 2 127.0.0.1 $port <'$T/zeros' >'$T/slow'"
    reading=$pid
    # Nothing moves for more than twice the limit: a client that gives up has the time to do it.
    if wait_exit "$reading" 5; then fail "it gave up because its stdout was not read" "$(cat "$T/reading.err")"; fi
    printf hello >&8
    wait_line "$T/client.out" hello
    running "$reading" || fail 'it gave up because its stdout was not read' "$(cat "$T/reading.err")"
    running "$typing"
    exec 8>&-
    wait_exit "$typing"
    assert_equal "$status" 0 'exit status of the slow typist'
    head -c 1000000 <&9 >"$T/read"
    exec 9>&-
    wait_exit "$reading"
    assert_equal "$status" 0 'exit status of the slow reader'
    assert_file "$T/read" "$T/zeros"
}
