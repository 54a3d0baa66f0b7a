#!/usr/bin/env bats
# tcp_server and tcp_client when things go wrong: resets, closed or stuck descriptors, too few descriptors, thousands of
# clients, clients that never read, hosts that are gone. Signals stand in signals.bats.

# faults.bash sets pid, port, address, status and server_pid, and reads phase.
# shellcheck disable=SC2154,SC2034

load faults

# ---- standard descriptors

@test "stdin, stdout or stderr closed: nothing of ours goes into the connection" {
    for closed in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
        port=$(free_port)
        shell server "exec '$BIN/tcp_server' $port $closed"
        wait_state "$port" LISTEN
        peer client 'send hello' half-close 'expect hello' eof close
        succeeds "$pid" client
    done
    for closed in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
        serve accept 'expect hello' eof 'send HELLO' half-close eof
        played=$pid
        shell client "exec '$BIN/tcp_client' 127.0.0.1 $port hello $closed"
        succeeds "$played" peer
        wait_exit "$pid"
    done
    start_server -q 0
    shell client "exec '$BIN/tcp_client' -q 127.0.0.1 $port <&-" # no MESSAGE, no input: nothing is sent
    wait_exit "$pid"
    assert_equal "$status:$(cat "$T/client.out")" 0:
}

@test "stdout=/dev/full: the client says so and fails, the server serves" {
    start_server -q 0
    shell client "exec '$BIN/tcp_client' -q 127.0.0.1 $port hello >/dev/full"
    wait_exit "$pid"
    assert_equal "$status" 1 'exit status'
    assert_equal "$(cat "$T/client.err")" 'tcp_client: write standard output: No space left on device'
    port=$(free_port)
    shell server "exec '$BIN/tcp_server' $port >/dev/full"
    wait_state "$port" LISTEN
    echoes hello
    stop_process "$pid" INT 2 || wait_exit "$pid"
}

@test "stdout to a reader that goes away: the client says so and fails; the server, told nothing, goes on" {
    zeros
    start_server -q 0
    shell client "set -o pipefail; '$BIN/tcp_client' -q 127.0.0.1 $port <'$T/zeros' | head -c 1 >/dev/null"
    wait_exit "$pid"
    assert_equal "$status" 1 'exit status'
    assert_equal "$(cat "$T/client.err")" 'tcp_client: write standard output: Broken pipe'
    echoes 'after it'
    mkfifo "$T/gone"
    port=$(free_port)
    shell server "exec '$BIN/tcp_server' $port >'$T/gone'"
    server_pid=$pid
    head -n 3 "$T/gone" >/dev/null
    wait_state "$port" LISTEN
    echoes hello
    phase='narrating to nobody'
    ends TERM
}

@test "standard input that can't be read: told, exit status 1" {
    start_server -q 0
    shell client "exec '$BIN/tcp_client' -q 127.0.0.1 $port </"
    wait_exit "$pid"
    assert_equal "$status:$(cat "$T/client.err")" '1:tcp_client: read standard input: Is a directory'
    echoes hello
}

# ---- the port is in use

# An old connection of $port in TIME_WAIT at the server's end, and nobody who listens.
leave_time_wait() { # [OPTION]
    start_server -q --close-first "$@" 0
    peer client 'send hello' 'expect hello' eof close
    succeeds "$pid" client
    wait_state "$port" TIME_WAIT
    shows 1 rows_at TIME_WAIT
    stop_process "$server_pid"
}

@test "--no-reuse: TIME_WAIT keeps the port, and the line says so" {
    leave_time_wait
    refused 1 "bind 127\.0\.0\.1 port $port: Address already in use \(old connections: 1 in TIME_WAIT.*--no-reuse" --no-reuse "$port"
    start_server -q "$port"
}

@test "--no-reuse: TIME_WAIT of a server without SO_REUSEADDR keeps the port from one that has it" {
    leave_time_wait --no-reuse
    refused 1 "port $port: Address already in use \(old connections: 1 in TIME_WAIT.*without SO_REUSEADDR\)" "$port"
}

@test "--no-reuse: a listener on another address is not what keeps the port" {
    leave_time_wait
    start_server -q -b 127.0.0.2 "$port"
    refused 1 "port $port: Address already in use \(.*TIME_WAIT" --no-reuse "$port"
}

@test "a port in use: another listener, and a socket that is bound only, are told apart" {
    start_server -q 0
    refused 1 "bind 127\.0\.0\.1 port $port: Address already in use \(another server listens there: .*:$port" "$port"
    refused 1 "port $port: Address already in use \(another server" --no-reuse "$port"
    refused 1 "port $port: Address already in use \(another server" -b 0.0.0.0 "$port"
    echoes 'the first server goes on'
    # shellcheck disable=SC2016 # perl's variables
    start_listening bound "$(command -v perl)" -MSocket -e '
        socket S, AF_INET, SOCK_STREAM, 0; bind S, pack_sockaddr_in(0, INADDR_LOOPBACK) or die; $| = 1;
        print "listening on 127.0.0.1:", (unpack_sockaddr_in getsockname S)[0], "\n"; sleep 60'
    refused 1 "port $port: Address already in use \(a socket is bound" "$port"
}

@test "two servers, both bound to one port: the second's listen is refused and explained" {
    port=$(free_port)
    step server "$port"
    server_pid=$pid
    enter socket && enter setsockopt && enter bind
    wait_for stands_before listen
    start_listening second tcp_server -q "$port"
    enter listen
    wait_exit "$server_pid"
    assert_equal "$status" 1 'exit status'
    assert_equal "$(cat "$T/server.err")" \
        "tcp_server: listen 127.0.0.1 port $port: Address already in use (another server listens there: netstat -antp | grep :$port)"
    exec 8>&-
}

# ---- descriptors run out

@test "EMFILE: tcp_server says it once, waits without burning the processor, and goes on when it can" {
    command -v prlimit >/dev/null || skip 'prlimit is not installed'
    for model in $MODELS; do
        start_server -q --model "$model" 0
        prlimit --pid "$server_pid" --nofile=4:
        used=$(cpu "$server_pid")
        start client tcp_client -q 127.0.0.1 "$port" hello
        wait_line "$T/server.err" '^tcp_server: accept, .*: Too many open files$'
        # It tries again and again meanwhile; that is counted in hundredths of a second.
        if wait_exit "$pid" 1; then fail 'the client was served or turned away'; fi
        [ $(($(cpu "$server_pid") - used)) -lt 25 ] || fail "processor used in a second: $(($(cpu "$server_pid") - used)) ticks"
        assert_equal "$(wc -l <"$T/server.err")" 1 'lines on stderr'
        prlimit --pid "$server_pid" --nofile=100:
        succeeds "$pid" client
        assert_equal "$(cat "$T/client.out")" hello
        echoes again
        phase=EMFILE
        prlimit --pid "$server_pid" --nofile=4:
        start client tcp_client -q 127.0.0.1 "$port" hello
        wait_for two_lines
        ends TERM
    done
}
two_lines() { [ "$(wc -l <"$T/server.err")" -ge 2 ]; }

@test "EMFILE: with ulimit -n 16 tcp_server serves; tcp_client --count 40 says why it can't, and the server is unharmed" {
    for model in $MODELS; do
        port=$(free_port)
        shell server "ulimit -n 16; exec '$BIN/tcp_server' --model $model $port"
        server_pid=$pid
        wait_line "$T/server.out" '^listening'
        for i in 1 2 3 4 5 6; do
            peer "idle$i" "await $T/never"
            reached "idle$i" '^holding'
        done
        [ "$model" = iterative ] || echoes 'beside six others'
        shell client "ulimit -n 16; exec '$BIN/tcp_client' -q --count 40 127.0.0.1 $port x"
        wait_exit "$pid"
        assert_equal "$status" 1 'exit status'
        assert_match "$(cat "$T/client.err")" "^tcp_client: socket for 127\.0\.0\.1 port $port: Too many open files"
        assert_equal "$(wc -l <"$T/client.err")" 1 'lines on stderr'
        phase="ulimit -n 16, $model"
        ends TERM
    done
}

# ---- resets, and ends that are gone

@test "reset: a client that resets in each phase harms nobody; each is told or passed over" {
    zeros
    for model in $MODELS; do
        start_server --model "$model" --pause-accept 0.3 0
        peer client reset # it is gone before accept
        succeeds "$pid" client
        wait_line "$T/server.out" '^accept.* = '
        echoes 'after a reset before accept'
        stop_process "$server_pid"

        start_server --model "$model" 0
        rm -f "$T/go"
        peer client "await $T/go" reset # in read
        wait_line "$T/server.out" '(read|epoll_wait).* blocks'
        : >"$T/go"
        wait_line "$T/server.err" '^tcp_server: read from client 127\.0\.0\.1:[0-9]+: Connection reset by peer$'
        echoes 'after a reset in read'
        stop_process "$server_pid"

        start_server --model "$model" --sndbuf 4096 --rcvbuf 4096 0
        rm -f "$T/go"
        slow_peer client "send-ahead $T/zeros" "await $T/go" reset # in a blocked write
        wait_line "$T/server.out" 'write.*( blocks|no more fits|Resource temp)'
        reached client '^holding'
        : >"$T/go"
        wait_line "$T/server.err" '^tcp_server: write to client 127\.0\.0\.1:[0-9]+: (Connection reset by peer|Broken pipe)$'
        echoes 'after a reset in write'
        stop_process "$server_pid"

        start_server --model "$model" --close-first 0
        rm -f "$T/go"
        peer client 'send x' 'expect x' "await $T/go" reset # in FIN_WAIT2
        wait_line "$T/server.out" 'shutdown\([0-9]+'
        : >"$T/go"
        wait_line "$T/server.out" 'close\([0-9]+'
        peer client 'send x' 'expect x' eof close
        succeeds "$pid" client
        stop_process "$server_pid"

        [ "$model" != epoll ] || continue # it has no pauses
        start_server --model "$model" --pause-close 0.5 0
        peer client half-close reset # in CLOSE_WAIT
        wait_line "$T/server.out" 'close\([0-9]+\)'
        echoes 'after a reset in CLOSE_WAIT'
        stop_process "$server_pid"
    done
}

@test "reset: a server that resets in each phase: one line, exit status 1" {
    zeros
    for steps in "accept reset" "accept|expect x|reset" "accept|expect x|send y|reset"; do
        IFS='|' read -ra words <<<"${steps// reset/|reset}"
        serve "${words[@]}"
        run_for 10 client tcp_client -q --hold 0.2 127.0.0.1 "$port" x
        assert_equal "$status" 1 "exit status after '$steps'"
        assert_match "$(cat "$T/client.err")" \
            "^tcp_client: (connect|read from|write to) 127\.0\.0\.1 port $port: (Connection reset by peer|Broken pipe)$" "stderr after '$steps'"
        assert_equal "$(wc -l <"$T/client.err")" 1 'lines on stderr'
    done
    serve accept "await $T/go" reset
    STDIN=$T/zeros start client tcp_client 127.0.0.1 "$port"
    wait_for sends_in_vain
    : >"$T/go"
    wait_exit "$pid"
    assert_equal "$status" 1 'exit status in a blocked write'
    assert_match "$(grep '^tcp_client:' "$T/client.err")" "^tcp_client: [a-z ]+ 127\.0\.0\.1 port $port: (Connection reset by peer|Broken pipe)$"
}

@test "a server that closes early: what came is printed, one line, exit status 1" {
    mkfifo "$T/typed"
    exec 8<>"$T/typed"
    serve accept 'send bye' close
    STDIN=$T/typed start client tcp_client -q 127.0.0.1 "$port"
    wait_exit "$pid" || fail 'it waits for input that nobody would get'
    exec 8>&-
    assert_equal "$status:$(cat "$T/client.out")" 1:bye
    assert_match "$(cat "$T/client.err")" "^tcp_client: 127\.0\.0\.1 port $port: the server closed before our input ended$"
}

@test "half-closed: the client has sent its FIN, the server goes on sending all it still has" {
    head -c 4000000 /dev/urandom >"$T/binary"
    start_server 0
    start client "$ROOT/tests/peers/peer" -r 65536 connect 127.0.0.1 "$port" "send-ahead $T/binary" "await $T/go" "swap $T/binary" half-close eof close
    reached client '^holding'
    : >"$T/go"
    succeeds "$pid" client
    wait_line "$T/server.out" '^shutdown\(4, SHUT_WR\) +='
}

@test "half-open: a client that is gone without a word stays ESTABLISHED; --timeout ends it" {
    start_server --timeout 0.5 0
    # TCP_REPAIR (19): a socket that is closed in that mode sends nothing, as a host that lost its power.
    # shellcheck disable=SC2016 # perl's variables
    start client /usr/bin/perl -MSocket -e '
        socket S, AF_INET, SOCK_STREAM, 0; connect S, pack_sockaddr_in($ARGV[0], INADDR_LOOPBACK) or die "connect: $!";
        setsockopt S, 6, 19, pack "i", 1 or do { print "repair: $!\n"; exit 77 };
        close S; exit 0' "$port"
    wait_exit "$pid"
    [ "$status" -ne 77 ] || skip "only root can make a client vanish here ($(cat "$T/client.out"))"
    assert_equal "$(rows_to "$port")" '' "rows at the client's end"
    wait_line "$T/server.out" '^read.* blocks +ESTABLISHED'
    wait_line "$T/server.err" '^tcp_server: client 127\.0\.0\.1:[0-9]+: nothing moved for 0\.5 s'
    echoes 'the next one'
}

# ---- many

# Counts descriptors before and after; children and zombies must be gone.
@test "200 clients: no descriptor is leaked, no zombie is left, in all models" {
    for model in $MODELS; do
        start_server --model "$model" 0
        echoes warm-up
        wait_for children_are "$server_pid" 0
        before=$(descriptors "$server_pid")
        run_for 30 client tcp_client -q --count 200 127.0.0.1 "$port" x
        assert_equal "$status:$(wc -c <"$T/client.out")" 0:200 "200 clients, $model"
        wait_for children_are "$server_pid" 0 || fail 'children left' "$(ps -o pid,stat,comm --ppid "$server_pid")"
        echoes 'one more'
        wait_for same_descriptors || fail "$model: $before descriptors before, now:" "$(ls -l "/proc/$server_pid/fd")"
    done
}
same_descriptors() { [ "$(descriptors "$server_pid")" -le "$before" ]; } # the warm-up's may still have been open

many() { # MODEL N: that many connections at once, each served
    shell server "ulimit -Sn hard; exec '$BIN/tcp_server' -q --model $1 $port"
    server_pid=$pid
    wait_state "$port" LISTEN
    shell client "ulimit -Sn hard; exec '$BIN/tcp_client' -q --count $2 127.0.0.1 $port x"
    wait_exit "$pid" 120 || fail "$2 clients, $1: not done" "$(netstat_rows "$port" | awk '{ print $6 }' | sort | uniq -c)"
    assert_equal "$status:$(wc -c <"$T/client.out")" "0:$2" "$2 clients, $1: $(head -n 1 "$T/client.err")"
    wait_for children_are "$server_pid" 0
    echoes 'the next one'
    assert_empty "$T/server.err"
    stop_process "$server_pid"
}
# How many connections a process may hold here; more than the backlog of the system can't wait.
at_most() {
    local room=$1 backlog
    backlog=$(cat /proc/sys/net/core/somaxconn)
    [ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -gt $((room + 20)) ] || room=$(($(ulimit -Hn) - 20))
    [ "$backlog" -ge "$room" ] || room=$backlog
    echo "$room"
}

@test "2,000 clients at once, in all models" {
    beyond_sample
    for model in $MODELS; do
        port=$(free_port)
        many "$model" "$(at_most 2000)"
    done
}

@test "long: 4,000 clients at once, and 20,000 one after another, in all models" {
    [ -n "${NETSTEP_LONG:-}" ] || skip 'make check-long'
    for model in $MODELS; do
        port=$(free_port)
        many "$model" "$(at_most 4000)"
        start_server -q --model "$model" 0
        before=$(descriptors "$server_pid")
        for _ in {1..20}; do
            run_for 60 client tcp_client -q --count 1000 127.0.0.1 "$port" x
            assert_equal "$status:$(wc -c <"$T/client.out")" 0:1000
        done
        wait_for children_are "$server_pid" 0
        wait_for same_descriptors
    done
}

@test "a client that never reads: the server's memory stays small, it uses no processor, others are served" {
    zeros
    start_server -q --model fork 0
    peer greedy "send-ahead $T/zeros" "await $T/never"
    reached greedy '^holding'
    child=$(pgrep -P "$server_pid")
    wait_for blocked "$child"
    queue_over ESTABLISHED 3 0 || fail 'the server does not send back what it reads' "$(rows_at "$port")"
    for id in "$server_pid" "$child"; do
        grown=$(($(field "$id" VmHWM) - $(field "$server_pid" VmRSS)))
        [ "$grown" -lt 8000 ] || fail "memory grew by $grown kB"
    done
    echoes 'beside it'
    start_server -q 0 # iterative: the others wait, and are served when it is gone
    peer greedy "send-ahead $T/zeros" "await $T/never"
    greedy=$pid
    reached greedy '^holding'
    peer next 'send x' 'expect x' half-close eof
    next=$pid
    wait_for blocked "$server_pid"
    [ "$(field "$server_pid" VmHWM)" -lt $(($(field "$server_pid" VmRSS) + 8000)) ]
    stop_process "$greedy"
    succeeds "$next" next
}

@test "a server that stops reading: the client's memory stays small, it uses no processor; when the server goes on nothing is lost" {
    head -c 12000000 /dev/urandom >"$T/binary"
    head -c 6000000 "$T/binary" >"$T/first"
    tail -c 6000000 "$T/binary" >"$T/rest"
    serve accept "await $T/go" "expect-file $T/first" "expect-file $T/rest" eof half-close
    played=$pid
    STDIN=$T/binary start client tcp_client -q 127.0.0.1 "$port"
    client=$pid
    wait_state "$port" ESTABLISHED
    wait_for blocked "$client"
    [ "$(field "$client" VmHWM)" -lt $(($(field "$client" VmRSS) + 4000)) ] && [ "$(field "$client" RssAnon)" -lt 60000 ]
    : >"$T/go"
    succeeds "$played" peer
    wait_exit "$client"
    assert_equal "$status" 0 'exit status'
}

# ---- big data

@test "20 MB of random bytes through client and server are unchanged, in all models; also when stdout is read slowly" {
    head -c 20000000 /dev/urandom >"$T/binary"
    for model in $MODELS; do
        start_server -q --model "$model" 0
        STDIN=$T/binary run_for 60 client tcp_client -q 127.0.0.1 "$port"
        assert_equal "$status" 0 "exit status, $model"
        assert_file "$T/client.out" "$T/binary"
    done
    # shellcheck disable=SC2016 # perl's variables
    slow='my ($n, $b) = 0; while (my $got = sysread STDIN, $b, 65536) { print $b; select undef, undef, undef, 0.05 if $n++ < 10 }'
    shell client "set -o pipefail; '$BIN/tcp_client' -q --rcvbuf 8192 127.0.0.1 $port <'$T/binary' | perl -e '$slow' >'$T/slowly'"
    succeeds "$pid" client
    assert_file "$T/slowly" "$T/binary"
}
