# grading_ws.bash: what checks of a student's chat room share (lesson 13). Load it behind grading.bash.
#
#   serve_room [-b ADDR]       starts the student's ws_chat on a free port, until the kernel shows LISTEN. Sets $port and
#                              $server_pid
#   chat STEP...               plays its clients (the steps: tests/peers/ws_peer), to the end
#   begin_chat STEP...         the same in the background;  chat_holds N waits until they stand in their N-th `await`,
#   end_chat                   waits for their end, and judges it
#   room_is_up                 the server must not have ended

# grading.bash and helper.bash set these.
# shellcheck disable=SC2154

serve_room() {
    program ws_chat || return
    port=$(free_port)
    launch server ws_chat "$@" "$port" || return
    server_pid=$pid
    wait_for -t 5 listens_or_gone || true
    [ -z "$(rows_at "$port" LISTEN)" ] || ! running "$server_pid" || return 0
    explain_no_listener
}

chat() { begin_chat "$@" && end_chat; }

begin_chat() {
    start clients "$ROOT/tests/peers/ws_peer" "${server_address:-127.0.0.1}" "$port" "$@"
    clients_pid=$pid
}

chat_holds() { # N
    wait_for -t 30 held_or_ended "$1" || true
    held "$1" || end_chat
}
held() { [ "$(grep -c '^holding' "$T/clients.out")" -ge "$1" ]; }
held_or_ended() { held "$1" || ! running "$clients_pid"; }

end_chat() {
    local reason
    wait_exit "$clients_pid" 60 || because "[hang] the clients did not come to their end in 60 s" || return
    grep -v '^reason: ' "$T/clients.out" | tail -n 24 >>"$transcript"
    [ "$status" -ne 0 ] || return 0
    reason=$(sed -n 's/^reason: //p' "$T/clients.out")
    [ -n "$reason" ] || fail "the grader's own peer failed: $(cat "$T/clients.err")" || return
    # A crash is the better reason. The kernel tells the peer first, so the shell gets a moment to notice.
    ! wait_for -t 1 ended "$server_pid" || room_is_up || return
    because "$reason"
}

room_is_up() {
    running "$server_pid" && return
    wait_exit "$server_pid"
    step "ws_chat ended: $(status_text "$status")"
    because "$(end_id "$status" stops-serving) your server ended while it should have gone on serving ($(ending "$status"))"
}
