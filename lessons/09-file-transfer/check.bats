#!/usr/bin/env bats
# Lesson 09, core: a file crosses a connection: name, ok, content, FIN; what netstat shows of it; names that are refused.

# grading.bash sets port and its like, ANSWER, and reads refusal_pids; each test is a subshell.
# shellcheck disable=SC2154,SC2153,SC2034,SC2030,SC2031

load ../../tests/grading
load ../../tests/grading_scenes

# ---- file_recv

@test "[1] file_recv: netstat shows its port in LISTEN; with -b ADDR on that address alone" {
    receive
    row=$(look_at "$port" LISTEN)
    step "netstat: $row"
    read -r _ _ _ address _ <<<"$row"
    [[ $address =~ ^(0\.0\.0\.0|127\.0\.0\.1|::|::1|::ffff:127\.0\.0\.1):$port$ ]] ||
        because "[ignores-address] your receiver listens on $address: bind to 127.0.0.1 or to every address (INADDR_ANY)"
    receive -b 127.0.0.2
    row=$(look_at "$port" LISTEN)
    step "netstat: $row"
    read -r _ _ _ address _ <<<"$row"
    [[ $address =~ ^(::ffff:)?127\.0\.0\.2:$port$ ]] ||
        because "[ignores-address] with -b 127.0.0.2 your receiver listens on $address: bind to the address that stands before PORT"
}

@test "[3] file_recv: answers ok, and its file is whole when it has closed the connection" {
    { head -c 300000 /dev/urandom; head -c 5000 /dev/zero; printf 'ok\nthe end'; } >"$T/binary"
    receive
    hand_over 'name picture.bin' ok "send $T/binary" half-close end close
    received picture.bin "$T/binary"
}

@test "[2] file_recv: a file that comes in pieces; an empty one" {
    printf 'one, two' >"$T/pieces"
    : >"$T/empty"
    receive
    offer sender 'name pieces' ok 'text one' "await $T/go" 'text , two' half-close end close
    partner_holds sender
    wait_for -t 5 all_is_read || because "[not-reading] your receiver does not read the content that has come: netstat shows $(rows_at "$port" ESTABLISHED)"
    go_on "$T/go"
    partner_done sender
    received pieces "$T/pieces"
    receive
    hand_over 'name empty' ok half-close end close
    received empty "$T/empty"
}
all_is_read() { rows_at "$port" ESTABLISHED | awk '$2 > 0 { waits = 1 } END { exit waits }'; }

@test "[2] file_recv: a name with spaces, with UTF-8, with a dash in front stays as it is" {
    echo 'all is well' >"$T/notes"
    for name in 'two words.txt' '雪 ☃.txt' '-n'; do
        receive
        hand_over "name $name" ok "send $T/notes" half-close end close
        received "$name" "$T/notes"
    done
}

@test "[3] file_recv: refuses a name that leads out of its directory, or to one, and creates nothing" {
    mkdir -p "$T/open/inbox/sub"
    open_to_submission
    for name in ../escape "$T/open/absolute" sub/file ./file . ..; do
        receive
        hand_over "name $name" refusal close
        wait_for -t 5 no_connections || true
        made=$(find "$T/open/inbox" "$T/open/escape" "$T/open/absolute" -mindepth 0 2>/dev/null | grep -vx "$T/open/inbox\(/sub\)\?" || true)
        [ -z "$made" ] || because "[takes-any-name] your receiver refused the name $name, and created ${made#"$T/open/"} all the same: look at the name before open()"
    done
}

@test "[1] file_recv: a sender that leaves without a name: nothing is created, no CLOSE_WAIT stays" {
    receive
    hand_over close
    nothing_left
    made=$(find "$T/open/inbox" -mindepth 1)
    [ -z "$made" ] || because "[ignores-eof] nobody said a name, and your receiver created ${made#"$T/open/inbox/"}: a read() of 0 bytes is no name"
}

# The receiver has ended the connection: LISTEN, or nothing at all.
nothing_left() {
    wait_for -t 5 no_connections && return
    row=$(connections | head -n 1)
    step "netstat: $row"
    [[ $row == *CLOSE_WAIT* ]] || because "[never-closes] your receiver did not end the connection: $row" || return
    because "[never-closes] your receiver stayed in CLOSE_WAIT: it read 0 bytes, which is the end of the file, and never called close()"
}

@test "[3] file_recv: ESTABLISHED during a transfer; then no CLOSE_WAIT, and TIME_WAIT is at the sender's end" {
    program file_recv
    needs_time_wait
    receive
    offer sender 'name notes.txt' ok 'text all is' "await $T/go" 'text  well' half-close end close
    partner_holds sender
    wait_for -t 5 all_is_read || true
    [ -n "$(look_at "$port" ESTABLISHED)" ] ||
        because "[closes-early] a part of the content has come, and your receiver's end is not ESTABLISHED: go on until read() returns 0"
    [ -n "$(look_to "$port" ESTABLISHED)" ] || because "[closes-early] the connection is not ESTABLISHED at the sender's end"
    go_on "$T/go"
    partner_done sender
    nothing_left
    wait_state "$port" TIME_WAIT 2 || true
    step "netstat: $(netstat_rows "$port" TIME_WAIT)"
    [ -z "$(rows_at "$port" TIME_WAIT)" ] ||
        because "[closes-early] your receiver is in TIME_WAIT, so it closed first: close only after read() has returned 0"
    [ -n "$(look_to "$port" TIME_WAIT)" ] || because "[resets] the sender closed first and should be in TIME_WAIT; did your receiver reset the connection?"
}

@test "[1] file_recv: refuses wrong and missing arguments, and a port that is taken" {
    refusal_pids=()
    refuse_later none file_recv
    refuse_later empty file_recv ''
    refuse_later hex file_recv 0x50
    refuse_later large file_recv 70000
    refuse_later negative file_recv -1
    refuse_later name file_recv http
    refused
    receive
    refuses second file_recv "$port"
}

@test "[1] file_recv: SIGTERM ends it while it waits, SIGINT in the middle of a transfer" {
    receive
    ends_by TERM
    receive
    offer sender 'name notes.txt' ok 'text half' "await $T/go"
    partner_holds sender
    ends_by INT
}
ends_by() {
    local signal
    signal=$(kill -l "$1")
    step "kill -$1"
    stop_process "$server_pid" "$1" 2 || because "[ignores-sigterm] your receiver still runs 2 s after SIG$1" || return
    step "file_recv ended: $(status_text "$status")"
    [ "$status" -eq 0 ] || [ "$status" -eq $((128 + signal)) ] ||
        because "$(end_id "$status" wrong-exit-status) after SIG$1 your receiver ended with $(status_text "$status"); it has to be 0, or death by that signal" || return
    wait_for -t 2 no_one_left || because "[leaves-child] your receiver is gone, but left a child process behind" || return
    [ -z "$(rows_at "$port" LISTEN)" ] || because "[leaves-child] the port is still in LISTEN after your receiver's end"
}
no_one_left() { [ -z "$(session_members "$server_pid")" ]; }

@test "[2] on the wire: file_recv answers the name, reads on until the FIN has come, and closes then" {
    needs_hosts file_recv
    echo 'all is well' >"$T/notes"
    IN=$T/open/inbox host server file_recv -b 10.0.0.2 7000
    patient sender "$ROOT/tests/peers/file_peer" connect 10.0.0.2 7000 'name notes.txt' ok "send $T/notes" half-close end close
    play <<'END'
title Your receiver: name, ok, content, FIN
timers still
run server exec bash server.sh
why [not-listening] your receiver has to listen on the address that -b gives, and on PORT
state server LISTEN
run client exec bash sender.sh
why [wrong-bytes] the name comes first: your receiver waits for it, and says nothing before
pass until DATA from client seq 1 len 9
nothing from server
states ESTABLISHED ESTABLISHED
deliver
why [answers-late] the name is there: your receiver has to answer at once
pass until DATA from server seq 1
deliver
pass until DATA from client seq 10 len 12
deliver
why [closes-early] the content is there, and no FIN yet: only read() that returns 0 is the end of the file
pass until FIN from client seq 22
states FIN_WAIT1 ESTABLISHED
deliver
why [never-closes] the FIN is there, read() returns 0: your receiver has to close the file, and then the connection
pass until FIN from server
states FIN_WAIT2 LAST_ACK
deliver
pass until ACK from client ack all
states TIME_WAIT LAST_ACK
deliver
states TIME_WAIT CLOSED
exit client 0
END
    came_true
    received notes.txt "$T/notes"
}

# ---- file_send

@test "[3] file_send: after ok sends the file, byte for byte, and ends with 0" {
    { head -c 300000 /dev/urandom; head -c 5000 /dev/zero; printf 'the end'; } >picture.bin
    take receiver accept 'name picture.bin' "answer $ANSWER" 'take picture.bin' eof finish
    send_file 127.0.0.1 "$port" picture.bin
    sent receiver
}

@test "[2] file_send: an empty file, a single zero byte, and text without a newline at its end" {
    : >empty
    printf '\0' >zero
    printf 'no newline' >text
    for name in empty zero text; do
        take receiver accept "name $name" "answer $ANSWER" "take $name" eof finish
        send_file 127.0.0.1 "$port" "$name"
        sent receiver
    done
}

@test "[2] file_send: waits for the whole ok, also when o and k come in two segments" {
    echo 'all is well' >notes.txt
    take receiver accept 'name notes.txt' silence "answer ${ANSWER:0:1}" silence "answer ${ANSWER:1}" 'take notes.txt' eof finish
    send_file 127.0.0.1 "$port" notes.txt
    sent receiver
}

@test "[2] file_send: any answer but ok is a refusal: nothing is sent, and it ends with an error" {
    echo 'all is well' >notes.txt
    # One that waits for as many letters as a longer word has may go on waiting behind a short answer: until the end of file.
    others=() after=()
    [ "$ANSWER" = ok ] || others=(ok) after=(half-close)
    for answer in no "${ANSWER}ay" "$ANSWER"$'\n' 'the name is taken' "${others[@]}"; do
        take receiver accept 'name notes.txt' "answer $answer" "${after[@]}" nothing close
        send_file 127.0.0.1 "$port" notes.txt
        partner_done receiver
        not_sent "the answer ${answer@Q}"
    done
    take receiver accept 'name notes.txt' half-close nothing close
    send_file 127.0.0.1 "$port" notes.txt
    partner_done receiver
    not_sent "an end of file in the place of the answer"
}

@test "[1] file_send: gives up when no answer comes for 10 s" {
    echo 'all is well' >notes.txt
    take receiver accept 'name notes.txt' "await $T/for-ever"
    send_file 127.0.0.1 "$port" notes.txt
    partner_holds receiver
    # 10 s are the contract's: a factor below 1, for programs that fail, must not make them less.
    wait_exit "$client_pid" $((14 * (SCALE < 100 ? 100 : SCALE) / SCALE)) ||
        because "[no-time-out] your sender waits for the answer for ever: give up after 10 s (SO_RCVTIMEO, poll() or alarm())"
    not_sent "10 s without an answer"
}

@test "[2] file_send: 6 MB to a receiver that reads late: all of it arrives" {
    head -c 6000000 /dev/urandom >large.bin
    take receiver -r 16384 accept 'name large.bin' "answer $ANSWER" "await $T/go" 'take large.bin' eof finish
    send_file 127.0.0.1 "$port" large.bin
    partner_holds receiver
    wait_for -t 5 sender_is_stuck || true
    step "the receiver does not read; netstat: $(rows_to "$port")"
    go_on "$T/go"
    sent receiver
}
sender_is_stuck() { rows_to "$port" | awk '$3 > 0 { found = 1 } END { exit !found }'; }

@test "[1] file_send: a reset in the middle of the content is an error" {
    head -c 20000000 /dev/zero >large.bin
    for before in 'part 1000' half-close; do # after a FIN the reset is told as EPIPE, with SIGPIPE for who does not ignore it
        take receiver -r 16384 accept 'name large.bin' "answer $ANSWER" 'part 1000' "$before" reset
        send_file 127.0.0.1 "$port" large.bin
        partner_done receiver
        not_sent "a reset in the middle of the content"
    done
}

@test "[2] file_send: closes first, and in order: TIME_WAIT is at its end" {
    program file_send
    needs_time_wait
    echo 'all is well' >notes.txt
    take receiver accept 'name notes.txt' "answer $ANSWER" 'take notes.txt' eof finish
    send_file 127.0.0.1 "$port" notes.txt
    sent receiver
    wait_state "$port" TIME_WAIT 2 || true
    step "netstat: $(netstat_rows "$port" TIME_WAIT)"
    [ -n "$(look_to "$port" TIME_WAIT)" ] || because "[resets] your sender closed first and should leave TIME_WAIT behind; did it reset the connection?"
}

@test "[1] file_send: a port where nobody listens is an error, told on stderr" {
    echo 'all is well' >notes.txt
    port=$(free_port)
    refuses client file_send 127.0.0.1 "$port" notes.txt
}

@test "[2] on the wire: file_send sends the name, after the answer the content, and then its FIN" {
    needs_hosts file_send
    echo 'all is well' >notes.txt
    patient server "$ROOT/tests/peers/file_peer" -b 10.0.0.2 listen 7000 accept 'name notes.txt' "answer $ANSWER" 'take notes.txt' eof close
    host client file_send 10.0.0.2 7000 notes.txt
    play <<'END'
title Your sender: name, ok, content, FIN
timers still
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
states ESTABLISHED ESTABLISHED
deliver
why [sends-nothing] the answer is there: now the content, from the first byte on
pass until DATA from client seq 10
deliver
why [never-closes] all is sent: close(), or shutdown(SHUT_WR), sends the FIN that ends the file. SO_LINGER with 0 seconds would send RST
pass until FIN from client
states FIN_WAIT1 ESTABLISHED
deliver
pass until FIN from server
states FIN_WAIT2 LAST_ACK
deliver
pass until ACK from client ack all
states TIME_WAIT LAST_ACK
deliver
states TIME_WAIT CLOSED
END
    came_true
}
