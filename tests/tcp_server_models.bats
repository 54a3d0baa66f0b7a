#!/usr/bin/env bats
# tcp_server --model fork, thread, epoll and pool: many clients at once; what each model does besides, and what breaks it.
# What every model has to do with one client stands in tcp_server.bats, faults.bats and signals.bats.

# faults.bash sets pid, port, address, status and server_pid, and reads phase.
# shellcheck disable=SC2154,SC2034

load faults

MANY='fork thread epoll pool'

threads() { find "/proc/$1/task" -mindepth 1 -maxdepth 1 | wc -l; }
threads_are() { [ "$(threads "$1")" -eq "$2" ]; }
accepted() { [ "$(grep -c '^accept.* = [0-9]' "$T/server.out")" -ge "$1" ]; }
# idle_clients N: they are connected, and silent until $T/go
idle_clients() {
    local i
    for ((i = 1; i <= $1; i++)); do
        peer "idle$i" "await $T/go" "send idle$i" "expect idle$i" half-close eof close
        idle[i]=$pid
    done
    for ((i = 1; i <= $1; i++)); do reached "idle$i" '^holding'; done
}
# asks NAME: a client that sends a byte and keeps the connection, whatever happens
asks() { peer "$1" "send x" "await $T/never"; }

@test "arguments: what belongs to one model, or does not go with it, is refused in one line" {
    refused 2 "--workers, --queue and --when-full: they are for --model pool" --workers 2 0
    refused 2 "are for --model pool" --model epoll --queue 2 0
    refused 2 "are for --model pool" --model thread --when-full wait 0
    refused 2 "--workers '0': too small" --model pool --workers 0 0
    refused 2 "--workers '1001': too large" --model pool --workers 1001 0
    refused 2 "--queue '0': too small" --model pool --queue 0 0
    refused 2 "--queue 'long': not a decimal" --model pool --queue long 0
    refused 2 "--when-full 'drop': there are wait and reject" --model pool --when-full drop 0
    for model in thread epoll pool; do
        refused 2 "--step and --model $model: clients would wait for each other's Enter key" --model "$model" --step 0
    done
    refused 2 "--pause-read, --pause-close and --model epoll: a loop that pauses for one client pauses for all" \
        --model epoll --pause-read 1 0
    refused 2 "--pause-close and --model epoll" --model epoll --pause-close 1 0
}

@test "arguments: where there is no epoll, its two models are refused in one line" {
    mkdir "$T/elsewhere"
    cd "$ROOT"
    local cc=${CC:-gcc}
    command -v "$cc" >/dev/null || skip "no $cc here"
    "$cc" -std=c11 -D_POSIX_C_SOURCE=200809L -pthread -I. -U__linux__ -Wall -Wextra -Wpedantic -Werror \
        -o "$T/elsewhere/tcp_server" tcp_server/*.c common/*.c || fail 'it does not build without epoll'
    for model in epoll pool; do
        run "$T/elsewhere/tcp_server" --model "$model" 0
        assert_equal "$status" 2 'exit status'
        assert_match "$output" "--model '$model': there are iterative, fork and thread; epoll and pool need Linux"
        assert_equal "${#lines[@]}" 1 'lines'
    done
}

@test "five clients, four of them idle: the fifth is served at once, and then the four" {
    for model in $MANY; do
        rm -f "$T/go"
        start_server --model "$model" 0
        idle_clients 4
        echoes 'beside four others'
        : >"$T/go"
        for i in 1 2 3 4; do succeeds "${idle[i]}" "idle$i"; done
        stop_process "$server_pid"
        assert_equal "$status" 0 "exit status, $model"
    done
}

@test "pool --workers 1: idle clients hold no worker" {
    start_server -q --model pool --workers 1 --queue 1 0
    idle_clients 5
    echoes 'beside five others'
    : >"$T/go"
    for i in 1 2 3 4 5; do succeeds "${idle[i]}" "idle$i"; done
}

@test "1,000 idle clients, and one more that is served" {
    for model in $MANY; do
        port=$(free_port)
        shell server "ulimit -Sn hard; exec '$BIN/tcp_server' -q --model $model $port"
        server_pid=$pid
        wait_state "$port" LISTEN
        shell idle "ulimit -Sn hard; exec '$BIN/tcp_client' --count 1000 --hold 600 127.0.0.1 $port x"
        idle_pid=$pid
        wait_line "$T/idle.err" '^1000 connections are open' 60
        wait_for -t 30 queue_is LISTEN 2 0
        echoes 'beside a thousand'
        stop_process "$idle_pid" KILL
        wait_for children_are "$server_pid" 0
        phase="after a thousand, $model"
        ends TERM
        assert_empty "$T/server.err"
    done
}

@test "narration of thread and pool: each line is whole and says who speaks; its thread is one of the process" {
    for model in thread pool; do
        start_server --model "$model" 0
        start clients tcp_client -q --count 60 127.0.0.1 "$port" x
        succeeds "$pid" clients
        peer last 'send x' 'expect x' "await $T/never"
        reached last '^holding'
        speaker=$(grep -oE '^\[[0-9]+\] (read|write)' "$T/server.out" | tail -n 1 | grep -oE '[0-9]+')
        [ -d "/proc/$server_pid/task/$speaker" ] || fail "no thread $speaker" "$(ls "/proc/$server_pid/task")"
        [ "$speaker" -ne "$server_pid" ]
        stop_process "$server_pid"
        assert_equal "$(grep -cE '^(\[[0-9]+\] )?[a-z_0-9]+\(.*\) +(= -?[0-9]+|blocks) ' "$T/server.out"):$(grep -cE \
            '^(listening on |ended by |the queue is full|\[[0-9]+\] (a new thread serves|takes [0-9]+ of) )' "$T/server.out")" \
            "$(grep -c '[a-z]*(' "$T/server.out"):$(grep -vc '(' "$T/server.out")" "lines that are calls and others, $model"
    done
}

@test "narration of epoll and pool: the descriptor at which they wait was told before" {
    for model in epoll pool; do
        start_server --model "$model" 0
        wait_line "$T/server.out" '^epoll_wait.* blocks '
        list=$(sed -n 's/^epoll_create1(EPOLL_CLOEXEC)  *= \([0-9]*\) .*/\1/p' "$T/server.out")
        assert_equal "$(sed -n 's/^epoll_wait(\([0-9]*\),.*/\1/p' "$T/server.out")" "${list:-untold}" "epoll_wait's, $model"
        stop_process "$server_pid"
    done
}

@test "--timeout: in each model a silent client and one that does not read are ended; others are not" {
    zeros
    for model in $MANY; do
        start_server -q --model "$model" --timeout 0.4 --sndbuf 4096 0
        peer silent eof
        silent=$pid
        wait_line "$T/server.err" '^tcp_server: client 127\.0\.0\.1:[0-9]+: nothing moved for 0\.4 s, connection ended$'
        succeeds "$silent" silent
        slow_peer greedy "send-ahead $T/zeros" "await $T/never"
        wait_for ended_for_silence 2 || fail "$model does not end it" "$(cat "$T/server.err")" "$(netstat_rows "$port")"
        echoes "after them, $model"
        stop_process "$server_pid"
        assert_equal "$status" 0 'exit status'
    done
}

ended_for_silence() { [ "$(grep -c 'nothing moved for 0\.4 s' "$T/server.err")" -ge "$1" ]; }

@test "--close-first, --reset and --pause-accept in each model" {
    for model in $MANY; do
        start_server -q --model "$model" --close-first 0
        peer client 'send x' 'expect x' eof 'send more' half-close close
        succeeds "$pid" client
        wait_state "$port" TIME_WAIT
        shows 1 rows_at TIME_WAIT
        stop_process "$server_pid"
        start_server -q --model "$model" --reset 0
        peer client 'send x' 'expect x' eof
        wait_exit "$pid"
        assert_match "$(cat "$T/client.out")" 'Connection reset by peer'
        stop_process "$server_pid"
        start_server -q --model "$model" --pause-accept 60 0
        peer client 'send x' 'expect x'
        wait_for queue_is LISTEN 2 1
        wait_for blocked "$server_pid"
        phase="--pause-accept, $model"
        ends TERM
    done
}

@test "a client that does not read: its server keeps a bounded part and uses no processor; others are served" {
    beyond_sample
    zeros
    for model in thread epoll pool; do
        start_server -q --model "$model" 0
        echoes 'before it'
        for i in 1 2 3 4 5; do # more than the pool has workers
            slow_peer "greedy$i" "send-ahead $T/zeros" "await $T/never"
            reached "greedy$i" '^holding'
        done
        before=$(field "$server_pid" VmRSS)
        wait_for blocked "$server_pid" || fail "$model uses the processor"
        echoes "beside them, $model"
        [ "$(field "$server_pid" VmHWM)" -lt $((before + 4000)) ] || fail "memory of $model" "$(cat "/proc/$server_pid/status")"
        stop_process "$server_pid"
    done
}

@test "EMFILE: who is connected is served on while others wait for a descriptor" {
    command -v prlimit >/dev/null || skip 'prlimit is not installed'
    for model in $MANY; do
        start_server -q --model "$model" 0
        rm -f "$T/go" "$T/go2"
        peer inside 'send a' 'expect a' "await $T/go" 'send b' 'expect b' half-close eof close
        inside=$pid
        reached inside '^holding'
        prlimit --pid "$server_pid" --nofile=4:
        peer outside 'send c' 'expect c' half-close eof close
        outside=$pid
        wait_line "$T/server.err" '^tcp_server: accept, clients wait in the queue: Too many open files$'
        wait_for queue_is LISTEN 2 1
        : >"$T/go"
        succeeds "$inside" inside
        prlimit --pid "$server_pid" --nofile=100:
        succeeds "$outside" outside
        stop_process "$server_pid"
    done
}

@test "each model that serves many at once gets full marks in lesson 11" {
    beyond_sample
    [ -z "${NETSTEP_SAN:-}" ] || skip "a submission's memory is bounded, and the address sanitizer takes more than that"
    for model in $MANY; do
        mkdir "$T/$model"
        cp "$BIN/tcp_server" "$T/$model/real"
        printf '#!/bin/sh\nexec "${0%%/*}/real" -q --model %s "$@"\n' "$model" >"$T/$model/tcp_server"
        chmod +x "$T/$model/tcp_server"
        run "$ROOT/tests/grade" --lesson 11 "$T/$model"
        assert_equal "$status" 0 "$model" || fail "$output"
    done
}

# ---- thread

@test "thread: no thread is left when its client is gone, and no stack" {
    [ "${NETSTEP_SAN:-}" != thread ] || skip "the thread sanitizer has a thread of its own"
    start_server -q --model thread 0
    echoes first
    wait_for threads_are "$server_pid" 1
    before=$(mappings "$server_pid")
    for _ in 1 2 3 4 5; do
        run_for 30 client tcp_client -q --count 40 127.0.0.1 "$port" x
        assert_equal "$status" 0
    done
    wait_for threads_are "$server_pid" 1 || fail "threads left: $(threads "$server_pid")"
    echoes last
    # The stack of a thread that nobody joins, and the page that guards it, stay: 400 here. The C library keeps those of
    # the 40 that lived at once for the next threads.
    [ "$(mappings "$server_pid")" -lt $((before + 200)) ] || fail "stacks are left" "$(cat "/proc/$server_pid/maps")"
}
mappings() { wc -l <"/proc/$1/maps"; }

@test "thread: no more threads to be had: the client is turned away, told once; the next is served when one has ended" {
    [ "${NETSTEP_SAN:-}" != thread ] || skip "the thread sanitizer has a thread of its own"
    [ "$(id -u)" -eq 0 ] || skip 'the limit is the user'"'"'s: only root can take a user who has no other threads'
    command -v setpriv >/dev/null && command -v prlimit >/dev/null || skip 'setpriv or prlimit is not installed'
    local user=$((65000 + $$ % 500)) # not a grader's
    setpriv --reuid=$user --regid=$user --clear-groups test -x "$BIN/tcp_server" || skip "an ordinary user can't get at $BIN"
    port=$(free_port)
    shell server "exec prlimit --nproc=3 setpriv --reuid=$user --regid=$user --clear-groups --inh-caps=-all --bounding-set=-all \
        '$BIN/tcp_server' -q --model thread $port"
    server_pid=$pid
    wait_state "$port" LISTEN
    idle_clients 2
    wait_for threads_are "$server_pid" 3 || fail "threads: $(threads "$server_pid")"
    for i in 1 2 3; do
        peer "third$i" eof
        succeeds "$pid" "third$i"
    done
    assert_equal "$(cat "$T/server.err")" 'tcp_server: pthread_create, clients are turned away: Resource temporarily unavailable'
    : >"$T/go"
    for i in 1 2; do succeeds "${idle[i]}" "idle$i"; done
    wait_for threads_are "$server_pid" 1
    echoes 'when they have gone'
    phase='after the limit'
    ends TERM
}

# ---- pool

# fill_pool OPTION...: one worker, busy with the first client for a minute, and two requests in the queue, which is full
fill_pool() {
    start_server --model pool --workers 1 --queue 2 --pause-read 60 "$@" 0
    asks first
    wait_line "$T/server.out" '^\[[0-9]+\] takes 1 of the requests in the queue$'
    asks second
    wait_for accepted 2
    asks third
    wait_for accepted 3
}

@test "pool --when-full wait: nothing more is accepted; clients wait in the accept queue and are told nothing" {
    fill_pool
    wait_line "$T/server.out" '^the queue is full: nothing is taken until a worker has room$'
    for i in 4 5 6; do asks "client$i"; done
    wait_for queue_is LISTEN 2 3 || fail 'Recv-Q of the listener is not 3' "$(netstat_rows "$port")"
    shows 6 rows_to ESTABLISHED
    assert_equal "$(grep -c '^accept.* = [0-9]' "$T/server.out")" 3 'clients accepted'
    wait_for blocked "$server_pid" || fail 'it uses the processor while it waits'
    assert_empty "$T/server.err"
    phase='a full queue, wait'
    ends TERM
}

@test "pool --when-full wait: flow control reaches a client that is connected already" {
    head -c 3000000 /dev/zero >"$T/zeros"
    start_server --model pool --workers 1 --queue 1 --pause-read 60 --rcvbuf 4096 0
    peer early -r 4096 "await $T/go" "send-ahead $T/zeros" "await $T/never"
    wait_for accepted 1
    asks first
    wait_line "$T/server.out" '^\[[0-9]+\] takes 1 of'
    asks second
    wait_line "$T/server.out" '^the queue is full'
    : >"$T/go"
    # Nobody reads: the bytes fill Recv-Q here and Send-Q there.
    wait_for sender_is_stopped || fail 'it can still send' "$(netstat_rows "$port")"
}
sender_is_stopped() { rows_to "$port" ESTABLISHED | awk '$3 > 10000 { found = 1 } END { exit !found }'; }

@test "pool --when-full wait: in the end everybody is served" {
    start_server -q --model pool --workers 2 --queue 1 --pause-read 0.1 0
    run_for 30 clients tcp_client -q --count 20 127.0.0.1 "$port" x
    assert_equal "$status:$(wc -c <"$T/clients.out")" 0:20
}

@test "pool --when-full reject: who is too much is reset at once, told once; who waits is kept" {
    fill_pool --when-full reject
    for i in 4 5; do
        peer "client$i" 'send x' eof
        wait_exit "$pid"
        assert_match "$(cat "$T/client$i.out")" 'Connection reset by peer'
    done
    assert_equal "$(wc -l <"$T/server.err")" 1 'lines on stderr'
    assert_match "$(cat "$T/server.err")" '^tcp_server: client 127\.0\.0\.1:[0-9]+ is turned away: the queue is full$'
    shows 3 rows_at ESTABLISHED
    echo >"$T/server.err"
    idle_clients 1 # one that asks nothing is not too much
    shows 4 rows_at ESTABLISHED
    phase='a full queue, reject'
    ends INT
}

@test "pool: requests are taken in batches, and a batch is a worker's share" {
    for workers in 1 2; do
        rm -f "$T/go"
        start_server --model pool --workers $workers --pause-read 0.5 0
        idle_clients 5
        wait_for accepted 5
        # They all ask while the server can't look; then it finds five at once.
        kill -STOP "$server_pid"
        : >"$T/go"
        wait_for five_ask
        kill -CONT "$server_pid"
        for i in 1 2 3 4 5; do succeeds "${idle[i]}" "idle$i"; done
        most=$(grep -oE 'takes [0-9]+ of' "$T/server.out" | grep -oE '[0-9]+' | sort -n | tail -n 1)
        # The first is taken when it comes; the rest is there when its worker is done.
        case $workers in
            1) [ "$most" -ge 4 ] ;;
            2) [ "$most" -ge 2 ] && [ "$most" -le 3 ] ;;
        esac || fail "the largest batch of $workers workers: $most" "$(grep takes "$T/server.out")"
        stop_process "$server_pid"
    done
}
five_ask() { [ "$(rows_at "$port" ESTABLISHED | awk '$2 > 0' | wc -l)" -eq 5 ]; }

@test "pool: so many threads as workers and one, whatever the clients" {
    [ "${NETSTEP_SAN:-}" != thread ] || skip "the thread sanitizer has a thread of its own"
    start_server -q --model pool --workers 3 0
    idle_clients 6
    assert_equal "$(threads "$server_pid")" 4
}

# ---- signals

@test "SIGTERM and SIGINT in each phase: thread, epoll and pool end at once" {
    beyond_sample
    zeros
    for model in thread epoll pool; do
        for signal in TERM INT; do
            phase="before accept, $model"
            start_server --model "$model" 0
            wait_line "$T/server.out" ' blocks '
            ends $signal
            phase="in read and in write, $model"
            start_server --model "$model" --sndbuf 4096 --rcvbuf 4096 0
            peer reading 'send x' 'expect x' 'expect nothing'
            slow_peer writing "send-ahead $T/zeros" "await $T/never"
            wait_line "$T/server.out" 'write.*( blocks|no more fits|Resource temp)'
            ends $signal
            assert_equal "$(netstat_rows "$port" ESTABLISHED)" '' "connections left, $phase"
        done
        phase="after --max, waiting for the last, $model"
        start_server --model "$model" --max 1 0
        peer reading 'send x' 'expect x' 'expect nothing'
        reached reading '^read'
        wait_no_state "$port" LISTEN
        ends INT
        assert_equal "$(tail -n 1 "$T/server.out")" 'ended by SIGINT'
    done
    for model in thread pool; do
        phase="in pauses of several threads, $model"
        start_server --model "$model" --pause-read 60 0
        for i in 1 2 3; do asks "client$i"; done
        wait_for accepted 3
        ends TERM
        phase="before close, $model"
        start_server --model "$model" --pause-close 60 0
        peer client half-close eof
        wait_state "$port" CLOSE_WAIT
        wait_line "$T/server.out" 'read.* = 0'
        ends INT
    done
}

@test "thread and pool talking into a pipe that fills up: all threads end at once" {
    for model in thread pool; do
        rm -f "$T/full"
        mkfifo "$T/full"
        exec 9<>"$T/full"
        port=$(free_port)
        # shellcheck disable=SC2016
        shell server 'exec "$1" --model "$2" "$3" >"$4"' "$BIN/tcp_server" "$model" "$port" "$T/full"
        server_pid=$pid
        wait_state "$port" LISTEN
        start clients tcp_client -q --count 400 --hold 60 127.0.0.1 "$port" x
        wait_for blocked "$server_pid"
        phase="stdout fills up, $model"
        ends TERM
        exec 9>&-
    done
}
