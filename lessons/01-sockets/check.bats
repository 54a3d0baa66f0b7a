#!/usr/bin/env bats
# Lesson 01, core: LISTEN and ESTABLISHED; the server's echo; the client's bytes; arguments and errors.

# grading.bash sets port and its like, and reads refusal_pids; each test is a subshell.
# shellcheck disable=SC2154,SC2034,SC2030,SC2031

load ../../tests/grading
load ../../tests/grading_scenes

@test "[1] tcp_server: netstat shows its port in LISTEN, on the wildcard or on loopback" {
    serve
    row=$(look_at "$port" LISTEN)
    step "netstat: $row"
    read -r _ _ _ address _ <<<"$row"
    [[ $address =~ ^(0\.0\.0\.0|127\.0\.0\.1|::|::1|::ffff:127\.0\.0\.1):$port$ ]] ||
        because "[ignores-address] your server listens on $address: bind to 127.0.0.1 or to every address (INADDR_ANY)"
    server_is_up
}

@test "[2] tcp_server: echoes what it reads, at once and again" {
    serve
    talk 'send hello' 'expect hello' 'send a second time, on the same connection' 'expect a second time, on the same connection' close
}

@test "[2] tcp_server: echoes zero bytes, UTF-8 and 64 KiB of binary data unchanged" {
    head -c 65536 /dev/urandom >"$T/binary"
    printf 'a\0b\0\0c\r\n\377' >"$T/zeros"
    serve
    talk "swap $T/zeros" 'send 你好 ¿qué? ☃' 'expect 你好 ¿qué? ☃' "swap $T/binary" close
}

@test "[2] tcp_server: serves one client after another" {
    serve
    for word in first second third; do
        step "the $word client"
        talk "send $word" "expect $word" close
    done
    server_is_up
}

@test "[1] netstat shows ESTABLISHED at both ends while a client is connected" {
    serve
    visit visitor 'send hello' 'expect hello' "await $T/go" close
    reached visitor '^holding'
    [ -n "$(look_at "$port" ESTABLISHED)" ] ||
        because "[closes-early] the connection is not ESTABLISHED at your server's end: it has to stay open until the client closes"
    [ -n "$(look_to "$port" ESTABLISHED)" ] || because "[closes-early] the connection is not ESTABLISHED at the client's end"
    go_on "$T/go"
    done_with visitor
}

@test "[1] tcp_server: refuses wrong and missing arguments, and does not listen" {
    refusal_pids=()
    refuse_later none tcp_server
    refuse_later empty tcp_server ''
    refuse_later hex tcp_server 0x50
    refuse_later large tcp_server 70000
    refuse_later negative tcp_server -1
    refuse_later name tcp_server http
    refused
}

@test "[1] tcp_server: SIGTERM ends it within 2 s, the port is free, no child is left" {
    serve
    talk 'send hello' 'expect hello' close
    ends_by TERM
}

@test "[1] tcp_server: SIGINT ends it, also with a client connected" {
    serve
    visit visitor 'send hello' 'expect hello' "await $T/go" close
    reached visitor '^holding'
    ends_by INT
}

ends_by() {
    step "kill -$1"
    stop_process "$server_pid" "$1" 2 ||
        because "[ignores-sigterm] your server still runs 2 s after SIG$1: a handler that only sets a flag does not end a blocked accept() or read()" || return
    step "tcp_server ended: $(status_text "$status")"
    local signal
    signal=$(kill -l "$1")
    [ "$status" -eq 0 ] || [ "$status" -eq $((128 + signal)) ] ||
        because "$(end_id "$status" wrong-exit-status) after SIG$1 your server ended with $(status_text "$status"); it has to be 0, or death by that signal" || return
    wait_for -t 2 no_one_left ||
        because "[leaves-child] your server is gone, but left a child process behind (process $(session_members "$server_pid" | tr '\n' ' '));" \
            "a shell script has to start its program with exec" || return
    [ -z "$(rows_at "$port" LISTEN)" ] || because "[leaves-child] the port is still in LISTEN after your server's end"
}
no_one_left() { [ -z "$(session_members "$server_pid")" ]; }

@test "[1] tcp_client: sends exactly the bytes of MESSAGE, half-closes, ends with 0" {
    message='hello, wörld ☃'
    answer server accept "expect $message" eof 'send ok' close
    client 127.0.0.1 "$port" "$message"
    client_ends server
}

@test "[2] tcp_client: prints exactly what comes back, until the end of file" {
    printf 'not what you sent: \0\377 zero and all\n and no newline at the end' >"$T/back"
    answer server accept 'expect question' eof "send-file $T/back" close
    client 127.0.0.1 "$port" question
    client_ends server
    client_printed "$T/back"
}

@test "[2] tcp_client: without MESSAGE sends its standard input, 64 KiB" {
    head -c 65536 /dev/urandom >"$T/binary"
    answer server accept "swap $T/binary" eof close
    STDIN=$T/binary client 127.0.0.1 "$port"
    client_ends server
    client_printed "$T/binary"
}

@test "[1] tcp_client: refuses wrong and missing arguments" {
    # Whoever cuts a number to 16 bits reaches this listener.
    answer somebody "await $T/for-ever"
    refusal_pids=()
    refuse_later none tcp_client
    refuse_later one tcp_client 127.0.0.1
    refuse_later empty tcp_client 127.0.0.1 '' hello
    refuse_later hex tcp_client 127.0.0.1 0x50 hello
    refuse_later large tcp_client 127.0.0.1 $((port + 65536)) hello
    refuse_later negative tcp_client 127.0.0.1 -1 hello
    refuse_later name tcp_client 127.0.0.1 http hello
    refused
}

@test "[1] tcp_client: a port where nobody listens is an error, told on stderr" {
    port=$(free_port)
    refuses client tcp_client 127.0.0.1 "$port" hello
    [ ! -s "$T/client.out" ] || because "[inexact-output] your client prints something on stdout though nothing came back: errors belong on stderr"
}

@test "[1] on the wire: tcp_client's MESSAGE and its FIN come before any answer" {
    needs_hosts tcp_client
    patient server "$ROOT/tests/peers/peer" -b 10.0.0.2 listen 7000 accept 'expect hello' eof 'send hello' close
    host client tcp_client 10.0.0.2 7000 hello
    play <<'END'
title Your client has said all it has to say
timers still
run server exec bash server.sh
state server LISTEN
run client exec bash client.sh
why [never-connects] your client has to connect to the HOST and PORT that it was given
expect SYN from client
deliver
expect SYN+ACK from server
deliver
why [sends-nothing] your client is connected, and has to send MESSAGE
pass until DATA from client
deliver
why [no-half-close] your client has sent all it has to send: shutdown(SHUT_WR) says so, by a FIN, before it reads
pass until FIN from client
deliver
why [closes-altogether] your client has sent its FIN and is still to read: shutdown(SHUT_WR) does that, after close() an answer meets a RST
pass until DATA from server
deliver
expect ACK from client
why [ignores-eof] all came back, and the server has closed: your client has to end with 0
free
exit client 0
END
    came_true
    printf hello >"$T/back"
    client_printed "$T/back"
}
