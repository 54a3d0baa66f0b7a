#!/usr/bin/env bats
# Lesson 06, core: one UDP socket for all clients; the client's one datagram, its tries, its answer; errors.

# grading.bash sets port and its like, and reads refusal_pids; each test is a subshell.
# shellcheck disable=SC2154,SC2034,SC2030,SC2031

load ../../tests/grading
load ../../tests/grading_scenes

# netstat's UDP rows whose own end has PORT.
udp_rows() {
    netstat -anuW 2>/dev/null | awk -v port="$1" '$1 ~ /^udp/ { own = $4; sub(/.*:/, "", own); if (own == port) print }'
}

# Starts the student's server on a free port, and waits until the kernel shows its socket.
serve_udp() { # [-b ADDR]
    program udp_echo || return
    port=$(free_port udp)
    launch server udp_echo "$@" -l "$port" || return
    server_pid=$pid
    wait_for -t 5 bound_or_gone || true
    if ! running "$server_pid"; then
        wait_exit "$server_pid"
        because "$(end_id "$status" stops-serving) your server ended at once ($(ending "$status")) and has no socket on port $port"
    elif [ -z "$(udp_rows "$port")" ]; then
        [ -z "$(udp_rows $(((port & 255) << 8 | port >> 8)))" ] ||
            because "[swapped-port] your server is on the port with its two bytes swapped: htons() is missing" || return
        [ -z "$(rows_at "$port" LISTEN)" ] ||
            because "[wrong-type] your server listens with TCP: the socket's type is SOCK_DGRAM" || return
        [ -z "$(udp_port_of "$server_pid")" ] ||
            because "[wrong-port] your server is on port $(udp_port_of "$server_pid"), not on the PORT it was given, $port" || return
        because "[not-listening] your server runs, but no UDP socket is bound to port $port: socket() with SOCK_DGRAM, and bind()"
    fi
}
# A port of a UDP socket that a process of PID's session has.
udp_port_of() { # PID
    netstat -anupW 2>/dev/null | awk -v ids=" $(session_members "$1" | tr '\n' ' ')" '
        /^udp/ && match($0, /[0-9]+\//) && index(ids, " " substr($0, RSTART, RLENGTH - 1) " ") { sub(/.*:/, "", $4); print $4; exit }'
}
bound_or_gone() { ! running "$server_pid" || [ -n "$(udp_rows "$port")" ]; }

# play_client NAME STEP...: a client of that server, in the background; played NAME waits for its end and judges it.
play_client() {
    start "$1" "$ROOT/tests/peers/udp_peer" connect 127.0.0.1 "$port" "${@:2}"
    printf -v "peer_$1" '%s' "$pid"
}
# play_server STEP...: a server for the student's client. Sets $port.
play_server() {
    program udp_echo || return
    start partner "$ROOT/tests/peers/udp_peer" listen 0 "$@"
    peer_partner=$pid
    wait_line "$T/partner.out" '^listening on ' || fail "the grader's own peer failed: $(cat "$T/partner.err")" || return
    port=$(sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' "$T/partner.out")
}
played() {
    local id="peer_$1" reason
    wait_exit "${!id}" 60 || because "[hang] the other end did not come to its end in 60 s" || return
    grep -v '^reason: ' "$T/$1.out" | sed "s/^/$1: /" >>"$transcript"
    [ "$status" -ne 0 ] || return 0
    reason=$(sed -n 's/^reason: //p' "$T/$1.out")
    [ -n "$reason" ] || fail "the grader's own peer failed: $(cat "$T/$1.err")" || return
    if [ -n "$server_pid" ] && wait_for -t 1 ended "$server_pid"; then
        wait_exit "$server_pid"
        by_signal "$status" || [[ $reason != '[empty-datagram]'* ]] || because "$reason" || return
        because "$(end_id "$status" stops-serving) your server ended while it should have gone on serving ($(ending "$status"))" || return
    fi
    because "$reason"
}
talk_udp() { play_client client "$@" && played client; }
is_holding() {
    wait_for -t 30 holds_or_ended "$1" || true
    grep -q '^holding' "$T/$1.out" || played "$1"
}
holds_or_ended() {
    local id="peer_$1"
    grep -q '^holding' "$T/$1.out" || ! running "${!id}"
}

ask_udp() { # ARG...: the student's client
    launch asking udp_echo "$@" || return
    client_pid=$pid
}
# Its end: sets $client_status. Three tries of a second, and time to start.
asked() {
    wait_exit "$client_pid" 12 || because "${1:-[hang] your client does not end: after the answer, or three tries of a second, it has to}" || return
    client_status=$status
    step "udp_echo ended: $(status_text "$status")"
    ! by_signal "$status" || because "$(end_id "$status" crash) your client did not come to its end ($(ending "$status"))"
}
printed() { # TEXT: exactly that and a newline
    printf '%s\n' "$1" >"$T/wanted"
    cmp -s "$T/asking.out" "$T/wanted" && return
    step "it printed: $(head -c 200 "$T/asking.out" | printable | od -An -c | head -n 4)"
    if [ ! -s "$T/asking.out" ]; then
        because "[prints-nothing] your client printed nothing of the answer, which belongs on stdout"
    elif [ "$(cat "$T/asking.out")" = "$1" ]; then
        because "[inexact-output] your client has to print the answer's bytes and one newline, here $(stat -c %s "$T/wanted") bytes;" \
            "it printed $(stat -c %s "$T/asking.out")"
    else
        because "[inexact-output] your client printed something else than the answer: narration belongs on stderr," \
            "and as many bytes count as recv() returned"
    fi
}

# ---- the server

@test "[1] udp_echo -l: netstat shows a UDP socket on its port, on the wildcard or on loopback" {
    serve_udp
    row=$(udp_rows "$port")
    step "netstat: $row"
    read -r _ _ _ address other _ <<<"$row"
    [[ $address =~ ^(0\.0\.0\.0|127\.0\.0\.1|::|::1|::ffff:127\.0\.0\.1):$port$ ]] ||
        because "[ignores-address] your server is on $address: bind to 127.0.0.1 or to every address (INADDR_ANY)"
    [[ $other == *:\* ]] || because "[connects-early] your server's socket is connected to $other: it could hear nobody else"
}

@test "[1] udp_echo -b 127.0.0.2 -l: is bound there and nowhere else" {
    serve_udp -b 127.0.0.2
    row=$(udp_rows "$port")
    step "netstat: $row"
    [ "$(awk '{ print $4 }' <<<"$row")" = "127.0.0.2:$port" ] ||
        because "[ignores-address] your server was given -b 127.0.0.2 and is bound to $(awk '{ print $4 }' <<<"$row")"
}

@test "[2] udp_echo -l: sends each datagram back to its sender, each on its own" {
    serve_udp
    talk_udp 'send hello' 'expect hello' 'send one' 'send two' 'expect one' 'expect two' 'quiet 0.2'
}

@test "[2] udp_echo -l: zero bytes, UTF-8 and 65,507 bytes come back unchanged" {
    head -c 65507 /dev/urandom | tr '\0' '\1' >"$T/large" # zero bytes are in the other one
    printf 'a\0b\0\0c\r\n\377' >"$T/zeros"
    serve_udp
    talk_udp "send-file $T/zeros" "expect-file $T/zeros" 'send 你好 ¿qué? ☃' 'expect 你好 ¿qué? ☃' \
        "send-file $T/large" "expect-file $T/large"
}

@test "[1] udp_echo -l: a datagram of zero length is answered with one, and ends nothing" {
    serve_udp
    talk_udp send expect 'send after it' 'expect after it'
}

@test "[3] udp_echo -l: serves five clients at once, with one socket" {
    serve_udp
    for client in one two three four five; do
        play_client "$client" "send hello from $client" "expect hello from $client" "await $T/go" \
            "send again $client" "expect again $client" 'quiet 0.2'
    done
    for client in one two three four five; do
        is_holding "$client"
    done
    rows=$(udp_rows "$port")
    step "netstat, with five clients: $rows"
    [ "$(wc -l <<<"$rows")" -eq 1 ] || because "[wrong-udp-peer] your server has more than one socket on its port: one serves all clients"
    go_on "$T/go"
    for client in one two three four five; do
        played "$client"
    done
}

@test "[1] udp_echo -l: a client that is gone before its answer comes harms nobody" {
    serve_udp
    for word in first second third; do
        talk_udp "send $word, and gone"
    done
    talk_udp 'send next' 'expect next'
}

@test "[1] udp_echo -l: refuses wrong and missing arguments" {
    # Whoever cuts a number to 16 bits gets this port.
    port=$(free_port udp)
    refusal_pids=()
    refuse_later none udp_echo
    refuse_later no-port udp_echo -l
    refuse_later empty udp_echo -l ''
    refuse_later hex udp_echo -l 0x50
    refuse_later large udp_echo -l $((port + 65536))
    refuse_later negative udp_echo -l -1
    refuse_later name udp_echo -l http
    refused
}

@test "[1] udp_echo -l: a port that is taken is an error, told on stderr" {
    play_server "await $T/for-ever"
    step "port $port has a socket already"
    refuses second udp_echo -b 127.0.0.1 -l "$port"
}

@test "[1] udp_echo -l: SIGTERM and SIGINT end it within 2 s, and no child is left" {
    for signal in TERM INT; do
        serve_udp
        talk_udp 'send hello' 'expect hello'
        step "kill -$signal"
        stop_process "$server_pid" "$signal" 2 ||
            because "[ignores-sigterm] your server still runs 2 s after SIG$signal: a handler that only sets a flag does not end a blocked recvfrom()"
        step "udp_echo ended: $(status_text "$status")"
        [ "$status" -eq 0 ] || [ "$status" -eq $((128 + $(kill -l "$signal"))) ] ||
            because "$(end_id "$status" wrong-exit-status) after SIG$signal your server ended with $(status_text "$status"); it has to be 0, or death by that signal"
        wait_for -t 2 no_one_left || because "[leaves-child] your server is gone, but left a child process behind"
    done
}
no_one_left() { [ -z "$(session_members "$server_pid")" ]; }

# ---- the client

@test "[2] udp_echo: sends the bytes of MESSAGE as one datagram, prints the answer and a newline, ends with 0" {
    message='hello, wörld ☃'
    play_server "expect $message" 'send not what you sent'
    ask_udp 127.0.0.1 "$port" "$message"
    asked
    played partner
    [ "$client_status" -eq 0 ] || because "[wrong-exit-status] your client ended with $(status_text "$client_status"), though it was answered: return 0 from main"
    printed 'not what you sent'
}

@test "[2] udp_echo: asks again after a second: the third try is answered" {
    play_server 'expect hello' 'expect hello' 'expect hello' 'send at last' 'quiet 0.2'
    ask_udp 127.0.0.1 "$port" hello
    asked
    played partner
    [ "$client_status" -eq 0 ] || because "[wrong-exit-status] your client ended with $(status_text "$client_status"), though its third try was answered"
    printed 'at last'
}

@test "[1] udp_echo: no answer to three tries: an error, told on stderr, and an end" {
    play_server 'expect hello' 'expect hello' 'expect hello' 'quiet 1.5'
    ask_udp 127.0.0.1 "$port" hello
    asked '[no-time-out] your client waits for ever for an answer that was lost: a datagram may vanish, so bound each wait (poll, SO_RCVTIMEO)'
    played partner
    [ "$client_status" -ne 0 ] || because "[hides-error] your client got no answer, and its exit status is 0, which means success"
    [ -s "$T/asking.err" ] || because "[hides-error] your client got no answer and says nothing on stderr"
    [ ! -s "$T/asking.out" ] || because "[inexact-output] your client prints something on stdout though nothing came back: errors belong on stderr"
}

@test "[2] udp_echo: prints no answer that did not come from HOST and PORT" {
    # Both at once: which of the two a client believes depends on nothing but where they come from.
    play_server 'expect hello' 'stray a forged answer' 'send the true answer'
    ask_udp 127.0.0.1 "$port" hello
    asked
    played partner
    ! grep -q 'forged' "$T/asking.out" ||
        because "[wrong-udp-peer] your client printed an answer from another port: connect() the socket, or compare the sender's address"
    printed 'the true answer'
}

@test "[1] udp_echo: a port that nobody has is an error, told on stderr" {
    program udp_echo
    port=$(free_port udp)
    launch asking udp_echo 127.0.0.1 "$port" hello
    client_pid=$pid
    asked
    [ "$client_status" -ne 0 ] || because "[hides-error] nobody has that port, and your client's exit status is 0, which means success"
    [ -s "$T/asking.err" ] || because "[hides-error] nobody has that port, and your client says nothing on stderr"
    [ ! -s "$T/asking.out" ] || because "[inexact-output] your client prints something on stdout though nothing came back"
}

@test "[1] udp_echo: refuses wrong and missing arguments" {
    # Whoever cuts a number to 16 bits reaches this partner, and is answered.
    play_server take 'send welcome' "await $T/for-ever"
    refusal_pids=()
    refuse_later one udp_echo 127.0.0.1
    refuse_later empty udp_echo 127.0.0.1 '' hello
    refuse_later hex udp_echo 127.0.0.1 0x50 hello
    refuse_later large udp_echo 127.0.0.1 $((port + 65536)) hello
    refuse_later negative udp_echo 127.0.0.1 -1 hello
    refuse_later name udp_echo 127.0.0.1 http hello
    refused
}

@test "[1] on the wire: udp_echo sends one datagram a try, three in all, and then an error ends it" {
    needs_hosts udp_echo
    udp_host server "$ROOT/bin/udp_echo" -q -b 10.0.0.2 -l 7000
    host asking udp_echo 10.0.0.2 7000 hello
    play <<'END'
title Three questions are lost on their way
run server exec bash server.sh
output server ready
run client bash asking.sh; echo $? >status; echo your client ended
why [ignores-message] your client has to send its message, hello, as one datagram of 5 bytes
expect UDP from client len 5
drop
why [no-retry] the first question was lost, and your client does not ask again: 3 tries, a second each
expect UDP from client len 5
drop
why [no-retry] two questions were lost, and your client does not ask a third time: 3 tries, a second each
expect UDP from client len 5
drop
why [no-time-out] three questions were lost: your client says so on stderr, and ends
output client your client ended
why [sends-twice] three tries are enough: a fourth datagram came
nothing from client
END
    came_true
    [ "$(cat status)" -ne 0 ] || because "[hides-error] your client got no answer, and its exit status is 0, which means success"
}
