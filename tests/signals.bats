#!/usr/bin/env bats
# tcp_server, tcp_client and tcpstate when SIGINT or SIGTERM comes: in every phase, also when their output is stuck.

# faults.bash sets pid, port, address, status and server_pid, and reads phase.
# shellcheck disable=SC2154,SC2034

load faults

# ---- the server

@test "tcp_server before accept, in read, in a blocked write, after its FIN: ends at once" {
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

@test "tcp_server in each pause, and in --step: ends at once" {
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

@test "tcp_server --model fork: its children end with it, in whatever phase they are" {
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

@test "tcp_server whose stdout is a full pipe that nobody reads: ends at once" {
    for model in $MODELS; do
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

@test "tcp_server --model fork, children and all talking into a pipe that fills up: all end at once" {
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

@test "tcp_server whose stderr is a full pipe: a client's reset must not stop it" {
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

@test "tcp_server on a terminal that nobody reads: ends at once" {
    for model in $MODELS; do
        port=$(free_port)
        stuck_terminal server - "$BIN/tcp_server" --model "$model" "$port"
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

@test "tcpstate watch on a terminal that nobody reads: ends at once" {
    start_server -q --model epoll 0
    stuck_terminal watch - "$BIN/tcpstate" watch --interval 0.01 "$port"
    watch=$pid
    # A line of some 100 bytes for each end of each, at least; the terminal keeps 64 KiB.
    start clients tcp_client -q --count 400 --hold 60 127.0.0.1 "$port" x
    wait_for blocked "$watch"
    kill -INT "$watch"
    wait_line "$T/watch-terminal.out" '^ended with 0' 2 || fail 'it still runs' "$(cat "/proc/$watch/wchan")"
}

# ---- the client

@test "tcp_client in connect, in read, in a blocked write, in --hold, in --source, in --step: dies at once" {
    zeros
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

@test "tcp_client at a keyboard, in --step, with stdout or stderr full and nobody reading: dies at once" {
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

@test "tcp_client on a terminal that nobody reads: dies at once" {
    zeros
    start_server -q 0
    stuck_terminal client "$T/zeros" "$BIN/tcp_client" -q 127.0.0.1 "$port"
    wait_state "$port" ESTABLISHED
    wait_for blocked "$pid"
    kill -TERM "$pid"
    wait_line "$T/client-terminal.out" '^ended' 2 || fail 'it still runs' "$(cat "/proc/$pid/wchan")"
}

@test "SIGPIPE is ignored by both" {
    start_server -q 0
    start client tcp_client --hold 60 127.0.0.1 "$port" x
    wait_line "$T/client.err" '^write'
    for id in "$server_pid" "$pid"; do
        ((0x$(field "$id" SigIgn) & 0x1000)) || fail "SIGPIPE is not ignored: $(field "$id" SigIgn)"
    done
}
