# grading_pool.bash: what lesson 12 needs besides grading.bash: a server that watches the connections of tcp_pool.
#
#   load ../../tests/grading
#   load ../../tests/grading_pool
#
#   watching OPTION VALUE...    starts that server (tests/peers/pool_peer tells its options) and sets $port
#   pool N W K                  starts the student's tcp_pool on it: --max N --workers W --calls K
#   pool_holds                  waits until the server stands at its option `hold`, with calls under way
#   all_answered                waits for both, and judges both: every call had its answer, exit status 0
#   pool_fails WHAT             tcp_pool has to end with an error

# grading.bash and helper.bash set these.
# shellcheck disable=SC2154,SC2034

watching() { # OPTION VALUE...
    program tcp_pool || return
    : >"$NETSTEP_WATCH" # the program before has ended
    start_listening watcher "$ROOT/tests/peers/pool_peer" "$@" || return
    peer_watcher=$pid
    step "a server listens on port $port"
}

pool() { # N W K
    launch client tcp_pool 127.0.0.1 "$port" --max "$1" --workers "$2" --calls "$3" || return
    client_pid=$pid
}

pool_holds() {
    wait_for -t 30 told_or_ended watcher '^holding' "$peer_watcher" || true
    grep -q '^holding' "$T/watcher.out" || watcher_is_content
}

# The server has seen nothing wrong. A crash of the program is the better reason.
watcher_is_content() {
    local reason
    wait_exit "$peer_watcher" 60 || because "[hang] the server did not come to its end in 60 s" || return
    shorten <"$T/watcher.out" | sed 's/^/server: /' >>"$transcript"
    [ "$status" -ne 0 ] || return 0
    reason=$(sed -n 's/^reason: //p' "$T/watcher.out")
    [ -n "$reason" ] || fail "the grader's own server failed: $(cat "$T/watcher.err")" || return
    pool_crashed && return 1
    because "$reason"
}

# The last lines tell what happened.
shorten() { grep -v '^reason: ' | tail -n 25; }

pool_crashed() {
    wait_for -t 1 ended "$client_pid" || return 1
    wait_exit "$client_pid"
    step "tcp_pool ended: $(status_text "$status")"
    by_signal "$status" || return 1
    because "$(end_id "$status" crash) your program did not come to its end ($(ending "$status"))" || true
}

all_answered() {
    watcher_is_content || return
    wait_exit "$client_pid" 12 || because "[hang] all calls are answered, all connections closed, and your program does not end" || return
    step "tcp_pool ended: $(status_text "$status")"
    [ "$status" -eq 0 ] ||
        because "$(end_id "$status" wrong-exit-status) your program ended with $(ending "$status"), though every call was answered"
}

pool_fails() { # WHAT HAPPENED
    wait_exit "$client_pid" 12 || because "[pool-leaks-place] your program does not end after $1: does a failed call give its place" \
        "in the pool back, and wake who waits for it?" || return
    step "tcp_pool ended: $(status_text "$status")"
    ! by_signal "$status" || because "$(end_id "$status" crash) your program crashed after $1 ($(ending "$status"))" || return
    [ "$status" -ne 0 ] || because "[hides-error] your program ends with 0, which means success, after $1" || return
    [ -s "$T/client.err" ] || because "[hides-error] your program says nothing on stderr after $1: an error needs a message"
}
