#!/usr/bin/env bats
# ws_chat with many clients, with other people's clients, and under valgrind: what it costs, and that nothing is left.

# faults.bash sets pid, port, status and server_pid.
# shellcheck disable=SC2154,SC2034

load faults
UNDER_TEST=ws_chat
own_rows=rows_at narration=server.out

setup() {
    setup_started
    ulimit -Sn "$(ulimit -Hn)"
}
server() { # ARGUMENT...: sets $server_pid and $port
    start_listening server ws_chat "$@" 0
    server_pid=$pid
}
crowd() { # NAME COUNT STEP...: in the background. Sets $pid
    local most
    most=$(ulimit -n)
    [ "$most" = unlimited ] || [ "$most" -gt $(($2 + 50)) ] || skip "only $most descriptors a process here"
    start "$1" "$ROOT/tests/peers/ws_crowd" 127.0.0.1 "$port" "${@:2}"
}
nobody_left() { # the server has no connection any more, and no descriptor more than at first
    wait_for -t 30 descriptors_are "$at_first" || fail "$(descriptors "$server_pid") descriptors, $at_first at first"
    assert_equal "$(rows_at "$port" ESTABLISHED | wc -l)$(rows_at "$port" CLOSE_WAIT | wc -l)" 00 'connections'
}
descriptors_are() { [ "$(descriptors "$server_pid")" -eq "$1" ]; }
sanitized() { grep -q __asan_init "$BIN/ws_chat"; }
come_and_go() { # COUNT: all of them hear one of them, then leave in three ways; some are killed meanwhile
    local count=$1
    server -q
    at_first=$(descriptors "$server_pid")
    crowd all "$count" call mixed
    crowd_pid=$pid
    crowd victims $((count / 10)) hold "$T/never"
    victims=$pid
    reached victims '^holding'
    stop_process "$victims" KILL
    succeeds "$crowd_pid" all $((count / 5 + 60))
    assert_equal "$(grep -c "^$count \(in\|heard\|out\)$" "$T/all.out")" 3 'steps'
    nobody_left
    stop_process "$server_pid"
    assert_equal "$status" 0 'exit status'
    assert_empty "$T/server.err"
}

@test "300 clients: all hear one of them, leave in three ways, and nothing of them is left" { come_and_go 300; }

@test "long: 5,000 clients joining and leaving, 500 killed" {
    [ -n "${NETSTEP_LONG:-}" ] || skip 'make check-long'
    come_and_go 5000
}

@test "long: crowds that are killed at any moment, a hundred times" {
    [ -n "${NETSTEP_LONG:-}" ] || skip 'make check-long'
    server -q
    at_first=$(descriptors "$server_pid")
    for i in $(seq 100); do
        crowd "crowd$i" 40 call mixed
        sleep "0.$((RANDOM % 3))$((RANDOM % 10))" # any moment: this is what is tried
        stop_process "$pid" KILL
    done
    nobody_left
    crowd last 40 call close
    succeeds "$pid" last 30
}

# What the allocator keeps besides is counted too: the process' resident memory, before and after.
@test "an idle client costs less than 2 KB of our memory" {
    ! sanitized || skip 'the sanitizer keeps its own books'
    server -q
    crowd warm 10 close
    succeeds "$pid" warm
    before=$(field "$server_pid" VmRSS)
    crowd idle 1000 hold "$T/never"
    wait_line "$T/idle.out" '^holding' 60 || fail "$(cat "$T/idle.err")"
    after=$(field "$server_pid" VmRSS)
    echo "# $(((after - before) * 1024 / 1000)) bytes a client" >&3
    [ "$after" -gt "$before" ]
    [ $(((after - before) * 1024 / 1000)) -lt 2048 ] || fail "$before KB before, $after KB with 1,000 clients"
}

# ---- other people's clients

# Where Node's modules are: those that NODE_PATH names, npm's global ones, or Debian's.
node_modules() {
    local directory
    for directory in ${NODE_PATH//:/ } "$(npm root -g 2>/dev/null)" /usr/share/nodejs /usr/lib/node_modules; do
        [ -e "$directory/ws/package.json" ] && echo "$directory" && return
    done
    return 1
}
@test "Node's ws talks to it" {
    command -v node >/dev/null || skip 'node is not installed'
    modules=$(node_modules) || skip "Node's ws is not installed (npm install ws; NODE_PATH=.../node_modules)"
    server -q
    run timeout 60 node "$ROOT/tests/peers/ws_node.js" "$modules" 127.0.0.1 "$port"
    assert_equal "$status:$output" 0:done
}

@test "python3-websockets talks to it" {
    python=''
    for one in python3 /usr/bin/python3; do
        "$one" -c 'import websockets' 2>/dev/null && python=$one && break
    done
    [ -n "$python" ] || skip 'python3-websockets is not installed'
    server -q
    run timeout 60 "$python" "$ROOT/tests/peers/ws_websockets.py" 127.0.0.1 "$port"
    assert_equal "$status:$output" 0:done
}

# ---- valgrind

@test "valgrind: every table of cases, a crowd, a stop: no error, no leak, no descriptor" {
    beyond_sample
    command -v valgrind >/dev/null || skip 'valgrind is not installed'
    ! sanitized || skip 'the programs are built with SAN=1: the sanitizer has its own eyes'
    for table in "$ROOT"/tests/ws_cases/*.cases; do
        # shellcheck disable=SC2046 # words
        start server "$(command -v valgrind)" --quiet --leak-check=full --track-fds=yes --error-exitcode=99 \
            --log-file="$T/log" "$BIN/ws_chat" $(sed -n '1s/.* server: //p' "$table") 0
        server_pid=$pid
        wait_line "$T/server.out" '^listening on ' 30
        port=$(sed -n 's/^listening on .*://p' "$T/server.out")
        NETSTEP_TIMEOUT_SCALE=5 run timeout 300 "$ROOT/tests/peers/ws_table" 127.0.0.1 "$port" "$table"
        [ "$status" -eq 0 ] || fail "$(grep -v '^ok' <<<"$output")"
        crowd crowd 20 hold "$T/never"
        reached crowd '^holding'
        stop_process "$server_pid" TERM 20
        assert_equal "$status" 0 "exit status ($table)"
        found=$(grep -E 'ERROR|Invalid|uninitiali|lost in|Open AF_|Open file descriptor|Syscall param' "$T/log" |
            grep -vE "Open file descriptor ([012]:|[0-9]+: $T/log)" || true)
        assert_equal "$found" '' "valgrind, $table"
        rm -f "$T/log" "$T/server.out"
    done
}
