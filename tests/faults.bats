#!/usr/bin/env bats
# tcp_server and tcp_client when things go wrong: signals in every phase, resets, closed or stuck descriptors, too few
# descriptors, thousands of clients, clients that never read, hosts that are gone.

# helper.bash sets pid, port, address, status and server_pid.
# shellcheck disable=SC2154

load helper

SERVER_END=0 # tcp_server's exit status after a signal

# ---- the other end

peer() { # NAME STEP...: plays a client of $port
    local name=$1
    shift
    start "$name" "$ROOT/tests/peers/peer" connect 127.0.0.1 "$port" "$@"
}
slow_peer() { # the same with a small receive buffer
    local name=$1
    shift
    start "$name" "$ROOT/tests/peers/peer" -r 4096 connect 127.0.0.1 "$port" "$@"
}
serve() { # STEP...: plays a server
    start_listening peer "$ROOT/tests/peers/peer" listen 0 "$@"
}
reached() { wait_line "$T/$1.out" "$2" || fail "$1 did not get to '$2'" "$(cat "$T/$1.out")"; }
succeeds() { # PID NAME
    wait_exit "$1" 30 || fail "$2 does not end" "$(tail -n 5 "$T/$2.out")"
    [ "$status" -eq 0 ] || fail "$2: $(status_text "$status")" "$(tail -n 5 "$T/$2.out" "$T/$2.err")"
}
echoes() { # the server goes on serving
    local answer
    answer=$(timeout 10 "$BIN/tcp_client" -q 127.0.0.1 "$port" "$1" 3>&-) || fail "the server does not serve '$1'"
    assert_equal "$answer" "$1" 'the echo'
}
zeros() { [ -e "$T/zeros" ] || head -c "${1:-8000000}" /dev/zero >"$T/zeros"; }
shell() { # NAME SCRIPT [ARG]...: a shell that sets descriptors or limits and then becomes the program
    start "$1" /bin/bash -c "$2" sh "${@:3}"
}

# A pipe that nobody reads, filled to the last byte. `full` is its name; fd 9 holds it.
full_pipe() {
    full=$T/full
    [ -e "$full" ] || mkfifo "$full"
    exec 9<>"$full"
    perl -MFcntl -e 'sysopen F, $ARGV[0], O_WRONLY | O_NONBLOCK or die; 1 while syswrite F, "x" x 4096; 1 while syswrite F, "x"' "$full"
}

# stuck_terminal NAME STDIN PROGRAM [ARG]...: the program on a new terminal that nobody reads; its stdin is the terminal
# if STDIN is -, or that file. Sets $pid to the program's.
stuck_terminal() {
    # shellcheck disable=SC2016 # perl's variables
    start "$1-terminal" /usr/bin/perl -MPOSIX -MFcntl -e '
        my $stdin = shift; my ($zero, $number) = (pack("i", 0), pack "i", 0);
        sysopen my $master, "/dev/ptmx", O_RDWR | O_NOCTTY or die "ptmx: $!";
        ioctl $master, 0x40045431, $zero or die "TIOCSPTLCK: $!"; ioctl $master, 0x80045430, $number or die "TIOCGPTN: $!";
        my $name = "/dev/pts/" . unpack "i", $number;
        $| = 1;
        my $child = fork // die;
        if (!$child) {
            close $master; setsid(); open STDOUT, "+<", $name or die; open STDIN, "<", $stdin eq "-" ? $name : $stdin or die;
            exec @ARGV or die;
        }
        print "$child\n"; waitpid $child, 0; print "ended ", $? & 127 || "with " . ($? >> 8), "\n"; sleep 60' "${@:2}"
    wait_line "$T/$1-terminal.out" '^[0-9]+$' || fail 'no terminal' "$(cat "$T/$1-terminal.err")"
    read -r pid <"$T/$1-terminal.out"
}

# ---- what is looked at

blocked() { # PID: it sleeps, and nothing has woken it for a moment
    local before after
    before=$(activity "$1")
    sleep 0.15 # a span to count in, no wait for an event
    after=$(activity "$1")
    [ "$before" = "$after" ] && [[ $(<"/proc/$1/stat") == *') S '* ]]
}
activity() { grep ctxt_switches "/proc/$1/status"; } # how often it has slept and was put to sleep
cpu() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; } # in hundredths of a second
field() { awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"; }
queue() { rows_at "$port" "$1" | awk -v column="$2" '{ print $column; exit }'; }
queue_is() { [ "$(queue "$1" "$2")" = "$3" ]; }
queue_over() { [ "$(queue "$1" "$2")" -gt "$3" ] 2>/dev/null; }
sends_in_vain() { [ "$(rows_to "$port" ESTABLISHED | awk '{ sum += $3 } END { print sum + 0 }')" -gt 100000 ]; }
descriptors() { find "/proc/$1/fd" -mindepth 1 | wc -l; }
children() { pgrep -P "$1" | wc -l; }
children_are() { [ "$(children "$1")" -eq "$2" ]; }

# ends SIGNAL: the server ends within 2 s with status 0; no process of it is left, and its port can be bound at once.
ends() {
    stop_process "$server_pid" "$1" 2 || fail "$phase: it still runs 2 s after SIG$1" "$(cat "/proc/$server_pid/wchan")" \
        "$(tail -n 3 "$T/server.out")"
    assert_equal "$(status_text "$status")" "exit status $SERVER_END" "$phase, SIG$1" || return
    assert_equal "$(session_members "$server_pid")" '' "$phase: processes left" || return
    timeout 2 "$BIN/tcp_server" -q --max 1 "$port" >"$T/again.out" 2>"$T/again.err" </dev/null 3>&- &
    local again=$!
    wait_line "$T/again.out" "^listening on .*:$port$" 2 || fail "$phase: the port is not free" "$(cat "$T/again.err")"
    kill "$again" && wait "$again" || true
}
client_ends() { # SIGNAL: the client dies of the signal within 2 s, and leaves no connection open
    stop_process "$client_pid" "$1" 2 || fail "$phase: it still runs 2 s after SIG$1" "$(cat "/proc/$client_pid/wchan")"
    assert_equal "$(status_text "$status")" "killed by SIG$1" "$phase" || return
    assert_equal "$(rows_to "$port" ESTABLISHED)$(rows_to "$port" SYN_SENT)" '' "$phase: connections left"
}

# ---- signals: the server

@test "signals: tcp_server before accept, in read, in a blocked write, after its FIN: ends at once" {
    zeros
    for signal in TERM INT; do
        phase='before accept'
        start_server 0
        wait_line "$T/server.out" '^accept.* blocks'
        ends $signal
        phase='in read'
        start_server 0
        peer client 'expect nothing'
        wait_line "$T/server.out" '^read.* blocks'
        wait_for blocked "$server_pid" || fail 'it burns the processor while nothing arrives'
        ends $signal
        phase='in a blocked write'
        start_server --sndbuf 4096 --rcvbuf 4096 0
        slow_peer client "send-ahead $T/zeros" "await $T/never"
        wait_line "$T/server.out" '^write.* blocks'
        ends $signal
        phase='after its FIN'
        start_server --close-first 0
        peer client 'send x' 'expect x' "await $T/never"
        wait_line "$T/server.out" '^shutdown'
        ends $signal
    done
}

@test "signals: tcp_server in each pause, and in --step: ends at once" {
    phase='pause before accept'
    start_server --pause-accept 60 0
    wait_for blocked "$server_pid"
    ends TERM
    phase='pause before read'
    start_server --pause-read 60 0
    peer client 'send x' 'expect x'
    wait_line "$T/server.out" '^accept.* = '
    ends INT
    phase='pause before close'
    start_server --pause-close 60 0
    peer client half-close eof
    wait_state "$port" CLOSE_WAIT
    wait_line "$T/server.out" '^read.* = 0'
    ends TERM
    mkfifo "$T/enter"
    exec 8<>"$T/enter"
    for presses in 0 3 4; do # before socket, listen, accept
        port=$(free_port)
        phase="in --step after $presses keys"
        STDIN=$T/enter start server tcp_server --step "$port"
        server_pid=$pid
        for ((i = 0; i < presses; i++)); do echo >&8; done
        wait_for prompts $((presses + 1))
        ends TERM
    done
    exec 8>&-
}
prompts() { [ "$(grep -c 'Enter calls it$' "$T/server.out")" -eq "$1" ]; }

@test "signals: tcp_server --model fork: its children end with it, in whatever phase they are" {
    zeros
    start_server --model fork --sndbuf 4096 --rcvbuf 4096 0
    peer reading 'expect nothing'
    slow_peer writing "send-ahead $T/zeros" "await $T/never"
    wait_line "$T/server.out" '^\[[0-9]+\] read.* blocks'
    wait_line "$T/server.out" '^\[[0-9]+\] write.* blocks'
    wait_for children_are "$server_pid" 2
    phase='two children'
    ends TERM
    assert_equal "$(netstat_rows "$port" ESTABLISHED)" ''
    phase='after --max, waiting for the last child'
    start_server --model fork --max 1 0
    peer reading 'expect nothing'
    wait_line "$T/server.out" '^\[[0-9]+\] read.* blocks'
    wait_no_state "$port" LISTEN
    ends INT
}

@test "signals: tcp_server whose stdout is a full pipe that nobody reads: ends at once" {
    for model in iterative fork; do
        phase="stdout is full, $model"
        full_pipe
        port=$(free_port)
        # shellcheck disable=SC2016 # that shell's variables
        shell server 'exec "$1" --model "$2" "$3" >"$4"' "$BIN/tcp_server" "$model" "$port" "$full"
        server_pid=$pid
        wait_for blocked "$server_pid"
        ends TERM
    done
}

@test "signals: tcp_server --model fork, children and all talking into a pipe that fills up: all end at once" {
    mkfifo "$T/full"
    exec 9<>"$T/full"
    port=$(free_port)
    # shellcheck disable=SC2016
    shell server 'exec "$1" --model fork "$2" >"$3"' "$BIN/tcp_server" "$port" "$T/full"
    server_pid=$pid
    wait_state "$port" LISTEN
    start clients tcp_client -q --count 300 --hold 60 127.0.0.1 "$port" x
    wait_for blocked "$server_pid"
    phase='fork, stdout fills up'
    ends TERM
    exec 9>&-
}

@test "signals: tcp_server whose stderr is a full pipe: a client's reset must not stop it" {
    full_pipe
    port=$(free_port)
    # shellcheck disable=SC2016
    shell server 'exec "$1" -q "$2" 2>"$3"' "$BIN/tcp_server" "$port" "$full"
    server_pid=$pid
    wait_state "$port" LISTEN
    peer client 'send x' 'expect x' reset
    succeeds "$pid" client
    wait_for blocked "$server_pid"
    phase='stderr is full'
    ends TERM
}

@test "signals: tcp_server on a terminal that nobody reads: ends at once" {
    for model in iterative fork; do
        port=$(free_port)
        stuck_terminal server - "$BIN/tcp_server" --model $model "$port"
        terminal_server=$pid
        wait_state "$port" LISTEN
        start clients tcp_client -q --count 300 127.0.0.1 "$port" x
        wait_for blocked "$terminal_server"
        kill -TERM "$terminal_server"
        wait_line "$T/server-terminal.out" '^ended with 0' 2 ||
            fail "$model: it still runs" "$(cat "/proc/$terminal_server/wchan")"
        stop_process "$pid"
    done
}

@test "signals: tcpstate watch on a terminal that nobody reads: ends at once" {
    start_server -q --model fork 0
    stuck_terminal watch - "$BIN/tcpstate" watch --interval 0.01 "$port"
    watch=$pid
    start clients tcp_client -q --count 100 --hold 60 127.0.0.1 "$port" x
    wait_for blocked "$watch"
    kill -INT "$watch"
    wait_line "$T/watch-terminal.out" '^ended with 0' 2 || fail 'it still runs' "$(cat "/proc/$watch/wchan")"
}

# ---- signals: the client

@test "signals: tcp_client in connect, in read, in a blocked write, in --hold, in --source, in --step: dies at once" {
    zeros 12000000
    for signal in TERM INT; do
        start_server -q --backlog 0 --pause-accept 60 0
        start filler tcp_client -q --hold 60 127.0.0.1 "$port" x
        filler=$pid
        wait_state "$port" ESTABLISHED
        phase='in connect'
        start client tcp_client 127.0.0.1 "$port" x
        client_pid=$pid
        wait_line "$T/client.err" '^connect.* blocks +SYN_SENT'
        stop_process "$filler"
        client_ends $signal
        stop_process "$server_pid"
        start_server -q --model fork --pause-read 60 0
        phase='in read'
        start client tcp_client 127.0.0.1 "$port" x
        client_pid=$pid
        wait_line "$T/client.err" '^read.* blocks'
        client_ends $signal
        phase='in a blocked write'
        STDIN=$T/zeros start client tcp_client 127.0.0.1 "$port"
        client_pid=$pid
        wait_for sends_in_vain
        wait_for blocked "$client_pid"
        client_ends $signal
        phase='in --hold'
        start client tcp_client --hold 60 127.0.0.1 "$port" x
        client_pid=$pid
        wait_line "$T/client.err" '^write.* = 1'
        client_ends $signal
        phase='in --hold of --count'
        start client tcp_client --count 3 --hold 60 127.0.0.1 "$port" x
        client_pid=$pid
        wait_line "$T/client.err" '^3 connections are open'
        client_ends $signal
        phase='in --source'
        start client tcp_client --source 100000000 127.0.0.1 "$port"
        client_pid=$pid
        wait_line "$T/client.err" 'bytes written'
        client_ends $signal
        stop_process "$server_pid"
    done
}

@test "signals: tcp_client at a keyboard, in --step, with stdout or stderr full and nobody reading: dies at once" {
    zeros
    mkfifo "$T/keys"
    exec 8<>"$T/keys"
    start_server -q --model fork 0
    phase='stdin is open and silent'
    STDIN=$T/keys start client tcp_client 127.0.0.1 "$port"
    client_pid=$pid
    wait_line "$T/client.err" '^connect.* = 0'
    wait_for blocked "$client_pid"
    client_ends INT
    phase='in --step'
    STDIN=$T/keys start client tcp_client --step 127.0.0.1 "$port" x
    client_pid=$pid
    echo >&8
    wait_line "$T/client.err" '^connect.*Enter'
    client_ends TERM
    full_pipe
    phase='stdout is full'
    # shellcheck disable=SC2016
    STDIN=$T/zeros shell client 'exec "$1" -q 127.0.0.1 "$2" >"$3"' "$BIN/tcp_client" "$port" "$full"
    client_pid=$pid
    wait_state "$port" ESTABLISHED
    wait_for blocked "$client_pid"
    client_ends TERM
    phase='stderr is full'
    # shellcheck disable=SC2016
    shell client 'exec "$1" 127.0.0.1 "$2" x 2>"$3"' "$BIN/tcp_client" "$port" "$full"
    client_pid=$pid
    wait_for blocked "$client_pid"
    client_ends TERM
    exec 8>&- 9>&-
}

@test "signals: tcp_client on a terminal that nobody reads: dies at once" {
    zeros
    start_server -q 0
    stuck_terminal client "$T/zeros" "$BIN/tcp_client" -q 127.0.0.1 "$port"
    wait_state "$port" ESTABLISHED
    wait_for blocked "$pid"
    kill -TERM "$pid"
    wait_line "$T/client-terminal.out" '^ended' 2 || fail 'it still runs' "$(cat "/proc/$pid/wchan")"
}

@test "signals: SIGPIPE is ignored by both" {
    start_server -q 0
    start client tcp_client --hold 60 127.0.0.1 "$port" x
    wait_line "$T/client.err" '^write'
    for id in "$server_pid" "$pid"; do
        ((0x$(field "$id" SigIgn) & 0x1000)) || fail "SIGPIPE is not ignored: $(field "$id" SigIgn)"
    done
}

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

# ---- descriptors run out

@test "EMFILE: tcp_server says it once, waits without burning the processor, and goes on when it can" {
    command -v prlimit >/dev/null || skip 'prlimit is not installed'
    for model in iterative fork; do
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
    for model in iterative fork; do
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
    for model in iterative fork; do
        start_server --model "$model" --pause-accept 0.3 0
        peer client reset # it is gone before accept
        succeeds "$pid" client
        wait_line "$T/server.out" '^accept.* = '
        echoes 'after a reset before accept'
        stop_process "$server_pid"

        start_server --model "$model" 0
        rm -f "$T/go"
        peer client "await $T/go" reset # in read
        wait_line "$T/server.out" 'read.* blocks'
        : >"$T/go"
        wait_line "$T/server.err" '^tcp_server: read from client 127\.0\.0\.1:[0-9]+: Connection reset by peer$'
        echoes 'after a reset in read'
        stop_process "$server_pid"

        start_server --model "$model" --sndbuf 4096 --rcvbuf 4096 0
        rm -f "$T/go"
        slow_peer client "send-ahead $T/zeros" "await $T/go" reset # in a blocked write
        wait_line "$T/server.out" 'write.* blocks'
        reached client '^holding'
        : >"$T/go"
        wait_line "$T/server.err" '^tcp_server: write to client 127\.0\.0\.1:[0-9]+: (Connection reset by peer|Broken pipe)$'
        echoes 'after a reset in write'
        stop_process "$server_pid"

        start_server --model "$model" --pause-close 0.5 0
        peer client half-close reset # in CLOSE_WAIT
        wait_line "$T/server.out" 'close\(4\)'
        echoes 'after a reset in CLOSE_WAIT'
        stop_process "$server_pid"

        start_server --model "$model" --close-first 0
        rm -f "$T/go"
        peer client 'send x' 'expect x' "await $T/go" reset # in FIN_WAIT2
        wait_line "$T/server.out" 'shutdown\(4'
        : >"$T/go"
        wait_line "$T/server.out" 'close\(4'
        peer client 'send x' 'expect x' eof close
        succeeds "$pid" client
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
@test "200 clients: no descriptor is leaked, no zombie is left, in both models" {
    for model in iterative fork; do
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
same_descriptors() { [ "$(descriptors "$server_pid")" -eq "$before" ]; }

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

@test "2,000 clients at once, in both models" {
    for model in iterative fork; do
        port=$(free_port)
        many $model "$(at_most 2000)"
    done
}

@test "long: 4,000 clients at once, and 20,000 one after another, in both models" {
    [ -n "${NETSTEP_LONG:-}" ] || skip 'make check-long'
    for model in iterative fork; do
        port=$(free_port)
        many $model "$(at_most 4000)"
        start_server -q --model $model 0
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
    zeros 40000000
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

@test "20 MB of random bytes through client and server are unchanged, in both models; also when stdout is read slowly" {
    head -c 20000000 /dev/urandom >"$T/binary"
    for model in iterative fork; do
        start_server -q --model $model 0
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
