#!/usr/bin/env bats
# Lesson 10, core: what is awkward for a file transfer: large files, one after another, long names, both programs together.

# grading.bash sets port and its like; each test is a subshell.
# shellcheck disable=SC2154,SC2030,SC2031

load ../../tests/grading
load ../../tests/grading_scenes

# The next transfer: a receiver may serve one and exit, then it is started again.
next_transfer() {
    wait_for -t 1 ended "$server_pid" || return 0
    wait_exit "$server_pid"
    step "file_recv ended: $(status_text "$status")"
    receive
}

# A name of N bytes.
long_name() { printf '%0*d.txt' $(($1 - 4)) 1; }

@test "[2] file_recv: 6 MB that come in uneven pieces are whole when it has closed the connection" {
    head -c 6000000 /dev/urandom >"$T/large"
    head -c 1000001 "$T/large" >"$T/first"
    tail -c +1000002 "$T/large" >"$T/second"
    receive
    hand_over 'name large.bin' ok "send $T/first" "send $T/second" half-close end close
    received large.bin "$T/large"
}

@test "[2] file_recv: three files one after another, each shorter than the one before: nothing is left over in the next" {
    head -c 100000 /dev/urandom >"$T/the-longest-name.bin"
    printf 'all is well' >"$T/short.txt"
    : >"$T/e"
    receive
    for name in the-longest-name.bin short.txt e; do
        [ "$name" = the-longest-name.bin ] || next_transfer
        hand_over "name $name" ok "send $T/$name" half-close end close
        received "$name" "$T/$name"
    done
}

@test "[1] file_recv: a name of 255 bytes" {
    printf 'all is well' >"$T/content"
    receive
    hand_over "name $(long_name 255)" ok "send $T/content" half-close end close
    received "$(long_name 255)" "$T/content"
}

@test "[1] file_send: a name of 255 bytes" {
    printf 'all is well' >"$(long_name 255)"
    take receiver accept "name $(long_name 255)" "answer $ANSWER" "take $(long_name 255)" eof finish
    send_file 127.0.0.1 "$port" "$(long_name 255)"
    sent receiver
}

@test "[2] file_send and file_recv: what yours sends, yours receives" {
    head -c 6000000 /dev/urandom >'two words.bin'
    : >empty
    program file_send
    receive
    for name in 'two words.bin' empty; do
        [ "$name" != empty ] || next_transfer
        cd "$T/home"
        send_file 127.0.0.1 "$port" "$name"
        wait_exit "$client_pid" 20 || because "[hang] your sender and your receiver wait for each other: the sender has to close after the" \
            "last byte, the receiver to read up to the end of file"
        step "file_send ended: $(status_text "$status")"
        [ "$status" -eq 0 ] || because "$(end_id "$status" wrong-exit-status) your sender ended with $(ending "$status"), and its partner was your own receiver"
        wait_for -t 5 no_connections || because "[never-closes] your receiver did not end the connection: read() returned 0, then close()"
        received "$name" "$T/home/$name"
    done
}

# ---- on the wire: what is late or gets lost comes in the end, if the program waits for it

@test "[2] on the wire: the FIN overtakes the content: file_recv waits, and the file is whole" {
    needs_hosts file_recv
    head -c 1000 /dev/urandom >"$T/notes"
    IN=$T/open/inbox host server file_recv -b 10.0.0.2 7000
    patient sender "$ROOT/tests/peers/file_peer" connect 10.0.0.2 7000 'name notes.txt' ok "send $T/notes" half-close end close
    play <<'END'
title Your receiver, and a FIN that comes before the content
timers still
run server exec bash server.sh
why [not-listening] your receiver has to listen on the address that -b gives, and on PORT
state server LISTEN
run client exec bash sender.sh
why [answers-late] the name is there: your receiver has to answer at once
pass until DATA from client seq 10 len 1000
keep content
why [closes-early] the FIN has come, and the content not yet: read() goes on waiting, and your receiver leaves the connection open
pass until FIN from client seq 1010
deliver
expect ACK from server ack 10
states FIN_WAIT1 ESTABLISHED
deliver content
why [never-closes] content and FIN are there: your receiver reads up to 0, closes the file, and then the connection
pass until FIN from server
states FIN_WAIT2 LAST_ACK
deliver
exit client 0
END
    came_true
    received notes.txt "$T/notes"
}

@test "[2] on the wire: the answer is lost, and comes a second later: file_send waits for it" {
    needs_hosts file_send
    echo 'all is well' >notes.txt
    patient server "$ROOT/tests/peers/file_peer" -b 10.0.0.2 listen 7000 accept 'name notes.txt' "answer $ANSWER" 'take notes.txt' eof close
    host client file_send 10.0.0.2 7000 notes.txt
    play <<'END'
title Your sender, and an answer that gets lost
timers slow
run server exec bash server.sh
state server LISTEN
run client exec bash client.sh
why [wrong-name] the first data is the name, nothing added, in one write(): 9 bytes for notes.txt
pass until DATA from client seq 1
deliver
why [no-wait-for-ok] the answer is on its way, and nothing may come before it has arrived
expect ACK from server
deliver
expect DATA from server seq 1
nothing from client
drop
why [no-wait-for-ok] no answer has arrived: your sender waits, for as long as ten seconds. The receiver's kernel says it again
expect DATA from server repeat seq 1
nothing from client
states ESTABLISHED ESTABLISHED
deliver
why [sends-nothing] now it has arrived, and the content has to follow
pass until DATA from client seq 10
deliver
why [never-closes] all is sent: close(), or shutdown(SHUT_WR), sends the FIN that ends the file
pass until FIN from client
states FIN_WAIT1 ESTABLISHED
deliver
pass until FIN from server
deliver
END
    came_true
}
