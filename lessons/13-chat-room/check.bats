#!/usr/bin/env bats
# Lesson 13, core: an HTTP request becomes a WebSocket on the same connection; frames, broadcast, ping, close; errors.

# grading.bash sets port and its like, and reads refusal_pids; each test is a subshell.
# shellcheck disable=SC2154,SC2034,SC2030,SC2031

load ../../tests/grading
load ../../tests/grading_ws
load ../../tests/grading_scenes

ROOM=${NETSTEP_ROOM:-ws} # the end of the room's path, with a seed a word of the student's own

@test "[1] ws_chat: netstat shows its port in LISTEN; with -b ADDR on that address alone" {
    serve_room
    row=$(look_at "$port" LISTEN)
    step "netstat: $row"
    read -r _ _ _ address _ <<<"$row"
    [[ $address =~ ^(0\.0\.0\.0|127\.0\.0\.1|::|::1|::ffff:127\.0\.0\.1):$port$ ]] ||
        because "[ignores-address] your server listens on $address: bind to 127.0.0.1 or to every address (INADDR_ANY)"
    room_is_up
    stop_process "$server_pid" KILL # how it ends has a test of its own
    serve_room -b 127.0.0.2
    row=$(look_at "$port" LISTEN)
    step "netstat: $row"
    read -r _ _ _ address _ <<<"$row"
    [[ $address =~ ^(::ffff:)?127\.0\.0\.2:$port$ ]] ||
        because "[ignores-address] with -b 127.0.0.2 your server listens on $address: bind to the address that stands before PORT"
}

@test "[3] ws_chat: a request for /ws is answered 101 with the right key; netstat has one connection before, and the same one after" {
    serve_room
    begin_chat 'alice connect' "alice await $T/upgrade" 'alice upgrade' "alice await $T/end" 'alice leave'
    chat_holds 1
    wait_for -t 5 one_established || true
    before=$rows
    step "netstat, before the request: $before"
    is_one "$before" || because "[closes-early] a client has connected and said nothing yet, and netstat does not show one ESTABLISHED connection at your server's end: wait for its request"
    go_on "$T/upgrade"
    chat_holds 2
    wait_for -t 2 one_established || true
    step "netstat, after the answer:   $rows"
    is_one "$rows" && [ "$(ports_of "$before")" = "$(ports_of "$rows")" ] ||
        because "[no-upgrade] after the upgrade netstat does not show the same one connection: it goes on over the connection that the request came on"
    go_on "$T/end"
    end_chat
}
# What netstat shows is looked at once: while other sockets come and go it may miss a row, the next time another one.
one_established() {
    rows=$(connections)
    is_one "$rows"
}
is_one() { [ "$(awk '{ print $6 }' <<<"$1")" = ESTABLISHED ]; }
ports_of() { awk '{ print $4, $5 }' <<<"$1"; }

@test "[1] ws_chat: the path has to end in /ws: a longer one is upgraded, another one not" {
    serve_room
    chat "alice join /room/$ROOM" 'bob refused /' "bob refused /${ROOM}x" "bob refused /$ROOM/room" 'bob join'
    [ "$ROOM" = ws ] || chat 'bob refused /ws'
}

@test "[4] ws_chat: a text message from one client reaches every other one, as one message" {
    serve_room
    chat 'alice join' 'bob join' 'carol join' 'alice text hello, all of you' 'rest hears hello, all of you' \
        'carol text 你好 ¿qué? ☃' 'rest hears 你好 ¿qué? ☃' 'bob text <b>no & markup</b>' 'rest hears <b>no & markup</b>'
}

@test "[3] ws_chat: messages of 1 to 60,000 bytes: 7 and 16 bits of length" {
    serve_room
    chat 'alice join' 'bob join' 'alice text x' 'bob hears x' \
        'alice large 124 one' 'bob hears-large 124 one' 'alice large 125 two' 'bob hears-large 125 two' \
        'alice large 126 three' 'bob hears-large 126 three' 'alice large 127 four' 'bob hears-large 127 four' \
        'alice large 300 five' 'bob hears-large 300 five' 'alice large 5000 six' 'bob hears-large 5000 six' \
        'alice large 60000 seven' 'bob hears-large 60000 seven' 'bob text and back' 'alice hears and back'
}

@test "[3] ws_chat: frames are not segments: two frames in one segment, one frame in many" {
    serve_room
    chat 'alice join' 'bob join' 'alice together first of three|second of three|third of three' \
        'bob hears first of three' 'bob hears second of three' 'bob hears third of three' \
        'alice dribble drop by drop' 'bob hears drop by drop' 'alice text and at once' 'bob hears and at once'
}

@test "[2] ws_chat: the fragments of a message are joined, also round a ping" {
    serve_room
    chat 'alice join' 'bob join' 'alice fragments frag|men|ted' 'bob hears-parts frag|men|ted' \
        'alice interrupted inter|rupted' 'bob hears-parts inter|rupted' 'alice text whole again' 'bob hears whole again'
}

@test "[2] ws_chat: answers a ping with a pong that has the same payload" {
    serve_room
    largest=$(printf '%0125d' 7)
    chat 'alice join' 'alice ping are you there?' 'alice ping ' "alice ping $largest"
}

@test "[3] ws_chat: answers a close frame with one, then ends the connection; no CLOSE_WAIT stays" {
    serve_room
    chat 'alice join' 'bob join' 'bob close' 'alice text bob is gone' 'carol join' 'alice text welcome' 'carol hears welcome' \
        'carol leave' 'alice text who is left?' 'alice close'
    wait_for -t 5 no_connections || true
    row=$(connections | head -n 1)
    [ -z "$row" ] || step "netstat: $row"
    [[ $row != *CLOSE_WAIT* ]] ||
        because "[never-closes] your server stayed in CLOSE_WAIT: a client closed its connection without a close frame; read() returned 0, and close() was not called"
    [ -z "$row" ] || because "[never-closes] all clients have gone, and your server still has a connection: $row"
    room_is_up
}

@test "[2] ws_chat: a frame without a mask ends that connection, and no other" {
    serve_room
    chat 'alice join' 'bob join' 'mallory join' 'mallory unmasked no mask' 'mallory ended' 'alice text all is well' 'bob hears all is well'
}

@test "[2] ws_chat: a client that is killed harms no other" {
    serve_room
    chat 'alice join' 'bob join' 'victim-1 join' 'victim-2 join' 'victim-3 connect' 'victim-1 reset' 'victim-3 reset' \
        'alice text one is gone' 'bob hears one is gone' 'alice text and again' 'bob hears and again' 'victim-2 leave' \
        'alice text two are gone' 'bob hears two are gone' 'alice text still there?' 'bob hears still there?' \
        'bob text yes' 'alice hears yes' 'victim-4 join' 'alice text welcome' 'victim-4 hears welcome'
    room_is_up
}

@test "[2] ws_chat: clients that leave while it is busy harm no other" {
    serve_room
    begin_chat 'early join' 'alice join' 'bob join' 'late join' 'last join' "alice await $T/frozen" 'alice together one|two|three' \
        'early leave' 'late leave' 'last reset' "alice await $T/thawed" 'bob hears three' 'alice text still there?' 'bob hears still there?' \
        'bob text yes' 'alice hears yes'
    chat_holds 1
    step "kill -STOP: as if the machine had no time for it"
    kill -STOP "$server_pid"
    go_on "$T/frozen"
    chat_holds 2
    kill -CONT "$server_pid"
    step "kill -CONT"
    go_on "$T/thawed"
    end_chat
    room_is_up
}

@test "[3] ws_chat: 60 clients at once, and one more that connects and says nothing" {
    serve_room
    chat 'silent connect' '60 join' 'alice join' 'alice text to all sixty' 'rest hears to all sixty' 'client-7 text seven answers' \
        'rest hears seven answers'
}

@test "[1] ws_chat: refuses wrong arguments, and a port that is taken" {
    refusal_pids=()
    refuse_later empty ws_chat ''
    refuse_later hex ws_chat 0x50
    refuse_later large ws_chat 70000
    refuse_later negative ws_chat -1
    refuse_later name ws_chat http
    refused
    serve_room
    refuses second ws_chat "$port"
}

@test "[1] ws_chat: SIGTERM and SIGINT end it within 2 s, with clients in the room; the port is free at once" {
    serve_room
    for name in TERM INT; do
        begin_chat 'alice join' 'bob join' "alice await $T/$name"
        chat_holds 1
        ends_by "$name"
        stop_process "$clients_pid" KILL
        room_again
    done
}
room_again() {
    launch server ws_chat "$port" || return
    server_pid=$pid
    wait_for -t 5 listens_or_gone || true
    [ -z "$(rows_at "$port" LISTEN)" ] || ! running "$server_pid" || return 0
    explain_no_listener
}
ends_by() {
    local signal
    signal=$(kill -l "$1")
    step "kill -$1"
    stop_process "$server_pid" "$1" 2 ||
        because "[ignores-sigterm] your server still runs 2 s after SIG$1: a handler that only sets a flag does not end a blocked call" || return
    step "ws_chat ended: $(status_text "$status")"
    [ "$status" -eq 0 ] || [ "$status" -eq $((128 + signal)) ] ||
        because "$(end_id "$status" wrong-exit-status) after SIG$1 your server ended with $(status_text "$status"); it has to be 0, or death by that signal" || return
    wait_for -t 2 no_one_left || because "[leaves-child] your server is gone, but left a child process behind" || return
    [ -z "$(rows_at "$port" LISTEN)" ] || because "[leaves-child] the port is still in LISTEN after your server's end"
}
no_one_left() { [ -z "$(session_members "$server_pid")" ]; }

@test "[1] on the wire: the request comes in two segments, the second one lost at first: one answer, when all is there" {
    needs_hosts ws_chat
    host server ws_chat -b 10.0.0.2 7000
    patient alice "$ROOT/tests/peers/ws_peer" 10.0.0.2 7000 'alice connect' 'alice half' 'alice await go' 'alice upgrade' \
        'alice close'
    play <<'END'
title Half a request
timers slow
run server exec bash server.sh
why [not-listening] your server has to listen on the address that -b gives, and on PORT
state server LISTEN
run client exec bash alice.sh
why [segment-is-message] half of a request has come. TCP has no messages: read on, up to the empty line that ends it
pass until DATA from client
deliver
pass until ACK from server ack all
deliver
states ESTABLISHED ESTABLISHED
run server touch go
expect DATA from client
drop
expect DATA from client repeat
nothing from server
deliver
why [no-upgrade] the request is complete now: its second half was lost at first, and came again
pass until DATA from server
free
why [no-close-frame] your server has to answer the close frame, and to end the connection
exit client 0
END
    came_true
}
