#!/usr/bin/env bats
# Lesson 05, core: the sliding window: who writes faster than the other reads loses nothing.

# grading.bash sets port and its like.
# shellcheck disable=SC2154

load ../../tests/grading
load ../../tests/grading_scenes

@test "[4] tcp_server: 6 MB to a client that reads late: all of it arrives, unchanged" {
    head -c 6000000 /dev/urandom >"$T/binary"
    serve
    visit visitor -r 4096 "send-ahead $T/binary" "await $T/go" "swap $T/binary" half-close eof close
    reached visitor '^holding'
    wait_for -t 5 queues_filled || true
    row=$(look_at "$port" ESTABLISHED)
    step "the client has stopped; netstat: $row"
    server_is_up
    read -r _ unread unsent _ <<<"$row"
    [ -n "$row" ] || because "[closes-early] your server ended the connection while the client was only slow"
    [ "$unsent" -gt 0 ] ||
        because "[answers-late] the client does not read, and your server's Send-Q is empty (Recv-Q $unread): it does not send back what it reads"
    go_on "$T/go"
    done_with visitor
    server_is_up
}
queues_filled() { rows_at "$port" ESTABLISHED | awk '$3 > 0 { found = 1 } END { exit !found }'; }

@test "[3] tcp_server: a client that reads in small pieces through a small window gets everything" {
    head -c 300000 /dev/urandom >"$T/binary"
    serve
    talk -r 4096 "send-ahead $T/binary" half-close "expect-slowly $T/binary" eof close
    server_is_up
}

@test "[2] tcp_server: after the slow client the next one is served" {
    head -c 3000000 /dev/urandom >"$T/binary"
    serve
    talk -r 4096 "send-ahead $T/binary" close
    talk 'send next' 'expect next' half-close eof close
    server_is_up
}

@test "[3] tcp_client: 64 KiB reach a server that reads slowly through a small window" {
    head -c 65536 /dev/urandom >"$T/binary"
    answer server -r 2048 accept "await $T/go" "expect-slowly $T/binary" eof "send-file $T/binary" close
    STDIN=$T/binary client 127.0.0.1 "$port"
    reached server '^holding'
    wait_for -t 5 client_waits || true
    step "the server does not read; netstat: $(rows_to "$port")"
    go_on "$T/go"
    client_ends server
    client_printed "$T/binary"
}
client_waits() { rows_to "$port" | awk '$3 > 0 { found = 1 } END { exit !found }'; }

@test "[2] tcp_client: 1 MB comes back, in pieces: all of it is printed" {
    head -c 1000000 /dev/urandom >"$T/binary"
    answer server accept 'expect hello' eof "send-file $T/binary" "send-file $T/binary" close
    client 127.0.0.1 "$port" hello
    client_ends server
    cat "$T/binary" "$T/binary" >"$T/back"
    client_printed "$T/back"
}

# ---- on the wire: what netstat shows only as waiting

@test "[2] on the wire: tcp_server waits before a full window, and sends the rest when it opens" {
    needs_hosts tcp_server
    head -c 60000 /dev/urandom >"$T/binary"
    host server tcp_server -b 10.0.0.2 7000
    patient visitor "$ROOT/tests/peers/peer" -r 4096 connect 10.0.0.2 7000 "send-ahead $T/binary" 'await go' "swap $T/binary" half-close eof close
    play <<'END'
title Your server writes into a window that is full
set server net.ipv4.tcp_wmem 4096 8192 8192
run server exec bash server.sh
why [not-listening] your server has to listen on the address that -b gives, and on PORT
state server LISTEN
run client exec bash visitor.sh
why [answers-late] the client does not read. Your server has to send back what it reads, until there is no room for more
pass until ACK from client win 0
states ESTABLISHED ESTABLISHED
deliver
why [closes-early] there is no room at the client: write() waits (or says EAGAIN), and your server keeps the connection open
pass until ACK from server probe
deliver
pass until ACK from client win 0
states ESTABLISHED ESTABLISHED
deliver
run server touch go
why [no-loop-on-write] there is room again: your server sends what is left, all that write() did not take at first
pass until FIN from client
deliver
why [never-closes] all is sent back, and the client's FIN has come: read() returns 0, and your server has to close
pass until FIN from server
deliver
free
exit client 0
END
    came_true
}

@test "[2] on the wire: tcp_client waits before a full window, and sends the rest when it opens" {
    needs_hosts tcp_client
    head -c 65536 /dev/urandom >"$T/binary"
    patient server "$ROOT/tests/peers/peer" -r 2048 -b 10.0.0.2 listen 7000 accept 'await go' "expect-file $T/binary" eof "send-file $T/binary" close
    STDIN=$T/binary host client tcp_client 10.0.0.2 7000
    play <<'END'
title Your client writes into a window that is full
set client net.ipv4.tcp_wmem 4096 8192 8192
run server exec bash server.sh
state server LISTEN
run client exec bash client.sh
why [sends-nothing] the server does not read. Your client has to send its standard input, until there is no room for more
pass until ACK from server win 0
deliver
why [closes-early] there is no room at the server: your client's kernel asks from time to time, as long as the connection is open
pass until ACK from client probe
deliver
pass until ACK from server win 0
deliver
run server touch go
why [no-loop-on-write] there is room again: your client sends what is left, all that write() did not take at first
pass until DATA from client
deliver
why [no-half-close] all has gone: your client's input is at its end, and shutdown(SHUT_WR) says so, by a FIN
pass until FIN from client
deliver
free
why [ignores-eof] all came back, and the server has closed: your client has to end with 0
exit client 0 within 30
END
    came_true
    client_printed "$T/binary"
}
