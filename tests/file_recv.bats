#!/usr/bin/env bats
# file_recv: its arguments, what it says and keeps, what it refuses; faults; netstat as the witness.

# transfer.bash sets port, receiver_pid, status.
# shellcheck disable=SC2154,SC2034

load transfer

# ---- arguments

refused() { # STATUS REGEX ARGUMENT...: one line on stderr, no ready line
    local wanted=$1 regex=$2 status=0
    shift 2
    timeout 30 "$BIN/file_recv" "$@" >"$T/refused.out" 2>"$T/refused.err" </dev/null 3>&- || status=$?
    assert_equal "$status" "$wanted" "exit status of file_recv $*" || return
    assert_match "$(cat "$T/refused.err")" "^([^ ]*/)?file_recv: .*$regex" "stderr of file_recv $*" || return
    assert_equal "$(wc -l <"$T/refused.err")" 1 "lines on stderr of file_recv $*" || return
    assert_empty "$T/refused.out" "stdout of file_recv $*"
}

@test "bad input: one line on stderr that says what and why, exit status 2; the world refuses: 1" {
    refused 2 'which PORT'
    refused 2 "'8000' is too much" 7000 8000
    refused 2 "'0x50': not a decimal number" 0x50
    refused 2 "'65536': too large" 65536
    refused 2 "unrecognized option '--nosuch'" --nosuch 0
    refused 2 "--max-size '-1'" --max-size=-1 0
    refused 2 "--buffer '0': too small" --buffer 0 0
    refused 2 "--max-senders '0': too small" --max-senders 0 0
    refused 2 "--name-wait 'x': not a decimal" --name-wait x 0
    refused 2 "--timeout 'x': not a" -t x 0
    refused 2 '--json and --quiet' --json --quiet 0
    refused 1 "directory $T/nosuch: No such file" -d "$T/nosuch" 0
    refused 1 'bind 192\.0\.2\.1 port 0: Cannot assign' -b 192.0.2.1 0
    receiver
    refused 1 "bind 127\.0\.0\.1 port $port: Address already in use" "$port"
    : >"$T/file"
    refused 1 "directory $T/file: Not a directory" -d "$T/file" 0
}

@test "help and version: on stdout, exit status 0" {
    run --separate-stderr "$BIN/file_recv" --help
    assert_equal "$status:$stderr" 0:
    assert_match "$output" '^usage: file_recv \[options\] PORT'
    run --separate-stderr "$BIN/file_recv" --version
    assert_match "$status:$output" '^0:file_recv \(netstep\) [0-9]'
}

@test "ready: the line is exact, netstat shows LISTEN; IPv6 too" {
    receiver
    assert_equal "$(head -n 1 "$T/receiver.out")" "listening on 127.0.0.1:$port"
    assert_match "$(rows_at "$port" LISTEN)" "127\.0\.0\.1:$port .* LISTEN"
    stop_process "$receiver_pid"
    assert_equal "$status" 0 'exit status after SIGTERM'
    grep -qs '^0\{31\}1 ' /proc/net/if_inet6 || skip 'no IPv6 here'
    receiver -b ::1
    content letter 1000
    run_for 20 send file_send ::1 "$port" "$T/letter"
    assert_equal "$status" 0 'exit status of the sender' && kept letter "$T/letter"
}

# ---- what becomes of a file

@test "a sender that half-closes and waits: the file is whole, under its name, and it is told so" {
    receiver
    content binary 300000
    classic 'send binary' 'expect ok' "send-file $T/binary" half-close 'expect ok' eof close
    kept binary "$T/binary" && nothing_but binary
    told '^binary: 300000 bytes from 127\.0\.0\.1:[0-9]+ in [0-9.]+ s, confirmed$'
    no_socket_stays
    wait_state "$port" TIME_WAIT
    assert_equal "$(rows_at "$port" | grep -cv LISTEN)" 0 'rows at the receiver: TIME_WAIT is the sender'"'"'s'
}

@test "empty files, and every byte" {
    receiver
    : >"$T/empty"
    perl -e 'print map { chr } 0 .. 255' >"$T/bytes"
    classic 'send empty' 'expect ok' half-close 'expect ok' eof close
    classic 'send bytes' 'expect ok' "send-file $T/bytes" half-close 'expect ok' eof close
    kept empty "$T/empty" && kept bytes "$T/bytes" && nothing_but bytes empty
}

@test "a sender that closes at once, or was killed: NAME.unconfirmed, never NAME" {
    receiver
    classic 'send half' 'expect ok' 'send half of it' close
    told '^half\.unconfirmed: 10 bytes from .*, the sender was gone'
    nothing_but half.unconfirmed
    classic 'send half' 'expect ok' 'send another' close
    told '^half\.unconfirmed\.2: '
    assert_equal "$(cat "$T/in/half.unconfirmed")" 'half of it' 'the first one'
    nothing_but half.unconfirmed half.unconfirmed.2
}

@test "--classic: a sender that closes at once is believed, with a warning" {
    receiver --classic
    classic 'send letter' 'expect ok' 'send dear' close
    told '^letter: 4 bytes from .*, not confirmed'
    assert_equal "$(cat "$T/in/letter")" dear
    nothing_but letter
}

@test "a sender that resets: nothing is kept, and it is said" {
    receiver
    classic 'send letter' 'expect ok' 'send half of it' reset
    told 'letter from 127\.0\.0\.1:[0-9]+, lost after [0-9]+ bytes: Connection reset by peer'
    assert_equal "$(entries)" '' 'files'
}

@test "a name that exists is refused, with the reason; --overwrite replaces it" {
    receiver
    echo old >"$T/in/letter"
    classic 'send letter' 'expect refused: a file of that name exists (if this is a second try, the first one may have succeeded)
' eof close
    assert_equal "$(cat "$T/in/letter")" old
    stop_process "$receiver_pid"
    receiver --overwrite
    content letter 5000
    classic 'send letter' 'expect ok' "send-file $T/letter" half-close 'expect ok' eof close
    kept letter "$T/letter" && nothing_but letter
}

@test "two senders of one name at once: one wins, the other is told, nothing is mixed" {
    receiver
    classic_in_background 'send letter' 'expect ok' "await $T/go" 'send slow' half-close 'expect orefused: a file of that name has appeared meanwhile
' eof close
    slow=$pid
    wait_line "$T/classic.out" '^holding'
    mv "$T/classic.out" "$T/slow.out"
    classic 'send letter' 'expect ok' 'send quick' half-close 'expect ok' eof close
    : >"$T/go"
    wait_exit "$slow"
    assert_equal "$status" 0 'the slow one' || fail "$(cat "$T/slow.out")"
    assert_equal "$(cat "$T/in/letter")" quick
    nothing_but letter
}

@test "--max-size: what is larger is refused, with the reason" {
    receiver --max-size 1000
    content small 1000
    content large 1001
    sends 0 "$T/small"
    sends 1 "$T/large"
    assert_match "$(cat "$T/send.err")" 'the receiver says: refused: the file is larger than this receiver allows'
    nothing_but small
}

@test "--once: exit status 0 if the file is there, 1 if not" {
    content letter 100
    receiver --once
    sends 0 "$T/letter"
    wait_exit "$receiver_pid"
    assert_equal "$status" 0 'exit status'
    receiver --once
    sends 1 "$T/letter"
    wait_exit "$receiver_pid"
    assert_equal "$status" 1 'exit status, refused'
}

@test "--json: one valid object a transfer" {
    perl -MJSON::PP -e 1 2>/dev/null || skip "perl has no JSON::PP here"
    receiver --json
    content $'quo"te' 10
    sends 0 "$T/"$'quo"te'
    wait_line "$T/receiver.out" '"confirmed"' # each sender has a process of the receiver's, which may be slow to tell
    classic 'send gone' 'expect ok' 'send x' close
    wait_line "$T/receiver.out" '"unconfirmed"'
    classic 'send ..' 'expect refused: the name is that of a directory
' eof close
    wait_line "$T/receiver.out" '"refused"'
    run perl -MJSON::PP -ne 'next if !/^\{/; $r = decode_json($_); print join(" ", map { $_ // "-" } @$r{qw(outcome name file bytes)}), "\n"' "$T/receiver.out"
    assert_equal "$output" 'confirmed quo"te quo"te 10
unconfirmed gone gone.unconfirmed 1
refused  - 0'
}

# ---- names

@test "wrong names: each is refused with a reason, none leaves the directory, the receiver goes on" {
    receiver
    # shellcheck disable=SC2016 # perl's variables
    run perl -MSocket -e '
        my $port = shift;
        my @names = (".", "..", "/", "//", "/etc/passwd", "../x", "../../x", "a/b", "a/", "/a", "./a", "a/../b", "..\0x",
            "a\0", "\0", "\0a", "a\nb", "\n", "a\r", "\ta", "a\tb", "\e[2Jx", "a\e]0;title\a", "a\x7f", "\x7f", "\x01", "\x1f", "a\bb",
            ".file_recv-00000001-00000001", ".file_recv-", ".file_recv-x", "a.unconfirmed", ".unconfirmed", "a.unconfirmed.2",
            "a.unconfirmed.999", "a.b.unconfirmed", "x" x 256, "x" x 300, "x" x 4000, "../" x 80, "/" x 255, "a" x 254 . "/",
            "\x{0b}", "\x{0c}", "x" x 254 . "\n");
        for my $name (@names) {
            socket my $s, AF_INET, SOCK_STREAM, 0; connect $s, pack_sockaddr_in($port, INADDR_LOOPBACK) or die "connect: $!";
            syswrite $s, $name; my $answer = ""; 1 while sysread $s, $answer, 1000, length $answer;
            $answer =~ /^refused: .+\n\z/ or print "not refused: ", unpack("H*", $name), ": $answer\n";
        }
        print scalar @names, " names\n"' "$port"
    assert_equal "$output" '45 names'
    assert_equal "$(entries)" '' 'files'
    assert_equal "$(find "$T" -maxdepth 1 -newer "$T/started" -name 'x*')" '' 'files beside the directory'
    content letter 10
    sends 0 "$T/letter"
    wait_for lines_say 45 'refused after 0 bytes' "$T/receiver.err" || fail 'lines' "$(cat "$T/receiver.err")"
    run ! grep -P '[\x00-\x08\x0b-\x1f\x7f]' "$T/receiver.err"
}

@test "names that are odd and right" {
    receiver
    mkdir "$T/odd"
    for name in ' ' '-' '--help' '...' '..x' 'a b' 'é世界🎓' '*' "it's" 'a"b' 'a\b' "$(printf 'x%.0s' {1..255})" $'\xff\xfe' '~' 'con'; do
        echo "$name" >"$T/odd/$name"
    done
    mapfile -d '' -t files < <(find "$T/odd" -type f -print0)
    sends 0 "${files[@]}"
    diff -r "$T/odd" "$T/in"
}

@test "a long name of a file that is not confirmed is cut between two characters" {
    receiver
    name=$(printf 'é%.0s' {1..127})
    classic "send $name" 'expect ok' 'send x' close
    told 'the sender was gone'
    entries >"$T/entries"
    assert_match "$(cat "$T/entries")" '^(é)+\.unconfirmed$'
    assert_equal "$(wc -c <"$T/entries")" 255 'bytes, with the newline' # 121 é, 12 bytes
}

@test "a name byte by byte, name and content together, nothing, silence: survived, and nothing wrong under a name" {
    receiver --timeout 3
    classic 'send name and content in one' half-close
    told 'no answer|the sender was gone|confirmed'
    classic half-close
    told 'lost after 0 bytes: it left without a name'
    classic_in_background "await $T/never"
    told 'lost after 0 bytes: nothing moved any more'
    stop_process "$pid"
    classic_in_background 'send stalls' 'expect ok' 'send some' "await $T/never"
    told 'stalls from .*, lost after 4 bytes: nothing moved any more'
    stop_process "$pid"
    run ! ls "$T/in/stalls" "$T/in/stalls.unconfirmed"
    stop_process "$receiver_pid"
    rm -f "$T"/in/*
    receiver --name-wait 1500
    classic 'send let' 'send ter' 'expect ok' 'send dear' half-close 'expect ok' eof close
    nothing_but letter
}

# ---- faults

@test "signals: in each phase it ends at once, and nothing of a half file is left" {
    for phase in name content idle; do
        receiver
        case $phase in
            name) classic_in_background "await $T/never" ;;
            content) classic_in_background 'send letter' 'expect ok' 'send half' "await $T/never" ;;
            idle) classic 'send whole' 'expect ok' half-close 'expect ok' eof close ;;
        esac
        played=$pid
        [ $phase = idle ] || wait_line "$T/classic.out" '^holding'
        stop_process "$receiver_pid" TERM 3 || fail "$phase: it still runs"
        assert_equal "$status" 0 "$phase: exit status"
        assert_equal "$(session_members "$receiver_pid")" '' "$phase: processes left"
        [ $phase = idle ] || stop_process "$played"
        rm -f "$T/in/whole"
        assert_equal "$(entries)" '' "$phase: files"
    done
}

@test "a full disk: the sender is told why, nothing is kept, the receiver goes on" {
    # shellcheck disable=SC2016
    script='mount -t tmpfs -o size=1m none "$1" && exec "$2" -d "$1" 0'
    unshare -Urm true 2>/dev/null || skip 'no user namespace here'
    start_listening receiver "$(command -v unshare)" -Urm sh -c "$script" sh "$T/in" "$BIN/file_recv"
    content large 3000000
    content small 1000
    sends 1 "$T/large"
    assert_match "$(cat "$T/send.err")" 'the receiver says: refused: No space left on device'
    sends 0 "$T/small"
}

@test "a directory in which nothing can be made: refused, with the reason" {
    [ "$(id -u)" -ne 0 ] || skip 'root may write everywhere'
    receiver
    chmod a-w "$T/in"
    content letter 10
    sends 1 "$T/letter"
    assert_match "$(cat "$T/send.err")" 'refused: Permission denied'
    chmod u+w "$T/in"
}

@test "a receiver that was killed leaves no temporary file, or its successor removes it" {
    receiver
    classic_in_background 'send letter' 'expect ok' 'send half' "await $T/never"
    wait_line "$T/classic.out" '^holding'
    pkill -KILL -s "$receiver_pid"
    wait_exit "$receiver_pid"
    : >"$T/in/.file_recv-00000001-00000001" # as one leaves it where files can't be without a name
    receiver
    assert_equal "$(entries)" '' 'files'
}

@test "many senders at once, and as many as --max-senders: all are served" {
    count=60
    receiver
    wait_for has_its_pipe # from there on it serves
    descriptors=$(find "/proc/$receiver_pid/fd" -mindepth 1 | wc -l)
    mkdir "$T/many"
    for i in $(seq $count); do head -c $((i * 1000)) /dev/urandom >"$T/many/$i"; done
    for i in $(seq $count); do start "send$i" file_send -q 127.0.0.1 "$port" "$T/many/$i"; done
    for i in $(seq $count); do wait_line "$T/receiver.out" "^$i: $((i * 1000)) bytes.*confirmed$" 30; done
    diff -r "$T/many" "$T/in"
    # The processes that served them end when nobody comes any more; the one that listens has the descriptors that it had.
    wait_for -t 20 children_are 0
    assert_equal "$(find "/proc/$receiver_pid/fd" -mindepth 1 | wc -l)" "$descriptors" 'descriptors'
    stop_process "$receiver_pid"
    rm "$T"/in/*
    receiver --max-senders 2
    for i in 1 2 3; do start "idle$i" "$ROOT/tests/peers/peer" connect 127.0.0.1 "$port" "await $T/go" 'send name' "await $T/never"; done
    wait_for children_are 2
    start waits file_send 127.0.0.1 "$port" "$T/many/7"
    : >"$T/go"
    pkill -KILL -f "await $T/never" || true
    wait_line "$T/waits.out" confirmed
}
has_its_pipe() { [ "$(find "/proc/$receiver_pid/fd" -lname 'pipe:*' | wc -l)" -eq 2 ]; }
children_are() { [ "$(pgrep -c -P "$receiver_pid")" -eq "$1" ]; }

@test "long: 500 senders at once" {
    [ -n "${NETSTEP_LONG:-}" ] || skip 'make check-long'
    receiver
    mkdir "$T/many"
    for i in $(seq 500); do head -c 20000 /dev/urandom >"$T/many/$i"; done
    printf '%s\n' "$T"/many/* | xargs -P 500 -I FILE "$BIN/file_send" -q --timeout 60 127.0.0.1 "$port" FILE
    diff -r "$T/many" "$T/in"
    no_socket_stays
}

# ---- other people's senders

@test "interop: a classic sender in bash, without a second ok" {
    receiver --classic
    content letter 100000
    run bash -c 'exec 5<>/dev/tcp/127.0.0.1/'"$port"'; printf letter >&5; read -r -n 2 answer <&5; [ "$answer" = ok ] && cat "'"$T"'/letter" >&5'
    assert_equal "$status" 0 'exit status'
    told '^letter: 100000 bytes'
    kept letter "$T/letter"
}

@test "interop: a classic sender in python3" {
    command -v python3 >/dev/null || skip 'python3 is missing'
    receiver
    content letter 1000000
    python3 - "$port" "$T/letter" <<'END'
import socket, sys, os
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.send(os.path.basename(sys.argv[2]).encode())
assert s.recv(2) == b"ok"
s.sendall(open(sys.argv[2], "rb").read())
s.close()
END
    told '^letter\.unconfirmed: 1000000 bytes'
    kept letter.unconfirmed "$T/letter"
}
