#!/usr/bin/env bats
# Lesson 10, core: what is awkward for a file transfer: large files, one after another, long names, both programs together.

# grading.bash sets port and its like; each test is a subshell.
# shellcheck disable=SC2154,SC2030,SC2031

load ../../tests/grading

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
