#!/usr/bin/env bats
# tcp_server: its arguments, its lines, its levers, with netstat as the witness. What goes wrong stands in faults.bats.

# partners.bash sets pid, port, address, status and server_pid.
# shellcheck disable=SC2154

# shellcheck disable=SC2034 # partners.bash reads it
UNDER_TEST=tcp_server
load partners

# A client that sends TEXT gets it back, and the end of file.
echoes() {
    peer "echo" "send $1" "expect $1" half-close eof close
    succeeds "$pid" "echo"
}
# step_server [OPTION]... PORT
step_server() {
    step server "$@"
    server_pid=$pid
}

# ---- arguments

@test "bad input: one line on stderr that says what and why, exit status 2, nothing listens" {
    port=$(free_port)
    refused 2 "unrecognized option '--nosuch'" --nosuch "$port"
    refused 2 "invalid option -- 'z'" -z "$port"
    refused 2 "which PORT"
    refused 2 "which PORT" -q
    refused 2 "'8000' is too much" "$port" 8000
    refused 2 "'0x50': not a decimal number" 0x50
    refused 2 "invalid option -- '1'" -1
    refused 2 "'-1': not a decimal number" -- -1
    refused 2 "'65536': too large, ports end at 65535" 65536
    refused 2 "'http': not a decimal number" http
    refused 2 "'': empty" ''
    refused 2 "' 80': not a decimal number" ' 80'
    refused 2 "'\+80': not a decimal number" +80
    refused 2 "'80 ': not a decimal number" '80 '
    refused 2 "'7000.5': not a decimal number" 7000.5
    refused 2 "'99999999999999999999999': too large" 99999999999999999999999
    refused 2 "'--max' requires an argument" "$port" --max
    refused 2 "--max '0': too small" --max 0 "$port"
    refused 2 "--max 'many': not a decimal number" --max many "$port"
    refused 2 "--backlog '-1': not a decimal number" --backlog -1 "$port"
    refused 2 "--backlog '2147483648': too large" --backlog 2147483648 "$port"
    refused 2 "--rcvbuf '0': too small" --rcvbuf 0 "$port"
    refused 2 "--sndbuf '4k': not a decimal number" --sndbuf 4k "$port"
    refused 2 "--timeout 'soon': not a" --timeout soon "$port"
    refused 2 "--timeout '86401': too large" --timeout 86401 "$port"
    refused 2 "--pause-accept '-1': not a" --pause-accept -1 "$port"
    refused 2 "--pause-read '1\.': not a number of seconds" --pause-read 1. "$port"
    refused 2 "--pause-close '1,5': not a" --pause-close 1,5 "$port"
    refused 2 "'--pause' is ambiguous" --pause 1 "$port"
    refused 2 "--model 'nosuch': there are iterative, fork, thread, epoll and pool" --model nosuch "$port"
    refused 2 "--close-first and --reset" --close-first --reset "$port"
    refused 2 "--step and --quiet" --step --quiet "$port"
    refused 2 "--step and --model fork" --step --model fork "$port"
    assert_equal "$(netstat_rows "$port" LISTEN)" '' 'listeners on the port'
}

@test "bad input: what is wrong with a number is said, however long it is" {
    refused 2 "--timeout 'abcdefghijklmnopqrst': not a" --timeout abcdefghijklmnopqrst 0
    refused 2 "port '123456x': not a decimal number" 123456x
}

@test "bad input: the one line stays one line, whatever was typed" {
    refused 2 "port '7000" $'7000\n8000'
    refused 1 "host 'no" -b $'no\nsuch.invalid' 0
}

@test "the world refuses: a name, another machine's address: one line with the reason, exit status 1" {
    refused 1 "host 'nosuch\.invalid': (Name or service not known|Temporary failure in name resolution|No address)" \
        -b nosuch.invalid 0
    refused 1 "bind 192\.0\.2\.1 port 0: Cannot assign requested address \(no address of this machine\)" -b 192.0.2.1 0
    refused 1 "host ''" -b '' 0
}

@test "the world refuses: a privileged port, to somebody who is not root" {
    [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 1 ] || skip "no port is privileged here"
    as_nobody=()
    if [ "$(id -u)" -eq 0 ]; then
        command -v setpriv >/dev/null || skip "setpriv is not installed"
        as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all)
        "${as_nobody[@]}" test -x "$BIN/tcp_server" || skip "an ordinary user can't get at $BIN"
        run_for 10 refused "$(command -v setpriv)" "${as_nobody[@]:1}" "$BIN/tcp_server" -q 1
    else
        run_for 10 refused tcp_server -q 1
    fi
    assert_equal "$status" 1 'exit status'
    assert_equal "$(wc -l <"$T/refused.err")" 1 'lines on stderr'
    assert_match "$(cat "$T/refused.err")" 'bind 127\.0\.0\.1 port 1: Permission denied \(ports below 1024 are kept for root\)$'
}

@test "help and version: on stdout, exit status 0" {
    run --separate-stderr "$BIN/tcp_server" --help
    assert_equal "$status:$stderr" 0:
    assert_match "$output" '^usage: tcp_server \[options\] PORT'
    for option in --bind --model --backlog --rcvbuf --sndbuf --pause-accept --pause-read --pause-close --close-first --reset \
        --no-reuse --timeout --max --step --quiet; do
        assert_match "$output" "$option" '--help'
    done
    run --separate-stderr "$BIN/tcp_server" --version
    assert_equal "$status:$stderr" 0:
    assert_match "$output" '^tcp_server \(netstep\) [0-9]'
}

# ---- the ready line, addresses

@test "ready: the line is exact, and netstat shows LISTEN on that port" {
    start_server -q 0
    assert_equal "$(cat "$T/server.out")" "listening on 127.0.0.1:$port" 'all of stdout with --quiet'
    assert_match "$(rows_at "$port" LISTEN)" "^tcp +0 +0 127\.0\.0\.1:$port +0\.0\.0\.0:\* +LISTEN"
    assert_equal "$(listening_ports "$server_pid")" "$port"
    echoes hello
    assert_equal "$(wc -l <"$T/server.out")" 1 'lines on stdout with --quiet, after a client'
    stop_process "$server_pid"
    assert_equal "$status" 0 'exit status'
    assert_empty "$T/server.err"
}

@test "ready: the port that was asked for, and the line stands alone within the narration" {
    wanted=$(free_port)
    start_server "$wanted"
    assert_equal "$port" "$wanted"
    assert_equal "$(grep -c '^listening on ' "$T/server.out")" 1
    assert_equal "$(listening_ports "$server_pid")" "$wanted"
}

@test "-b ::1: IPv6 in the ready line and in netstat" {
    grep -qs '^0\{31\}1 ' /proc/net/if_inet6 || skip 'no IPv6 here'
    start_server -b ::1 "$(free_port)"
    assert_equal "$address" '[::1]'
    assert_match "$(rows_at "$port" LISTEN)" "^tcp6 +0 +0 ::1:$port +:::\* +LISTEN"
    run_for 10 client tcp_client -q ::1 "$port" hello
    assert_equal "$status:$(cat "$T/client.out")" 0:hello
    told '^accept\(3\) += 4 +(ESTABLISHED|CLOSE_WAIT) +from \[::1\]:[0-9]+$'
    assert_match "$(rows_to "$port" TIME_WAIT)" "^tcp6 .* ::1:$port +TIME_WAIT"
}

@test "-b :: serves IPv4 clients too; the states of their sockets are told" {
    grep -qs '^0\{31\}1 ' /proc/net/if_inet6 || skip 'no IPv6 here'
    [ "$(cat /proc/sys/net/ipv6/bindv6only)" -eq 0 ] || skip 'net.ipv6.bindv6only is set'
    start_server -b :: --pause-close 30 0
    assert_equal "$address" '[::]'
    assert_match "$(rows_at "$port" LISTEN)" "^tcp6 .* :::$port +:::\* +LISTEN"
    peer client 'send hello' 'expect hello' half-close eof
    wait_line "$T/server.out" '^read.* = 0 +CLOSE_WAIT'
    assert_match "$(rows_at "$port" CLOSE_WAIT)" "^tcp6 .* 127\.0\.0\.1:$port +127\.0\.0\.1:[0-9]+ +CLOSE_WAIT"
    told '^accept\(3\) += 4 +(ESTABLISHED|CLOSE_WAIT) +from \[::ffff:127\.0\.0\.1\]:[0-9]+$'
}

@test "-b 0.0.0.0 and another address of this machine" {
    start_server -q -b 0.0.0.0 0
    host=127.0.0.3 echoes 'any address'
    stop_process "$server_pid"
    start_server -q -b 127.0.0.2 "$(free_port)" # the kernel may choose one that somebody has on 127.0.0.1
    host=127.0.0.2 echoes 'that address'
    peer elsewhere 'expect x'
    reached elsewhere 'Connection refused'
}

# ---- states

@test "states: LISTEN, ESTABLISHED, CLOSE_WAIT, and TIME_WAIT at the client's end, which closed first" {
    start_server --pause-close 0.3 0
    peer client 'send hello' 'expect hello' "await $T/go" half-close eof close
    reached client '^holding'
    shows 1 rows_at LISTEN && shows 1 rows_at ESTABLISHED
    shows 1 rows_to ESTABLISHED
    : >"$T/go"
    succeeds "$pid" client
    told '^read.* = 0 +CLOSE_WAIT +end of file'
    shows 1 rows_to TIME_WAIT && shows 0 rows_at TIME_WAIT
    assert_equal "$(rows_at "$port" | grep -cv LISTEN)" 0 'rows of the server but LISTEN'
}

@test "--pause-close: CLOSE_WAIT stays, the client is in FIN_WAIT2" {
    start_server --pause-close 60 0
    peer client 'send hello' 'expect hello' half-close eof
    wait_state "$port" CLOSE_WAIT
    assert_match "$(rows_at "$port" CLOSE_WAIT)" "127\.0\.0\.1:$port .* CLOSE_WAIT"
    wait_state "$port" FIN_WAIT2
    shows 1 rows_to FIN_WAIT2
    stop_process "$server_pid" TERM 2
    assert_equal "$status" 0 'exit status'
}

@test "--pause-read: what the client sent stands in Recv-Q" {
    start_server --pause-read 60 0
    peer client 'send 12345678901' 'expect 12345678901'
    wait_for queue_is ESTABLISHED 2 11 || fail 'Recv-Q is not 11' "$(netstat_rows "$port")"
    assert_equal "$(grep -c '^read' "$T/server.out")" 0 'reads told'
    shows 1 rows_to ESTABLISHED
}

@test "--pause-read: in the end nothing is lost" {
    start_server --pause-read 0.3 0
    echoes 'late but whole'
}

@test "--pause-accept --backlog 2: three wait in the accept queue, the next is in SYN_SENT" {
    start_server --pause-accept 60 --backlog 2 0
    start client tcp_client --count 6 --hold 60 127.0.0.1 "$port" x
    wait_for queue_is LISTEN 2 3 || fail 'Recv-Q of the listener is not 3' "$(netstat_rows "$port")"
    shows 1 rows_to SYN_SENT
    wait_line "$T/client.err" '^connect.* blocks +SYN_SENT'
    shows 3 rows_at ESTABLISHED
    assert_equal "$(grep -c '^accept' "$T/server.out")" 0 'accepts told'
}

@test "--pause-accept: the clients are served afterwards" {
    start_server --pause-accept 0.2 --max 2 0
    peer one 'send one' 'expect one' half-close eof
    one=$pid
    peer two 'send two' 'expect two' half-close eof
    two=$pid
    succeeds "$one" one
    succeeds "$two" two
    wait_exit "$server_pid"
    assert_equal "$status" 0 'exit status'
}

# ---- narration

@test "narration: with --step each call waits for Enter, and its state is netstat's at that moment" {
    port=$(free_port)
    step_server "$port"
    enter_and_compare 'socket\(AF_INET, SOCK_STREAM, 0\)' 3 CLOSED
    enter_and_compare 'setsockopt\(3, SO_REUSEADDR, 1\)' 0 CLOSED
    enter_and_compare "bind\(3, 127\.0\.0\.1:$port\)" 0 CLOSED
    assert_equal "$(netstat_rows "$port")" '' 'rows before listen'
    enter_and_compare 'listen\(3, [0-9]+\)' 0 LISTEN
    told "^listening on 127\.0\.0\.1:$port$"
    peer client 'send hello' "await $T/go" half-close 'expect hello' eof close
    reached client '^holding'
    enter_and_compare 'accept\(3\)' 4 ESTABLISHED
    enter_and_compare 'read\(4, buffer, [0-9]+\)' 5 ESTABLISHED
    assert_equal "$(queue ESTABLISHED 2)" 0 'Recv-Q after read'
    enter_and_compare 'write\(4, buffer, 5\)' 5 ESTABLISHED
    : >"$T/go"
    wait_state "$port" CLOSE_WAIT
    enter_and_compare 'read\(4, buffer, [0-9]+\)' 0 CLOSE_WAIT
    enter 'shutdown\(4, SHUT_WR\)'
    succeeds "$pid" client
    wait_no_state "$port" LAST_ACK
    enter_and_compare 'close\(4\)' 0 CLOSED
    wait_for stands_before 'accept\(3\)'
    stop_process "$server_pid" TERM 2
    assert_equal "$status" 0 'exit status'
    assert_match "$(tail -n 1 "$T/server.out")" '^ended by SIGTERM$'
    exec 8>&-
}

@test "narration: FIN_WAIT2 and TIME_WAIT at the end that closes first" {
    port=$(free_port)
    step_server --close-first "$port"
    for call in socket setsockopt bind listen; do
        enter "$call"
    done
    wait_state "$port" LISTEN
    peer client 'send hello' 'expect hello' "await $T/go" eof close
    enter accept && enter read && enter write
    reached client '^holding'
    enter 'shutdown\(4, SHUT_WR\)'
    wait_for stands_before read
    told '^shutdown.* = 0 +FIN_WAIT[12] ' # until the FIN has been acknowledged it is FIN_WAIT1
    wait_state "$port" FIN_WAIT2
    shows 1 rows_at FIN_WAIT2
    : >"$T/go"
    succeeds "$pid" client
    wait_state "$port" TIME_WAIT
    enter_and_compare 'read\(4, buffer, [0-9]+\)' 0 TIME_WAIT
    enter_and_compare 'close\(4\)' 0 TIME_WAIT
    assert_equal "$(rows_to "$port" TIME_WAIT)" '' "TIME_WAIT at the client's end"
    exec 8>&-
}

@test "narration: a call that blocks is told before it does, with its state" {
    start_server 0
    wait_line "$T/server.out" '^accept\(3\) +blocks +LISTEN +no connection is waiting$'
    peer client "await $T/go" 'send hello' 'expect hello' half-close eof
    wait_line "$T/server.out" '^read\(4, buffer, [0-9]+\) +blocks +ESTABLISHED +nothing has arrived$'
    shows 1 rows_at ESTABLISHED
    : >"$T/go"
    succeeds "$pid" client
    wait_for twice_idle
    assert_equal "$(grep -c ' Enter ' "$T/server.out")" 0 'prompts without --step'
}
twice_idle() { [ "$(grep -c '^accept.* blocks' "$T/server.out")" -eq 2 ]; }

@test "--step: at the end of standard input it goes on by itself" {
    printf '\n\n' >"$T/keys"
    STDIN=$T/keys start_server --step 0
    assert_equal "$(grep -c 'Enter calls it$' "$T/server.out")" 3 'prompts: two keys, and the end of input'
    echoes hello
    STDIN=/dev/null start_server --step --max 1 0
    echoes hello
    wait_exit "$server_pid"
    assert_equal "$status" 0 'exit status'
}

# ---- levers

@test "--close-first: the server is in FIN_WAIT2, then in TIME_WAIT; a restart takes the port all the same" {
    start_server --close-first 0
    peer client 'send hello' 'expect hello' eof "await $T/go" close
    reached client '^holding'
    wait_state "$port" FIN_WAIT2
    shows 1 rows_at FIN_WAIT2 && shows 1 rows_to CLOSE_WAIT
    : >"$T/go"
    succeeds "$pid" client
    wait_state "$port" TIME_WAIT
    shows 1 rows_at TIME_WAIT && shows 0 rows_to TIME_WAIT
    stop_process "$server_pid"
    start_server -q "$port"
    echoes again
}

@test "--reset: the client gets a reset, no row is left" {
    start_server --reset 0
    peer client 'send hello' 'expect hello' eof
    wait_exit "$pid"
    assert_match "$(cat "$T/client.out")" 'Connection reset by peer'
    told '^setsockopt\(4, SO_LINGER, 0 s\)'
    wait_line "$T/server.out" '^close\(4\).* = 0 +CLOSED'
    assert_equal "$(netstat_rows "$port" | grep -cv LISTEN)" 0 'rows but LISTEN'
}

@test "--max: ends after so many clients, exit status 0, in all models" {
    for model in $MODELS; do
        start_server -q --model "$model" --max 3 0
        echoes one
        echoes two
        running "$server_pid"
        echoes three
        wait_exit "$server_pid" 2
        assert_equal "$status" 0 "exit status, $model"
        assert_equal "$(netstat_rows "$port" LISTEN)" ''
    done
}

@test "--model iterative: while one client is idle the next waits, and loses nothing" {
    start_server 0
    peer idle "await $T/go" 'send first' 'expect first' half-close eof
    idle=$pid
    wait_line "$T/server.out" '^read.* blocks'
    peer next 'send second' half-close 'expect second' eof
    next=$pid
    wait_for queue_is LISTEN 2 1 || fail 'no client waits in the accept queue' "$(netstat_rows "$port")"
    assert_equal "$(grep -c '^accept.* = ' "$T/server.out")" 1 'clients accepted'
    : >"$T/go"
    succeeds "$idle" idle
    succeeds "$next" next
}

@test "--model fork: while one client is idle others are served; lines carry the child's pid" {
    start_server --model fork 0
    peer idle "await $T/go" 'send first' 'expect first' half-close eof
    idle=$pid
    reached idle '^holding'
    echoes second
    wait_line "$T/server.out" '^fork\(\) = [0-9]+ serves it$'
    child=$(pgrep -P "$server_pid")
    wait_line "$T/server.out" "^\[$child\] read.* blocks +ESTABLISHED"
    : >"$T/go"
    succeeds "$idle" idle
    wait_for no_children "$server_pid" || fail 'a child is left' "$(ps --ppid "$server_pid")"
}
no_children() { [ -z "$(pgrep -P "$1")" ]; }

@test "--model fork --pause-accept: a child that ends during the pause does not stay a zombie" {
    start_server -q --model fork --pause-accept 0.3 0
    echoes hello
    wait_for -t 3 no_children "$server_pid" || fail 'left behind:' "$(ps -o pid,stat,comm --ppid "$server_pid")"
}

@test "--timeout: a silent client is ended and told; the next is served" {
    start_server --timeout 1.5 0
    peer silent "await $T/go" eof
    wait_line "$T/server.err" '^tcp_server: client 127\.0\.0\.1:[0-9]+: nothing moved for 1\.5 s'
    : >"$T/go"
    succeeds "$pid" silent
    echoes hello
}

@test "--timeout: a client that does not read is ended; with no time-out a silent one may stay" {
    head -c 8000000 /dev/zero >"$T/zeros"
    start_server -q --timeout 1.5 --sndbuf 4096 0
    peer stubborn -r 4096 "send-ahead $T/zeros" "await $T/go"
    wait_line "$T/server.err" 'nothing moved for 1\.5 s'
    echoes hello
}

@test "--rcvbuf, --sndbuf: the queues stay small" {
    head -c 3000000 /dev/zero >"$T/zeros"
    start_server -q --rcvbuf 4096 --pause-read 60 0
    peer sender -r 4096 "send-ahead $T/zeros" "await $T/go"
    reached sender '^holding'
    [ "$(queue ESTABLISHED 2)" -gt 0 ]
    [ "$(queue ESTABLISHED 2)" -lt 20000 ] || fail 'Recv-Q with --rcvbuf 4096:' "$(rows_at "$port")"
    stop_process "$server_pid"
    start_server -q --sndbuf 4096 0
    peer sender -r 4096 "send-ahead $T/zeros" "await $T/go"
    reached sender '^holding'
    wait_for queue_over ESTABLISHED 3 0 || fail 'nothing waits to be sent' "$(rows_at "$port")"
    [ "$(queue ESTABLISHED 3)" -lt 40000 ] || fail 'Send-Q with --sndbuf 4096:' "$(rows_at "$port")"
}

# ---- bytes

@test "bytes: every value, none at all, a byte at a time, and much in both directions at once" {
    perl -e 'print map { chr } 0 .. 255' >"$T/values"
    head -c 5000000 /dev/urandom >"$T/binary"
    for model in $MODELS; do
        start_server --model "$model" 0
        peer values "send-file $T/values" "expect-file $T/values" half-close eof close
        succeeds "$pid" values
        peer nothing half-close eof close
        succeeds "$pid" nothing
        peer pieces 'send a' 'expect a' 'send b' 'expect b' 'send c' 'expect c' half-close eof close
        succeeds "$pid" pieces
        peer much "swap $T/binary" half-close eof close
        succeeds "$pid" much
    done
}
