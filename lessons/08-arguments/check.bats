#!/usr/bin/env bats
# Lesson 08, core: arguments and a file's name: how file_send begins.

# grading.bash sets port and its like, and reads refusal_pids; each test is a subshell.
# shellcheck disable=SC2154,SC2034

load ../../tests/grading
load ../../tests/grading_scenes

@test "[2] file_send: its first bytes are the name without directories, and nothing more comes before the answer" {
    mkdir -p shelf/deep
    echo 'all is well' >shelf/deep/notes.txt
    for path in shelf/deep/notes.txt "$PWD/shelf/../shelf/deep/notes.txt"; do
        take receiver accept 'name notes.txt' silence 'answer no' close
        send_file 127.0.0.1 "$port" "$path"
        partner_done receiver
    done
}

@test "[1] file_send: a file in the working directory, a name with spaces and UTF-8" {
    for name in plain 'two words' '雪 ☃.txt'; do
        echo 'all is well' >"$name"
        take receiver accept "name $name" 'answer no' close
        send_file 127.0.0.1 "$port" "$name"
        partner_done receiver
    done
    [ "$ANSWER" = ok ] || knows_its_word
}

# With a seed: an empty file is sent when the word has come, so that word alone decides how the program ends.
knows_its_word() {
    : >empty
    take receiver accept 'name empty' "answer $ANSWER" 'take empty' eof finish
    send_file 127.0.0.1 "$port" empty
    sent receiver || return
    take receiver accept 'name empty' 'answer ok' half-close nothing close
    send_file 127.0.0.1 "$port" empty
    partner_done receiver || return
    wait_exit "$client_pid" 12 || because "[hang] your sender does not end after an answer that is not $ANSWER" || return
    step "file_send ended: $(status_text "$status")"
    [ "$status" -ne 0 ] ||
        because "[wrong-variant] your sender takes the answer ok for \"go on\", which is here $ANSWER: this exercise's variant has another ANSWER (variant.h)"
}

@test "[1] file_send: refuses wrong and missing arguments" {
    echo 'all is well' >notes.txt
    # Whoever cuts a number to 16 bits reaches this listener.
    take somebody "await $T/for-ever"
    refusal_pids=()
    refuse_later none file_send
    refuse_later one file_send 127.0.0.1
    refuse_later two file_send 127.0.0.1 "$port"
    refuse_later empty file_send 127.0.0.1 '' notes.txt
    refuse_later hex file_send 127.0.0.1 0x50 notes.txt
    refuse_later large file_send 127.0.0.1 $((port + 65536)) notes.txt
    refuse_later negative file_send 127.0.0.1 -1 notes.txt
    refuse_later name file_send 127.0.0.1 http notes.txt
    refused
}

@test "[2] file_send: a file that is not there and a directory are errors, told on stderr" {
    mkdir shelf
    for name in nowhere shelf; do
        take receiver accept "name $name" "answer $ANSWER" eof close # if it comes so far; what it says then is not graded
        send_file 127.0.0.1 "$port" "$name"
        not_sent "it was given '$name', which it can't send"
        stop_process "$peer_receiver" KILL
    done
}

@test "[1] on the wire: the name is one segment; nothing follows until the answer, though the name gets lost at first" {
    needs_hosts file_send
    echo 'all is well' >notes.txt
    patient server "$ROOT/tests/peers/file_peer" -b 10.0.0.2 listen 7000 accept 'name notes.txt' 'answer no' close
    host client file_send 10.0.0.2 7000 notes.txt
    play <<'END'
title Your sender says a name
timers slow
run server exec bash server.sh
state server LISTEN
run client exec bash client.sh
why [never-connects] your sender connects to HOST and PORT: the three packets are its kernel's
expect SYN from client
deliver
expect SYN+ACK from server
deliver
expect ACK from client
deliver
why [wrong-name] the first data is the name without directories, nothing added, in one write(): 9 bytes for notes.txt
expect DATA from client seq 1 len 9
drop
why [no-wait-for-ok] the name is lost. Its kernel sends it again after a second; your sender only waits for the answer
expect DATA from client repeat seq 1 len 9
nothing from client
deliver
expect ACK from server seq 1 ack 10
deliver
nothing from client
expect DATA from server seq 1
nothing from client
deliver
END
    came_true
}
