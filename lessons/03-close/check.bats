#!/usr/bin/env bats
# Lesson 03, core: who closes, in which order, and what stays behind: half-close, CLOSE_WAIT, TIME_WAIT, a restart.

# grading.bash sets port and its like.
# shellcheck disable=SC2154

load ../../tests/grading

@test "[3] tcp_server: answers the client's FIN with its own; TIME_WAIT is the client's, who closed first" {
    program tcp_server
    needs_time_wait
    serve
    talk 'send hello' half-close 'expect hello' eof close
    nothing_left_at_server
    wait_state "$port" TIME_WAIT 2 || true
    step "netstat: $(rows_to "$port" TIME_WAIT)"
    [ -n "$(look_to "$port" TIME_WAIT)" ] ||
        because "[closes-early] the client closed first and should be in TIME_WAIT. Did your server close before the client's FIN had come?"
    [ -z "$(rows_at "$port" TIME_WAIT)" ] ||
        because "[closes-early] your server is in TIME_WAIT, so it closed first: close only after read() has returned 0"
}

# Its passive close has ended: LISTEN and nothing else.
nothing_left_at_server() {
    wait_for -t 5 no_connections && return
    local row state queue
    row=$(connections | head -n 1)
    read -r _ queue _ _ _ state _ <<<"$row"
    step "netstat: $row"
    if [ "$state" = CLOSE_WAIT ] && [ "$queue" -gt 1 ]; then
        because "[one-read] your server stayed in CLOSE_WAIT with $queue bytes unread in its Recv-Q: it stopped reading before the end of file"
    elif [ "$state" = CLOSE_WAIT ]; then
        because "[never-closes] your server stayed in CLOSE_WAIT: it read 0 bytes, which is EOF, and never called close()"
    else
        because "[never-closes] your server did not end the connection: it is in $state"
    fi
}

@test "[2] tcp_server: sends all that is left before its FIN" {
    head -c 300000 /dev/urandom >"$T/binary"
    serve
    talk "send-ahead $T/binary" half-close "expect-file $T/binary" eof close
    nothing_left_at_server
}

@test "[2] tcp_server: no CLOSE_WAIT is left, whatever clients do" {
    serve
    step "one says nothing, one only half-closes, one does not read its echo, one leaves in the middle, one is well-bred"
    talk close
    talk half-close eof close
    talk 'send unread' half-close close
    talk 'send half a' 'expect half' close
    talk 'send hello' half-close 'expect hello' eof close
    nothing_left_at_server
    server_is_up
}

@test "[3] tcp_server: starts again at once on its port while old connections linger" {
    serve
    visit visitor 'send hello' 'expect hello' "await $T/go" eof close
    reached visitor '^holding'
    step "kill -TERM while that client is connected"
    stop_process "$server_pid" TERM 2 || because "[ignores-sigterm] your server still runs 2 s after SIGTERM"
    step "netstat: $(rows_at "$port")"
    serve_at "$port"
    talk 'send again' 'expect again' half-close eof close
    step "and once more, now that the first connection is in TIME_WAIT"
    go_on "$T/go"
    wait_exit "$peer_visitor" || true
    stop_process "$server_pid" TERM 2 || because "[ignores-sigterm] your server still runs 2 s after SIGTERM"
    step "netstat: $(rows_at "$port")"
    serve_at "$port"
    talk 'send third' 'expect third' half-close eof close
}

@test "[3] tcp_client: half-closes: the server may still send, and the client prints it all" {
    program tcp_client
    needs_time_wait
    printf 'one, two and three' >"$T/back"
    answer server accept 'expect hello' eof "await $T/go" 'send one,' 'send  two' 'send  and three' close
    client 127.0.0.1 "$port" hello
    reached server '^holding'
    wait_for -t 5 client_half_closed || true
    row=$(look_to "$port")
    step "netstat: $row"
    [ -n "$row" ] ||
        because "[closes-altogether] after its FIN your client should be in FIN_WAIT2, waiting for the server's; netstat shows no row:" \
            "it has closed altogether. Use shutdown(fd, SHUT_WR), then read"
    [[ $row == *FIN_WAIT2* ]] ||
        because "[no-half-close] after its FIN your client should be in FIN_WAIT2, waiting for the server's; netstat shows $row"
    running "$client_pid" ||
        because "[closes-altogether] your client ended right after it had sent: half-close with shutdown(fd, SHUT_WR), then read up to the end of file"
    go_on "$T/go"
    client_ends server
    client_printed "$T/back"
    wait_state "$port" TIME_WAIT 2 || true
    step "netstat: $(rows_to "$port")"
    [ -n "$(look_to "$port" TIME_WAIT)" ] || because "[resets] your client closed first and should leave TIME_WAIT behind; did it reset the connection?"
}
client_half_closed() { [ -n "$(rows_to "$port" FIN_WAIT2)" ]; }

@test "[2] tcp_server: a client's reset does not harm it, and the next one is served" {
    serve
    talk 'send hello' 'expect hello' reset
    talk 'send unread echo' reset
    talk reset
    server_is_up
    talk 'send next' 'expect next' half-close eof close
    nothing_left_at_server
}

@test "[3] on the wire: FIN, ACK, FIN, ACK, with the states of both ends after each" {
    on_the_wire "${BATS_TEST_FILENAME%/*}/close.wire"
}
