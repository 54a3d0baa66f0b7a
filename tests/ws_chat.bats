#!/usr/bin/env bats
# ws_chat, the server: its arguments, the tables of cases, the room, limits, slow readers, signals. netstat is the witness.

# faults.bash sets pid, port, address, status and server_pid.
# shellcheck disable=SC2154,SC2034

load faults
UNDER_TEST=ws_chat
own_rows=rows_at narration=server.out

server() { # ARGUMENT...: in the background, on any port. Sets $server_pid, $port and $address
    start_listening server ws_chat "$@" 0
    server_pid=$pid
}
table() { # FILE.cases: all its cases, with a server that has the options which the first line names
    local options
    options=$(sed -n '1s/.* server: //p' "$ROOT/tests/ws_cases/$1")
    # shellcheck disable=SC2086 # words
    server $options
    run timeout 300 "$ROOT/tests/peers/ws_table" 127.0.0.1 "$port" "$ROOT/tests/ws_cases/$1"
    [ "$status" -eq 0 ] || fail "$(grep -v '^ok' <<<"$output" | head -n 20)"
    assert_equal "$(grep -c '^ok' <<<"$output")" "$(grep -c '^[0-9]' "$ROOT/tests/ws_cases/$1")" 'cases that are ok'
    grep -q '^ok' <<<"$output"
    run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$T/server.out" # what strangers sent is never printed raw
    stop_process "$server_pid"
    assert_equal "$status" 0 'exit status'
    assert_empty "$T/server.err"
}
plays() { # CASE: to its end
    run timeout 60 "$ROOT/tests/peers/ws_table" 127.0.0.1 "$port" -e "$1"
    [ "$status" -eq 0 ] || fail "$output"
}
client() { # NAME CASE: in the background. Sets $pid
    start "$1" "$ROOT/tests/peers/ws_table" 127.0.0.1 "$port" -e "$2"
}
said() { wait_line "$T/server.out" "$1" || fail "ws_chat does not say '$1':" "$(tail -n 30 "$T/server.out")"; }
is_well() { # it serves a newcomer, who is told of nobody else's end
    run timeout 30 "$ROOT/tests/peers/ws_table" 127.0.0.1 "$port" -e 'a> ping "well?" a< pong "well?"'
    [ "$status" -eq 0 ] || fail "the server does not serve: $output"
}

# ---- arguments

@test "bad input: one line on stderr that says what and why, exit status 2" {
    refused 2 "unrecognized option '--nosuch'" --nosuch
    refused 2 "invalid option -- 'z'" -z
    refused 2 "'8000' is too much" 7000 8000
    refused 2 "port '0x50': not a decimal number" 0x50
    refused 2 "port '65536': too large" 65536
    refused 2 "port '': empty" ''
    refused 2 "--clients '0': too small" --clients 0 0
    refused 2 "--message 'much': not a decimal number" --message much 0
    refused 2 "--headers '100': too small" --headers 100 0
    refused 2 "--queue '1': too small" --queue 1 0
    refused 2 "--slow 'wait': there are evict, drop and block" --slow wait 0
    refused 2 "--ping '1,5': not a" --ping 1,5 0
    refused 2 "--header-timeout '-1': not a" --header-timeout -1 0
    refused 2 "--close-timeout 'soon': not a" --close-timeout soon 0
    refused 2 "--origin 'example.org': an origin is" --origin example.org 0
    refused 2 "--origin 'http://': an origin is" --origin http:// 0
    refused 2 "--origin 'http://example.org/': an origin is" --origin http://example.org/ 0
    local many=()
    for i in $(seq 17); do
        many+=(--origin "http://host$i")
    done
    refused 2 "--origin 'http://host17': that is more than 16" "${many[@]}" 0
}

@test "the world refuses: one line on stderr that says what and why, exit status 1" {
    server -q
    refused 1 "bind 127\.0\.0\.1 port $port: Address already in use \(another server listens there" -q "$port"
    refused 1 'bind 192\.0\.2\.1 port 0: Cannot assign requested address \(no address of this machine\)' -q -b 192.0.2.1 0
    refused 1 "host 'nosuch\.invalid': " -q -b nosuch.invalid 0
    refused 1 "configuration $T/nosuch: No such file" -c "$T/nosuch" 0
    refused 1 "configuration $T: Is a directory" -c "$T" 0
    assert_equal "$(rows_at "$port" LISTEN | wc -l)" 1 'listeners on the port'
}

@test "help and version: on stdout, exit status 0; the man page has every option" {
    run --separate-stderr "$BIN/ws_chat" --help
    assert_equal "$status:$stderr" 0:
    assert_match "$output" '^usage: ws_chat \[options\] \[PORT\]'
    for option in bind config origin clients message headers queue slow header-timeout ping close-timeout quiet; do
        assert_match "$output" "--$option" '--help'
        grep -q "Fl $option" "$ROOT/ws_chat/ws_chat.1" || fail "the man page has no --$option"
    done
    run --separate-stderr "$BIN/ws_chat" --version
    assert_equal "$status:$stderr" 0:
    assert_match "$output" '^ws_chat \(netstep\) [0-9]'
}

# ---- the configuration

config() { printf '%s\n' "$@" >"$T/chat.conf"; }

@test "the configuration: its words count, and the command line counts more" {
    config '# the room' '' 'port = 0' 'bind = 127.0.0.2' ' message=10 ' 'origin = http://friend.example' 'quiet' 'x'
    refused 2 "$T/chat\.conf line 7: 'quiet': WORD = VALUE is wanted" -c "$T/chat.conf"
    config '# the room' '' 'port = 0' $'bind\t=\t127.0.0.2\r' ' message=10 ' 'origin = http://friend.example'
    start_listening server ws_chat -q -c "$T/chat.conf"
    assert_equal "$address" 127.0.0.2
    run "$ROOT/tests/peers/ws_table" 127.0.0.2 "$port" -e 'a> text 11*"x" a< close 1009'
    assert_equal "$status" 0 "$output"
    run "$ROOT/tests/peers/ws_table" 127.0.0.2 "$port" -e 'a> request "Origin: http://friend.example" a< status 101'
    assert_equal "$status" 0 "$output"
    start_listening server ws_chat -q --message 11 -b 127.0.0.1 -c "$T/chat.conf" 0
    assert_equal "$address" 127.0.0.1
    plays 'a> text 11*"x" a< says 11*"x"'
}

@test "the configuration: what is wrong is told with file, line and reason" {
    config 'port = 0' 'colour = blue'
    refused 2 "$T/chat\.conf line 2: colour: there is no such word" -c "$T/chat.conf"
    config 'port = many'
    refused 2 "$T/chat\.conf line 1: port 'many': not a decimal number" -c "$T/chat.conf"
    config '' '' 'slow = never'
    refused 2 "$T/chat\.conf line 3: slow 'never': there are evict, drop and block" -c "$T/chat.conf"
    config 'ping ='
    refused 2 "$T/chat\.conf line 1: ping '': empty" -c "$T/chat.conf"
    printf 'port = 0\0\n' >"$T/chat.conf"
    refused 1 "configuration $T/chat\.conf: it has a zero byte" -c "$T/chat.conf"
    head -c 70000 /dev/zero | tr '\0' '#' >"$T/chat.conf"
    refused 1 "configuration $T/chat\.conf: longer than 65536 bytes" -c "$T/chat.conf"
}

# ---- ready, netstat

@test "ready: the line is exact, and netstat shows LISTEN on that port" {
    server -q
    assert_equal "$(cat "$T/server.out")" "listening on 127.0.0.1:$port" 'all of stdout with --quiet'
    assert_match "$(rows_at "$port" LISTEN)" "^tcp +0 +0 127\.0\.0\.1:$port +0\.0\.0\.0:\* +LISTEN"
    is_well
    assert_equal "$(wc -l <"$T/server.out")" 1 'lines on stdout with --quiet, after a client'
}

@test "IPv6: the room is there too, and the line names the address in brackets" {
    [ -e /proc/net/if_inet6 ] || skip 'no IPv6 here'
    start_listening server ws_chat -b ::1 0
    server_pid=$pid
    assert_equal "$address" '[::1]'
    run perl -MIO::Socket::IP -e '
        my $s = IO::Socket::IP->new(PeerHost => "::1", PeerPort => $ARGV[0]) or die;
        print $s "GET / HTTP/1.1\r\nHost: [::1]:$ARGV[0]\r\n\r\n"; print while <$s>' "$port"
    assert_match "$output" '^HTTP/1.1 200 OK'
    said '^GET / .* 200 .*\[::1\]:[0-9]+ the page'
}

@test "netstat: one ESTABLISHED row before the upgrade, and the same one after" {
    server
    client one "a> raw \"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\" a> hold $T/upgrade a> raw \"Sec-WebSocket-Version: 13\r\n\r\n\" a< status 101 a> hold $T/leave"
    client_pid=$pid
    reached one '^holding'
    shows 1 rows_at ESTABLISHED
    before=$(rows_at "$port" ESTABLISHED)
    : >"$T/upgrade"
    said '^GET /ws .* = 101 +ESTABLISHED +127\.0\.0\.1:[0-9]+ is guest1: the same connection'
    after=$(rows_at "$port" ESTABLISHED)
    assert_equal "$(awk '{ print $4, $5, $6 }' <<<"$after")" "$(awk '{ print $4, $5, $6 }' <<<"$before")" 'the row'
    : >"$T/leave"
    succeeds "$client_pid" one
    said 'guest1 has left: it closes with 1000'
    said '^close\([0-9]+\) += 0 +TIME_WAIT ' # we closed first: RFC 6455, section 7.1.1
    shows 1 rows_at TIME_WAIT
}

# ---- the tables of cases

@test "cases: framing" { table 01-framing.cases; }
@test "cases: pings and pongs" { table 02-ping.cases; }
@test "cases: reserved bits" { table 03-reserved.cases; }
@test "cases: opcodes" { table 04-opcodes.cases; }
@test "cases: fragments" { table 05-fragments.cases; }
@test "cases: UTF-8" { table 06-utf8.cases; }
@test "cases: closing" { table 07-close.cases; }
@test "cases: limits" { table 09-limits.cases; }
@test "cases: the opening handshake" { table 10-opening.cases; }
@test "cases: the room" { table 11-room.cases; }

@test "every table is played here, and together they have 200 cases and more" {
    for file in "$ROOT"/tests/ws_cases/*.cases; do
        grep -q "{ table ${file##*/}; }" "$ROOT/tests/ws_chat.bats" || fail "${file##*/} is not played"
    done
    [ "$(cat "$ROOT"/tests/ws_cases/*.cases | grep -c '^[0-9]')" -ge 200 ]
}

# ---- the page

@test "the page: what is served is the file, and HEAD has its length and no body" {
    server -q
    printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' | timeout 10 "$BIN/tcp_client" -q 127.0.0.1 "$port" >"$T/answer" 3>&-
    sed '1,/^\r$/d' "$T/answer" >"$T/body"
    assert_file "$T/body" "$ROOT/ws_chat/page.html"
    printf 'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n' | timeout 10 "$BIN/tcp_client" -q 127.0.0.1 "$port" >"$T/answer" 3>&-
    assert_match "$(grep -a '^Content-Length' "$T/answer")" ": $(wc -c <"$ROOT/ws_chat/page.html")"
    assert_equal "$(sed '1,/^\r$/d' "$T/answer" | wc -c)" 0 'bytes behind the head'
}

# ---- limits

@test "slow headers: whoever does not send a whole request in time gets 408, however he dribbles" {
    server --header-timeout 0.3
    client idle '> raw "" < status 408'
    idle=$pid
    start dribble /usr/bin/perl -MIO::Socket::INET -e '
        my $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die; $SIG{PIPE} = "IGNORE"; $| = 1;
        $s->syswrite("GET / HTTP/1.1\r\n");
        for (1 .. 200) { $s->syswrite("X") or last; vec(my $r = "", fileno $s, 1) = 1; select($r, undef, undef, 0.05) and last }
        print while <$s>' "$port"
    dribble_pid=$pid
    wait_exit "$dribble_pid" 10
    succeeds "$idle" idle
    assert_match "$(cat "$T/dribble.out")" '^HTTP/1.1 408 Request Timeout'
    wait_for well || fail "$output" # whose request may be too slow as well
}

@test "clients: one more than --clients is answered 503, and has its place when another has left" {
    server --clients 2
    client one "a> hold $T/leave"
    one=$pid
    reached one '^holding' # it is guest1
    client two "a> hold $T/never"
    reached two '^holding'
    plays 'a> request a< status 503'
    : >"$T/leave"
    succeeds "$one" one
    said 'guest1 has left'
    wait_for well || fail "$output"
}
well() {
    run timeout 30 "$ROOT/tests/peers/ws_table" 127.0.0.1 "$port" -e 'a> ping "well?" a< pong "well?"'
    [ "$status" -eq 0 ]
}

twice_holding() { [ "$(grep -c '^holding' "$T/first.out")" -eq 2 ]; }
inside() { grep -l '^holding' "$T"/more?.out | wc -l; }
one_more_inside() { [ "$(inside)" -eq $(($1 + 1)) ]; }

@test "no descriptors left: it is said once, who is here is served, and who waits gets in when one leaves" {
    # shellcheck disable=SC2016 # the inner shell's
    shell server 'ulimit -n 10; exec "$@"' "$BIN/ws_chat" -q 0
    server_pid=$pid
    wait_line "$T/server.out" '^listening on'
    port=$(sed -n 's/^listening on .*://p' "$T/server.out")
    client first "> hold $T/first > ping \"still\" < pong \"still\" > hold $T/leave"
    reached first '^holding'
    started=()
    for i in 1 2 3 4 5 6; do
        client "more$i" "> hold $T/more > ping \"x\" < pong \"x\""
        started+=("$pid")
    done
    wait_line "$T/server.err" '^ws_chat: accept, clients wait in the queue: Too many open files$'
    wait_for has_so_many 7 rows_to "$port" ESTABLISHED # all have come
    : >"$T/first"
    wait_for twice_holding
    before=$(inside)
    [ "$before" -lt 5 ] || fail "$before are inside: too few wait"
    : >"$T/leave"
    wait_for one_more_inside "$before" # and others still wait: that is said already
    : >"$T/more"
    for i in 1 2 3 4 5 6; do
        succeeds "${started[i - 1]}" "more$i" 20
    done
    assert_equal "$(wc -l <"$T/server.err")" 1 'lines on stderr'
}

@test "silence: a Ping asks, an answer keeps the connection, none ends it" {
    server --ping 1
    client answers "< ping \"\" > pong \"\" < ping \"\" > pong \"\" < ping \"\" > pong \"\" > hold $T/go"
    client silent '< ping "" < eof'
    silent=$pid
    succeeds "$silent" silent
    said 'guest[12] has left: no answer to our Ping'
    reached answers '^holding'
}

# ---- slow readers

# A client that enters and then reads nothing, with a small receive buffer, until $T/read exists. Then it prints what came.
slow_reader() {
    start slow /usr/bin/perl -MSocket -MTime::HiRes=sleep -e '
        my ($port, $go) = @ARGV; $| = 1;
        socket my $s, PF_INET, SOCK_STREAM, 0 or die; setsockopt $s, SOL_SOCKET, SO_RCVBUF, pack "i", 4096;
        connect $s, pack_sockaddr_in($port, INADDR_LOOPBACK) or die "connect: $!";
        syswrite $s, "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            . "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        my $in = ""; sysread $s, $in, 1024, length $in while $in !~ /\/leave/;
        print "in\n"; sleep 0.02 until -e $go;
        my ($all, $got) = ("", 0); do { $got = sysread $s, $all, 65536, length $all; } while $got && $all !~ /enough|\x03\xf0you read too slowly/;
        print "read ", length $all, "\n"; print "told: $1\n" while $all =~ /(\* you missed \d+ messages|you read too slowly)/g;
        print "said: ", scalar(() = $all =~ /: x{60000}/g), "\n"; print defined $got ? "end\n" : "reset\n"; sleep 60' "$port" "$T/read"
    slow_pid=$pid
    reached slow '^in'
}

flood='> text 60000*"x" < says 60000*"x"'
flooded() { # N: a client that says N long messages and hears each of them
    local steps='> enter'
    for _ in $(seq "$1"); do
        steps+=" $flood"
    done
    start flood /usr/bin/env NETSTEP_TIMEOUT_SCALE=10 "$ROOT/tests/peers/ws_table" 127.0.0.1 "$port" -e "$steps > ping \"through\" < pong \"through\""
    flood_pid=$pid
}

@test "a slow reader is evicted: the others go on, it is told why, and so are we" {
    server --close-timeout 60
    slow_reader
    flooded 100 # the newcomer hears each of its messages, though the other does not
    succeeds "$flood_pid" flood 30
    said 'guest1 has left: we close with 1008, you read too slowly: [0-9]+ bytes wait for you'
    : >"$T/read"
    reached slow '^told: you read too slowly'
}

@test "a slow reader with --slow drop: it misses messages, is told how many, and stays" {
    server --slow drop --queue 100000
    slow_reader
    flooded 100
    succeeds "$flood_pid" flood 30
    : >"$T/read"
    said 'guest1 missed [0-9]+ messages: it reads too slowly'
    reached slow '^in'
    plays 'a> enter a> text "enough" a< says "enough"'
    reached slow '^said: '
    missed=$(awk '/^told: \* you missed/ { sum += $5 } END { print sum + 0 }' "$T/slow.out")
    heard=$(sed -n 's/^said: //p' "$T/slow.out")
    [ "$missed" -ge 10 ] && [ "$heard" -ge 1 ]
    assert_equal "$((missed + heard))" 100 'messages missed and heard'
}

@test "a slow reader with --slow block: everybody waits, until it reads; nothing is lost" {
    server --slow block --queue 100000
    slow_reader
    flooded 100
    wait_for -t 30 everybody_waits || fail "not still: $output" "$(cat "$T/flood.out")" "$(tail -n 5 "$T/server.out" "$T/server.err")"
    running "$flood_pid"
    : >"$T/read"
    succeeds "$flood_pid" flood 30
    plays 'a> enter a> text "enough" a< says "enough"'
    reached slow '^said: '
    assert_match "$(cat "$T/slow.out")" 'said: 100'
}
# A newcomer is not served: its handshake is the kernel's, its request stays unread.
everybody_waits() {
    blocked "$server_pid" || return
    run env NETSTEP_TIMEOUT_SCALE=0.02 "$ROOT/tests/peers/ws_table" 127.0.0.1 "$port" -e '> enter'
    [[ $output == *'nothing came'* ]]
}

@test "a slow reader is in nobody's way, and its messages are in memory once" {
    ! grep -q __asan_init "$BIN/ws_chat" || skip 'the sanitizer keeps what was freed'
    server -q --queue 2000000
    start deaf "$ROOT/tests/peers/ws_crowd" 127.0.0.1 "$port" 100 deaf "$T/never"
    reached deaf '^holding'
    before=$(field "$server_pid" VmRSS)
    flooded 60
    succeeds "$flood_pid" flood 60
    after=$(field "$server_pid" VmRSS)
    # What 100 queues hold, at least 1,000,000 bytes each that the kernel did not take, would be 100 MB.
    [ $((after - before)) -lt 10000 ] || fail "$before KB before, $after KB after"
}

# ---- ends

@test "SIGTERM and SIGINT: everybody is told 1001, the port is free, exit status 0 within 2 s, also with who never answers" {
    for signal in TERM INT; do
        rm -f "$T/leave"
        server
        client polite "> hold $T/leave < close 1001 \"the server ends\""
        polite=$pid
        reached polite '^holding'
        slow_reader
        start half "$ROOT/tests/peers/ws_table" 127.0.0.1 "$port" -e "> raw \"GET / HTTP\" > hold $T/leave < eof"
        half=$pid
        reached half '^holding'
        wait_for blocked "$server_pid" # what it has not read yet would turn its close into a reset
        kill -s "$signal" "$server_pid"
        : >"$T/leave"
        wait_exit "$server_pid" 2 || fail 'it still runs'
        assert_equal "$status" 0 "exit status after SIG$signal"
        succeeds "$polite" polite
        succeeds "$half" half
        said "^ended by SIG$signal$"
        assert_empty "$T/server.err"
        start again ws_chat -q "$port"
        wait_line "$T/again.out" "^listening on .*:$port$" 2 || fail 'the port is not free' "$(cat "$T/again.err")"
        stop_process "$pid"
        stop_process "$slow_pid"
    done
}

@test "SIGTERM while --slow block waits: it ends all the same" {
    server --slow block --queue 100000
    slow_reader
    flooded 100
    wait_for -t 30 everybody_waits
    stop_process "$server_pid" TERM 2 || fail 'it still runs'
    assert_equal "$status" 0 'exit status'
}

@test "clients that reset or are killed in every phase: the others are told, and nothing of them is left" {
    server
    client witness "> hold $T/go"
    reached witness '^holding'
    for phase in '> raw ""' '> raw "GET /ws"' '> enter' '> bytes hex:81' '> claim=100 text "half"' '> -fin text "a"' \
        '> raw "GET / HTTP/1.1\r\nHost: x\r\n\r\n"' '> close 1000 ""' '> text "/leave"' '> op3 "x"' '> text 60000*"x"'; do
        plays "$phase > reset"
        rm -f "$T/killed.out"
        start killed "$ROOT/tests/peers/ws_table" 127.0.0.1 "$port" -e "$phase > hold $T/never"
        reached killed '^holding'
        stop_process "$pid" KILL
    done
    plays 'a> text "/who" a> ping "x"' || true
    wait_for only_two || fail 'descriptors are left:' "$(ls -l "/proc/$server_pid/fd")" "$(netstat_rows "$port")"
    wait_for all_but_one_left || fail "$(grep -c ' 101 ' "$T/server.out") came, $(grep -c ' has left: ' "$T/server.out") left"
    is_well
    assert_empty "$T/server.err"
}
all_but_one_left() { [ "$(grep -c ' has left: ' "$T/server.out")" -eq "$(($(grep -c ' 101 ' "$T/server.out") - 1))" ]; }
only_two() { [ "$(rows_at "$port" | grep -cE 'ESTABLISHED|CLOSE_WAIT|FIN_WAIT')" -eq 1 ]; }
