#!/usr/bin/env bats
# file_send: its arguments, what it sends and when it believes that all is there; faults; netstat as the witness.

# transfer.bash sets port, receiver_pid, status.
# shellcheck disable=SC2154,SC2034

load transfer

serve() { # [-r BYTES] STEP...: plays a receiver
    local options=()
    while [[ $1 == -* ]]; do
        options+=("$1" "$2")
        shift 2
    done
    start_listening played "$ROOT/tests/peers/peer" "${options[@]}" listen 0 "$@"
    played_pid=$pid
}
served() {
    wait_exit "$played_pid" || fail 'the played receiver does not end' "$(tail -n 5 "$T/played.out")" || return
    [ "$status" -eq 0 ] || fail "the played receiver: $(status_text "$status")" "$(tail -n 5 "$T/played.out" "$T/played.err")"
}
says() { assert_match "$(cat "$T/send.err")" "^file_send: [^ ]*: $1"; }

# ---- arguments

refused() { # STATUS REGEX ARGUMENT...: one line on stderr, nothing on stdout
    local wanted=$1 regex=$2 status=0
    shift 2
    timeout 30 "$BIN/file_send" "$@" >"$T/refused.out" 2>"$T/refused.err" </dev/null 3>&- || status=$?
    assert_equal "$status" "$wanted" "exit status of file_send $*" || return
    assert_match "$(cat "$T/refused.err")" "^([^ ]*/)?file_send: .*$regex" "stderr of file_send $*" || return
    assert_equal "$(wc -l <"$T/refused.err")" 1 "lines on stderr of file_send $*" || return
    assert_empty "$T/refused.out" "stdout of file_send $*"
}

@test "bad input: one line on stderr that says what and why, exit status 2; the world refuses: 1" {
    : >"$T/file"
    refused 2 'which HOST, PORT and FILE'
    refused 2 'which PORT and FILE' 127.0.0.1
    refused 2 'which FILE' 127.0.0.1 7000
    refused 2 "'0x50': not a decimal number" 127.0.0.1 0x50 "$T/file"
    refused 2 'port 0: no receiver' 127.0.0.1 0 "$T/file"
    refused 2 "unrecognized option '--nosuch'" --nosuch 127.0.0.1 7000 "$T/file"
    refused 2 "--copy 'splice': there are sendfile and read" --copy splice 127.0.0.1 7000 "$T/file"
    refused 2 '--buffer is that of --copy read' --buffer 10 127.0.0.1 7000 "$T/file"
    refused 2 "--buffer '0': too small" --copy read --buffer 0 127.0.0.1 7000 "$T/file"
    refused 2 "--timeout 'x'" -t x 127.0.0.1 7000 "$T/file"
    refused 1 "host 'nosuch\.invalid'" nosuch.invalid 7000 "$T/file"
    refused 1 "connect 127\.0\.0\.1 port $(free_port): Connection refused" 127.0.0.1 "$(free_port)" "$T/file" ||
        refused 1 'connect 127\.0\.0\.1 port [0-9]+: Connection refused' 127.0.0.1 "$(free_port)" "$T/file"
}

@test "help and version: on stdout, exit status 0" {
    run --separate-stderr "$BIN/file_send" --help
    assert_equal "$status:$stderr" 0:
    assert_match "$output" '^usage: file_send \[options\] HOST PORT FILE'
    run --separate-stderr "$BIN/file_send" --version
    assert_match "$status:$output" '^0:file_send \(netstep\) [0-9]'
}

@test "what can't be sent is said, and the rest is sent" {
    receiver
    content letter 10
    mkfifo "$T/fifo"
    mkdir "$T/directory"
    ln -s nowhere "$T/dangling"
    ln -s letter "$T/link"
    sends 1 "$T/directory" "$T/directory/" "$T/fifo" /dev/null "$T/nosuch" "$T/dangling" "" . .. / "$T/letter" "$T/link"
    for line in "$T/directory: is a directory" "$T/directory/: is a directory" "$T/fifo: is a FIFO.*" '/dev/null: is a device' \
        "$T/nosuch: No such file or directory" "$T/dangling: No such file or directory" ': the name is empty' '\.: is a directory' \
        '\.\.: is a directory' '/: is a directory'; do
        grep -Eqx "file_send: $line" "$T/send.err" || fail "no line '$line'" "$(cat "$T/send.err")"
    done
    kept letter "$T/letter" && kept link "$T/letter" && nothing_but letter link
}

@test "an unreadable file" {
    [ "$(id -u)" -ne 0 ] || skip 'root may read everything'
    receiver
    content secret 10
    chmod 0 "$T/secret"
    sends 1 "$T/secret"
    says 'Permission denied'
}

# ---- the protocol

@test "the name in one write, without directories; content after ok; FIN; and the second ok is waited for" {
    content binary 200000
    serve accept 'expect binary' 'send ok' "expect-file $T/binary" eof 'send o' 'send k' half-close eof
    sends 0 "$T/binary"
    served
    assert_match "$(cat "$T/send.out")" "^$T/binary: 200000 bytes in [0-9.]+ s, .*, confirmed$"
    assert_empty "$T/send.err"
}

@test "many files in one command: a connection each, all under their names; --copy read and sendfile alike" {
    receiver
    for i in 1 2 3 4 5; do content "file$i" $((i * 70001)); done
    : >"$T/empty"
    sends 0 "$T"/file? "$T/empty"
    for i in 1 2 3 4 5; do kept "file$i" "$T/file$i"; done
    nothing_but empty file1 file2 file3 file4 file5
    wait_for has_so_many 6 rows_to "$port" TIME_WAIT || fail 'connections in TIME_WAIT, at the sender' "$(netstat_rows "$port")"
    no_socket_stays
    rm "$T"/in/*
    send_options=(--copy read --buffer 1000)
    sends 0 "$T"/file? "$T/empty"
    for i in 1 2 3 4 5; do kept "file$i" "$T/file$i"; done
}

@test "a classic receiver: exit status 3, and 0 with --classic" {
    content letter 5000
    serve accept 'expect letter' 'send ok' "expect-file $T/letter" eof close accept 'expect letter' 'send ok' \
        "expect-file $T/letter" eof close
    sends 3 "$T/letter"
    says 'sent, not confirmed \(a classic receiver\?\)$'
    send_options=(--classic)
    sends 0 "$T/letter"
    served
}

@test "an answer other than ok is a refusal, and its text is shown, whatever it is" {
    content letter 10
    for answer in no okay $'ok\n' OK o 'refused: it is full' $'\e[31mred' ' ok'; do
        serve accept 'expect letter' "send $answer" half-close
        sends 1 "$T/letter"
        says 'the receiver says: '
        run ! grep -P '[\x00-\x08\x0b-\x1f\x7f]' "$T/send.err"
    done
    serve accept 'expect letter' close
    sends 1 "$T/letter"
    says 'the receiver closed without an answer to the name'
    serve accept 'expect letter' reset
    sends 1 "$T/letter"
    says 'no answer to the name: Connection reset by peer'
}

@test "ok in two segments is ok" {
    content letter 10
    serve accept 'expect letter' 'send o' "await $T/go" 'send k' "expect-file $T/letter" eof 'send ok' half-close eof
    start send file_send 127.0.0.1 "$port" "$T/letter"
    wait_line "$T/played.out" '^holding'
    : >"$T/go"
    served
    wait_exit "$pid"
    assert_equal "$status" 0 'exit status' || fail "$(cat "$T/send.err")"
}

@test "--timeout: a receiver that says nothing, one that takes nothing; --confirm: one that does not confirm" {
    content letter 10
    content large 8000000
    send_options=(--timeout 0.3)
    serve accept "await $T/never"
    sends 1 "$T/letter"
    says 'no answer to the name: '
    send_options=(--timeout 3)
    serve -r 4096 accept 'expect large' 'send ok' "await $T/never"
    sends 1 "$T/large"
    says 'the receiver took nothing more for 3 s'
    send_options=(--confirm 0.3)
    serve accept 'expect letter' 'send ok' "expect-file $T/letter" eof "await $T/never"
    sends 3 "$T/letter"
    says 'sent, not confirmed \(no answer\)'
}

@test "a reset in the name's answer, in the content, after it: exit status 1" {
    content large 8000000
    content letter 10
    serve accept 'expect large' 'send ok' reset
    sends 1 "$T/large"
    says '.* after [0-9]+ bytes'
    serve accept 'expect letter' 'send ok' "expect-file $T/letter" eof reset
    sends 1 "$T/letter"
    says 'all was sent, then: Connection reset by peer'
}

@test "a receiver that gives up in the middle: its reason is shown" {
    content large 8000000
    serve -r 4096 accept 'expect large' 'send ok' "await $T/full" 'send refused: my disk is full' half-close "await $T/never"
    start send file_send 127.0.0.1 "$port" "$T/large"
    sender=$pid
    wait_for queue_is_full
    : >"$T/full"
    wait_exit "$sender"
    assert_equal "$status" 1 'exit status'
    says 'the receiver says: refused: my disk is full'
}

# ---- a sender that can't finish resets

@test "a file that becomes shorter, that grows, that changes while it is sent: reset, exit status 1" {
    for change in 'truncate -s 5000000' 'truncate -s 20000000' touch; do
        content large 8000000
        touch -d '1 hour ago' "$T/large"
        rm -f "$T/go"
        serve -r 4096 accept 'expect large' 'send ok' "await $T/go" "expect-file $T/all"
        start send file_send 127.0.0.1 "$port" "$T/large"
        sender=$pid
        wait_for queue_is_full
        cp "$T/large" "$T/all"
        $change "$T/large"
        : >"$T/go"
        wait_exit "$sender" 20
        assert_equal "$status" 1 "exit status after $change" || fail "$(cat "$T/send.err")"
        says 'it (became shorter|changed) while it was sent'
        wait_exit "$played_pid"
        assert_match "$(cat "$T/played.out")" 'Connection reset by peer|all correct'
    done
}
queue_is_full() { rows_to "$port" ESTABLISHED | awk '$3 > 100000 { found = 1 } END { exit !found }'; }

@test "signals: in each phase it dies of the signal, at once; in the content with a reset" {
    content large 8000000
    for phase in answer content confirmation; do
        case $phase in
            answer) serve accept 'expect large' "await $T/never" ;;
            content) serve -r 4096 accept 'expect large' 'send ok' "await $T/go" "expect-file $T/large" ;;
            confirmation) serve accept 'expect large' 'send ok' "expect-file $T/large" eof "await $T/never" ;;
        esac
        start send file_send 127.0.0.1 "$port" "$T/large"
        sender=$pid
        wait_line "$T/played.out" '^holding' 20
        stop_process "$sender" INT 2 || fail "$phase: it still runs"
        assert_equal "$(status_text "$status")" 'killed by SIGINT' "$phase"
        : >"$T/go"
        [ $phase != content ] || { wait_exit "$played_pid"; assert_match "$(cat "$T/played.out")" 'Connection reset by peer'; }
        stop_process "$played_pid" KILL
        rm -f "$T/go"
    done
}

# ---- kills: no file under its name that is not whole

# kill_one WHO I: a sender and a receiver, and one of them is killed (-9) after a while that differs
kill_one() {
    local name=$2.bin victim
    ln -f "$T/large" "$T/$name"
    start send file_send -q 127.0.0.1 "$port" "$T/$name"
    local sender=$pid
    perl -e 'select undef, undef, undef, rand 0.03'
    if [ "$1" = sender ]; then
        kill -KILL "$sender" 2>/dev/null || true
    else
        for victim in $(pgrep -P "$receiver_pid"); do kill -KILL "$victim" 2>/dev/null || true; done
    fi
    wait_exit "$sender" 20 || fail 'the sender does not end' || return
    [ "$status" -ne 0 ] || cmp "$T/large" "$T/in/$name" || fail "confirmed, and not there: $name" || return
    [ ! -e "$T/in/$name" ] || cmp "$T/large" "$T/in/$name" || fail "not whole: $name"
}
kills() { # WHO HOW_OFTEN
    local i
    content large 8000000
    receiver
    for i in $(seq "$2"); do kill_one "$1" "$i" || return; done
    # The receiver serves on, and nothing but whole and unconfirmed files is there.
    content letter 10
    sends 0 "$T/letter"
    ! entries | grep -vE '^[0-9]+\.bin(\.unconfirmed)?$|^letter$' || fail 'files that should not be'
}

@test "10 kills of the sender, 10 of the receiver's processes: a file under its name is whole" {
    beyond_sample
    kills sender 10
    stop_process "$receiver_pid"
    rm -rf "$T/in" && mkdir "$T/in"
    kills receiver 10
}

@test "long: 200 kills of the sender, 200 of the receiver's processes" {
    [ -n "${NETSTEP_LONG:-}" ] || skip 'make check-long'
    kills sender 200
    stop_process "$receiver_pid"
    rm -rf "$T/in" && mkdir "$T/in"
    kills receiver 200
}

@test "long: 4 GiB + 1 arrive intact" {
    [ -n "${NETSTEP_LONG:-}" ] || skip 'make check-long'
    [ "$(df --output=avail -B1 "$T" | tail -n 1)" -gt 6000000000 ] || skip 'less than 6 GB are free'
    truncate -s 4294967297 "$T/huge"
    printf x | dd of="$T/huge" bs=1 seek=4294967296 conv=notrunc status=none
    receiver
    start send file_send -q 127.0.0.1 "$port" "$T/huge"
    wait_exit "$pid" 300
    assert_equal "$status" 0 'exit status' || fail "$(cat "$T/send.err")"
    cmp "$T/huge" "$T/in/huge"
}

# ---- other people's receivers; the terminal

@test "interop: a classic receiver in python3, one read for the name, then up to the end of file" {
    command -v python3 >/dev/null || skip 'python3 is missing'
    port=$(free_port)
    start python "$(command -v python3)" -c '
import socket, sys
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen()
c, _ = s.accept(); name = c.recv(1024).decode(); c.sendall(b"ok")
with open(sys.argv[2] + "/" + name, "wb") as f:
    while data := c.recv(4096): f.write(data)
c.close()' "$port" "$T/in"
    wait_state "$port" LISTEN
    content letter 1000000
    sends 3 "$T/letter"
    kept letter "$T/letter"
}

@test "on a terminal: progress for what takes long, and the line is taken away; --json is one valid object" {
    command -v script >/dev/null || skip 'script(1) is missing'
    perl -MJSON::PP -e 1 2>/dev/null || skip "perl has no JSON::PP here"
    content large 6000000
    serve -r 4096 accept 'expect large' 'send ok' "expect-slowly $T/large" eof 'send ok' half-close eof
    run timeout 300 script -qec "'$BIN/file_send' 127.0.0.1 $port '$T/large'" /dev/null
    assert_equal "$status" 0 'exit status' || fail "${output: -600}"
    assert_match "$output" 'large +[0-9]+ %  [0-9]+ of 6000000 bytes  [0-9.e+]+ .B/s  [0-9]+ s left'
    assert_match "$output" 'confirmed'
    receiver
    send_options=(--json)
    sends 0 "$T/large"
    assert_equal "$(perl -MJSON::PP -ne '$r = decode_json($_); print "$r->{outcome} $r->{bytes}"' "$T/send.out")" 'confirmed 6000000'
}
