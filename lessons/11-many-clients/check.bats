#!/usr/bin/env bats
# Lesson 11, core: many clients at once: 5 of which 4 are idle, slow ones, resets, 100 one after another, the end.

# grading.bash sets port and its like.
# shellcheck disable=SC2154

load ../../tests/grading
load ../../tests/grading_many
load ../../tests/grading_scenes

@test "[3] tcp_server: five clients, four of them idle: the fifth is served at once, and then the four" {
    serve
    four_idle
    talk 'send fifth' 'expect fifth' half-close eof close
    four_done
    server_is_up
}

@test "[3] tcp_server: a client that does not read holds up nobody, and gets its own bytes in the end" {
    head -c 3000000 /dev/urandom >"$T/binary"
    serve
    visit slow -r 4096 "send-ahead $T/binary" "await $T/go" "swap $T/binary" half-close eof close
    reached slow '^holding'
    step "it has sent what goes and reads nothing; netstat: $(rows_at "$port" ESTABLISHED)"
    for i in 1 2 3; do
        visit quick$i "send quick $i" "expect quick $i" half-close eof close
        own_bytes quick$i
    done
    go_on "$T/go"
    own_bytes slow
    server_is_up
}

@test "[2] tcp_server: five clients send and read at the same time; each gets its own bytes" {
    serve
    for i in 1 2 3 4 5; do
        head -c 400000 /dev/urandom >"$T/binary$i"
        visit busy$i "await $T/go" "swap $T/binary$i" half-close eof close
    done
    for i in 1 2 3 4 5; do reached busy$i '^holding'; done
    go_on "$T/go"
    for i in 1 2 3 4 5; do own_bytes busy$i; done
    server_is_up
}

@test "[3] tcp_server: a client's reset harms none of the others" {
    serve
    four_idle
    step "a fifth client resets: with its answer read, with it unread, and without a word"
    talk 'send hello' 'expect hello' reset
    talk 'send unread echo' reset
    talk reset
    server_is_up
    talk 'send next' 'expect next' half-close eof close
    four_done
    server_is_up
}

@test "[3] tcp_server: 100 clients one after another leave no descriptors and no zombies behind" {
    serve
    clients 10
    descriptors=$(open_descriptors) dead=$(zombies)
    step "after 10 clients: $descriptors descriptors, $dead zombies"
    clients 90
    wait_for -t 3 few_left || true
    step "after 100 clients: $(open_descriptors) descriptors, $(zombies) zombies"
    server_is_up
    [ "$(open_descriptors)" -le $((descriptors + 10)) ] ||
        because "[leaks-descriptors] your server has $(open_descriptors) descriptors open after 100 clients, and had $descriptors after 10:" \
            "close() each connection, and after fork() in the parent too"
    [ "$(zombies)" -le $((dead + 10)) ] ||
        because "[leaves-zombies] $(zombies) child processes of your server have ended and are still in the process table (zombies):" \
            "take their exit status with waitpid()"
}
few_left() { [ "$(open_descriptors)" -le $((descriptors + 10)) ] && [ "$(zombies)" -le $((dead + 10)) ]; }

@test "[2] tcp_server: SIGTERM ends it while clients are connected; no process is left, and the port is free" {
    serve
    four_idle
    step "kill -TERM"
    stop_process "$server_pid" TERM 2 || because "[ignores-sigterm] your server still runs 2 s after SIGTERM, with four clients connected"
    wait_for -t 2 nobody_left ||
        because "[leaves-child] your server is gone, but left child processes behind: end them when you are ended"
    step "netstat: $(rows_at "$port")"
    serve_at "$port"
    talk 'send again' 'expect again' half-close eof close
}
nobody_left() { [ -z "$(session_members "$server_pid")" ]; }

@test "[1] on the wire: what one client has sent is still on its way; another one is served" {
    needs_hosts tcp_server
    host server tcp_server -b 10.0.0.2 7000
    patient first "$ROOT/tests/peers/peer" connect 10.0.0.2 7000 'send on its way' 'expect on its way' half-close eof close
    patient second "$ROOT/tests/peers/peer" connect 10.0.0.2 7000 'send at once' 'expect at once' half-close eof close
    play <<'END'
title Two clients, and a packet that is held
timers still
run server exec bash server.sh
why [not-listening] your server has to listen on the address that -b gives, and on PORT
state server LISTEN
why [closes-early] a client is connected, and your server closes its connection before anything came on it
run client bash first.sh && touch first.done
pass until DATA from client len 10
states ESTABLISHED ESTABLISHED
keep first
run client exec bash second.sh
pass until DATA from client len 7
deliver
why [one-client-blocks] the first client's bytes are on their way, and the second's have come: your server has to read them
pass until DATA from server len 7
deliver
why [never-closes] the second client has sent its FIN: read() returns 0 there, and your server has to close that connection
pass until FIN from client
deliver
pass until FIN from server
deliver
why [closes-early] the first client's connection is as it was: your server has to answer what comes on it now
deliver first
pass until DATA from server len 10
free
why [mixes-clients] both clients were served, and did not get all of their own bytes
exit client 0
run client until [ -e first.done ]; do sleep 0.05; done
exit client 0
END
    came_true
}
