#!/usr/bin/env bats
# Lesson 04, core: states that a partner can hold: FIN_WAIT2, LAST_ACK, and what a reset does in the middle.

# grading.bash sets port and its like.
# shellcheck disable=SC2154

load ../../tests/grading

STATE=${NETSTEP_STATE:-none} # with a seed: to which state the server brings a connection that asks for it

@test "[2] tcp_server: LISTEN, ESTABLISHED and back to LISTEN alone" {
    serve
    states_at_server LISTEN
    visit visitor 'send hello' 'expect hello' "await $T/go" half-close eof "await $T/on" close
    reached visitor '^holding'
    states_at_server ESTABLISHED LISTEN
    go_on "$T/go"
    reached visitor '^read the end of file'
    wait_for -t 5 no_connections || true
    states_at_server LISTEN
    go_on "$T/on"
    done_with visitor
    [ "$STATE" = none ] || brings_to_state
}

# With a seed: a client asks, and does the other end's part. Then its connection stays as it is while the next one is served.
brings_to_state() {
    local part=(half-close)
    [ "$STATE" != FIN_WAIT2 ] || part=()
    visit asker -r 4096 'send state?' "${part[@]}" "await $T/asked" close
    reached asker '^holding' || return
    asker_port=$(sed -n 's/^connected to .* from port //p' "$T/asker.out")
    wait_for -t 5 is_in_state || true
    step "a client has asked for the state; netstat shows its connection, at your server's end, in: ${state:-no row}"
    server_is_up || return
    is_in_state || because "[wrong-variant] a client has sent \"state?\": this exercise's variant brings your server's end of that" \
        "connection to $STATE (STATE in variant.h); netstat shows ${state:-no such connection any more}" || return
    talk 'send next' 'expect next' half-close eof close || return
    wait_for -t 2 is_in_state || # a look at netstat may miss a row
        because "[wrong-variant] your server's end of the connection that asked was in $STATE, the state of this" \
            "exercise's variant, and has to stay there while the next client is served; netstat shows ${state:-no such connection any more}" || return
    go_on "$T/asked"
    done_with asker
}
is_in_state() {
    state=$(rows_at "$port" | awk -v port=":$asker_port\$" '$5 ~ port { print $6 }')
    [ "$state" = "$STATE" ]
}

states_at_server() {
    local states
    wait_for -t 2 are_at_server "$*" || true # a look at netstat may miss a row
    step "netstat shows at the server: $states"
    [ "$states" != "$* " ] || return 0
    [[ $states == *LISTEN* ]] || because "[stops-listening] your server should be in $*; netstat shows ${states:-nothing}" || return
    [[ "$* " != *ESTABLISHED* ]] ||
        because "[closes-early] your server should be in $*, as long as its client has not closed; netstat shows $states" || return
    because "[never-closes] your server should be in $*; netstat shows $states: read() returned 0, then close()"
}
are_at_server() { # sets states
    states=$(rows_at "$port" | awk '{ print $6 }' | sort -u | tr '\n' ' ')
    [ "$states" = "$1 " ]
}

@test "[3] tcp_server: passive close with data outstanding ends, through LAST_ACK" {
    head -c 200000 /dev/urandom >"$T/binary"
    serve
    visit visitor -r 4096 "send-ahead $T/binary" half-close "await $T/go" "expect-file $T/binary" eof close
    reached visitor '^holding'
    wait_for -t 5 all_read || true
    row=$(connections)
    step "netstat: $row"
    server_is_up
    read -r _ unread unsent _ _ state _ <<<"$row"
    if [ -z "$row" ]; then # the other end can tell what is missing
        go_on "$T/go"
        done_with visitor
    fi
    case $state in
        LAST_ACK | CLOSE_WAIT | ESTABLISHED) ;; # the latter two: still writing, or still reading
        *) because "[closes-early] while the client reads nothing, your server should be sending, or in LAST_ACK; netstat shows ${state:-no row: it has ended the connection}" ;;
    esac
    [ "$unsent" -gt 0 ] ||
        because "[answers-late] your server has nothing in its Send-Q though the client has not read its echo yet; unread: $unread bytes"
    go_on "$T/go"
    done_with visitor
    wait_for -t 5 no_connections || because "[never-closes] your server did not come out of $(connections | awk '{ print $6; exit }')"
}
# The echo of everything waits to be sent, or the server's own FIN behind it.
all_read() { [ -n "$(rows_at "$port" LAST_ACK)" ]; }

@test "[2] tcp_server: a reset in the middle of a transfer ends that connection alone" {
    head -c 3000000 /dev/urandom >"$T/binary"
    serve
    step "a client sends 3 MB, does not read the echo, and resets"
    talk -r 4096 "send-ahead $T/binary" reset
    wait_for -t 5 no_connections || because "[never-closes] after the reset your server should have no connection left; it has: $(connections)"
    server_is_up
    talk 'send next' 'expect next' half-close eof close
    server_is_up
}

@test "[1] tcp_server: a client that goes away while it waits to be accepted does no harm" {
    serve
    # One at a time: a queue that has room for a single connection (a backlog of 0) is no fault.
    goes_away_behind_another reset
    goes_away_behind_another 'send nobody reads this' close
    talk 'send next' 'expect next' half-close eof close
    server_is_up
}

goes_away_behind_another() { # STEP...
    rm -f "$T/go"
    visit first 'send first' 'expect first' "await $T/go" close
    reached first '^holding' || return
    step "behind the first client another one comes, and goes before its turn"
    talk "$@" || return
    go_on "$T/go"
    done_with first
}

@test "[3] tcp_client: stays in FIN_WAIT2 as long as the server does not close" {
    printf 'later' >"$T/back"
    answer server accept 'expect hello' eof "await $T/go" 'send late' "await $T/on" 'send r' close
    client 127.0.0.1 "$port" hello
    reached server '^holding'
    wait_for -t 5 client_in FIN_WAIT2 || true
    step "netstat: $(rows_to "$port")"
    running "$client_pid" ||
        because "[closes-altogether] your client ended though the server has not closed: half-close with shutdown(fd, SHUT_WR), then read up to the end of file"
    client_in FIN_WAIT2 ||
        because "[no-half-close] the server has read your client's FIN and not closed: your client should wait in FIN_WAIT2 and read; netstat shows $(rows_to "$port" | awk '{ print $6 }' | grep . || echo 'no row')"
    [ -n "$(look_at "$port" CLOSE_WAIT)" ] || fail "the grader's own server is not in CLOSE_WAIT"
    go_on "$T/go"
    reached server '^sent "late"'
    wait_for -t 5 client_has_read || true
    step "4 bytes came back, and no FIN yet. netstat: $(rows_to "$port")"
    client_in FIN_WAIT2 && running "$client_pid" ||
        because "[one-read] your client left before the server's FIN: read up to the end of file, not just once"
    go_on "$T/on"
    client_ends server
    client_printed "$T/back"
}
client_in() { [ -n "$(rows_to "$port" "$1")" ]; }
client_has_read() { ! running "$client_pid" || rows_to "$port" | awk '$2 == 0 { found = 1 } END { exit !found }'; }

@test "[2] tcp_client: a reset before the end of file is an error, told on stderr" {
    answer server accept 'expect hello' eof 'send half of it' reset
    client 127.0.0.1 "$port" hello
    client_status
    done_with server
    wait_exit "$client_pid"
    step "tcp_client ended: $(status_text "$status")"
    [ "$status" -ne 0 ] ||
        because "[hides-error] the connection was reset before the end of file, and your client ended with 0: read up to the end of file; a read() that returns -1 is not the end of file but an error"
    ! by_signal "$status" || because "$(end_id "$status" crash) your client was $(ending "$status")"
    [ -s "$T/client.err" ] || because "[hides-error] your client says nothing on stderr about the reset"
}

@test "[2] on the wire: a last ACK is lost, and FIN and ACK come again, out of LAST_ACK and TIME_WAIT" {
    on_the_wire "${BATS_TEST_FILENAME%/*}/lost-ack.wire"
}
