#!/usr/bin/env bats
# ws_chat --connect, the client in a terminal, and --trace: beside our server, and beside servers that lie.

# helper.bash sets pid, port and status; each test is a subshell.
# shellcheck disable=SC2154,SC2030,SC2031

load helper

setup() {
    setup_started
    mkfifo "$T/hold"
    # shellcheck disable=SC2034
    exec {hold}<>"$T/hold" # an input that says nothing and does not end
}

room() { # [ARG]...
    start_listening room ws_chat -q "$@" 0
    room_pid=$pid
}

# A server that plays these steps (tests/peers/ws_liar).
liar() { # STEP...
    start_listening liar "$ROOT/tests/peers/ws_liar" "$@"
    liar_pid=$pid
}

liar_is_content() {
    wait_exit "$liar_pid" 20 || fail 'the server still waits' "$(cat "$T/liar.out")"
    assert_equal "$status" 0 'exit status of the server' || fail "$(cat "$T/liar.out" "$T/liar.err")"
}

# NAME's input is what `say NAME TEXT` writes, until `hush NAME`.
client() { # NAME [ARG]...
    local name=$1 fd
    shift
    mkfifo "$T/$name.in"
    STDIN=$T/$name.in start "$name" ws_chat --connect "ws://127.0.0.1:$port/ws" "$@"
    printf -v "pid_$name" '%s' "$pid"
    exec {fd}>"$T/$name.in"
    printf -v "in_$name" '%s' "$fd"
    wait_line "$T/$name.out" '^\* you are '
}
say() { local fd="in_$1"; printf '%b\n' "$2" >&"${!fd}"; }
hush() { local fd="in_$1"; exec {fd}>&-; eval "exec ${!fd}>&-"; }
ends_with() { # NAME STATUS
    local id="pid_$1"
    wait_exit "${!id}" 15 || fail "$1 still runs" "$(tail -n 5 "$T/$1.err")"
    assert_equal "$status" "$2" "exit status of $1" || fail "$(cat "$T/$1.err")"
}

# The client alone, against what plays on $port: STATUS and the one line that it has to say on stderr with -q.
told() { # STATUS REGEX
    run_for 30 alone ws_chat --connect "ws://127.0.0.1:$port/ws" -q
    assert_equal "$status" "$1" 'exit status' || fail "$(cat "$T/alone.err")"
    assert_equal "$(wc -l <"$T/alone.err")" 1 'lines on stderr' || fail "$(cat "$T/alone.err")"
    assert_match "$(cat "$T/alone.err")" "^ws_chat: .*$2"
}

@test "two clients talk; stdout has what was said alone; netstat: the connection stays the same one" {
    room
    client one
    rows=$(rows_to "$port" ESTABLISHED | awk '{ print $4, $5 }')
    client two -q
    say one 'hello, wörld ☃'
    wait_line "$T/two.out" '^guest1: hello, wörld ☃$'
    say two '/msg guest1 psst'
    wait_line "$T/one.out" '^guest2 \(to you\): psst$'
    rows_to "$port" ESTABLISHED | grep -q "${rows% *} .*ESTABLISHED" || fail "the row of $rows is gone"
    hush two
    ends_with two 0
    wait_line "$T/one.out" '^\* guest2 has left'
    assert_empty "$T/two.err" 'stderr with -q'
    hush one
    ends_with one 0
    grep -q '^connected to 127.0.0.1:' "$T/one.err" || fail 'no narration'
    ! grep -qE 'connected|101|close' "$T/one.out" || fail "narration on stdout: $(cat "$T/one.out")"
}

@test "the last line needs no newline; empty lines and such that are not UTF-8 are not sent; CR is taken off" {
    liar upgrade 'expect text first' 'expect text wörld' 'expect text last' 'expect close \x03\xe8' 'frame 88 \x03\xe8' 'close'
    printf 'first\r\n\n\r\nb\xffd\nwörld\nlast' >"$T/lines"
    STDIN=$T/lines run_for 20 alone ws_chat --connect "ws://127.0.0.1:$port/ws" -q
    assert_equal "$status" 0 'exit status'
    assert_equal "$(cat "$T/alone.err")" 'ws_chat: a line that is not UTF-8 is not sent'
    liar_is_content
}

@test "lengths of 7 and 16 bits go out in their shortest form; a very long line goes in parts, whole characters each" {
    local n
    for n in 125 126 16000; do head -c "$n" /dev/zero | tr '\0' x; echo; done >"$T/lines"
    for _ in $(seq 6000); do printf '☃☃'; done >>"$T/lines"
    x() { head -c "$1" /dev/zero | tr '\0' x; }
    snow() { printf '☃%.0s' $(seq "$1"); }
    liar upgrade "expect text $(x 125)" "expect text $(x 126)" "expect text $(x 16000)" "expect text $(snow 5461)" "expect text $(snow 5461)" \
        "expect text $(snow 1078)" 'expect close \x03\xe8' 'frame 88 \x03\xe8' 'close'
    STDIN=$T/lines run_for 20 alone ws_chat --connect "ws://127.0.0.1:$port/ws" -q
    assert_equal "$status" 0 'exit status' || fail "$(cat "$T/alone.err")"
    liar_is_content
}

@test "each frame has a mask of its own" {
    liar upgrade 'expect text one' 'expect text one' 'expect text one' 'expect close \x03\xe8' 'frame 88 \x03\xe8' 'close'
    printf 'one\none\none\n' >"$T/lines"
    STDIN=$T/lines run_for 20 alone ws_chat --connect "ws://127.0.0.1:$port/ws" -q
    liar_is_content
    assert_equal "$(grep -o 'mask .*' "$T/liar.out" | sort -u | wc -l)" 4 'masks'
}

@test "the request: path and query, Host with its port, a key of 16 bytes" {
    liar read-request close
    run_for 20 alone ws_chat --connect "ws://127.0.0.1:$port/a/ws?room=1" -q
    assert_equal "$status" 1 'exit status'
    liar_is_content
    grep -qx 'GET /a/ws?room=1 HTTP/1.1' "$T/liar.out" || fail "$(cat "$T/liar.out")"
    grep -qx "Host: 127.0.0.1:$port" "$T/liar.out"
    grep -qx 'Sec-WebSocket-Version: 13' "$T/liar.out"
    assert_equal "$(sed -n 's/^Sec-WebSocket-Key: //p' "$T/liar.out" | base64 -d | wc -c)" 16 'bytes of the key'
}

@test "ping is answered with its payload, also between fragments, which are joined; text in pieces" {
    liar upgrade 'frame 01 frag' 'frame 89 are you there?' 'expect pong are you there?' 'frame 00 men' 'frame 80 ted' \
        'raw \x81\x04s' 'raw low' 'frame 8a unasked' 'frame 82 \0\x01\x02' 'frame 88 \x03\xe8bye' 'expect close \x03\xe8' fin eof
    STDIN=$T/hold run_for 20 alone ws_chat --connect "ws://127.0.0.1:$port/ws"
    assert_equal "$status" 0 'exit status' || fail "$(cat "$T/alone.err")"
    assert_equal "$(cat "$T/alone.out")" $'fragmented\nslow'
    grep -q 'a binary message of 3 bytes' "$T/alone.err"
    grep -q 'the server closes: 1000 bye' "$T/alone.err"
    liar_is_content
}

@test "control characters and such that turn the direction are made harmless, and a message stays one line" {
    liar upgrade 'message \x1b]0;owned\x07\x1b[2Jred\r\nguest9: forged\x7f' 'message \xe2\x80\xaegnp.exe \xc2\x9b' 'frame 88 \x03\xe8' 'expect close \x03\xe8' close
    STDIN=$T/hold run_for 20 alone ws_chat --connect "ws://127.0.0.1:$port/ws" -q
    assert_equal "$(wc -l <"$T/alone.out")" 2 'lines'
    run ! grep -aqP '[\x00-\x09\x0b-\x1f\x7f]|\xe2\x80\xae|\xc2\x9b' "$T/alone.out"
    grep -q 'red.*guest9: forged' "$T/alone.out"
}

# ---- servers that lie: one line, exit status 1

@test "an answer that is not 101, without its fields, with a wrong accept key, with an extension: one line" {
    local answer='Upgrade: websocket\r\nConnection: Upgrade\r\n'
    refused 'HTTP/1.1 404 Not Found\r\n\r\n' 'not 101 Switching Protocols, but 404'
    refused 'HTTP/1.1 200 OK\r\n'"$answer"'Sec-WebSocket-Accept: ACCEPT\r\n\r\n' 'not 101'
    refused 'HTTP/1.1 101 x\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\n' '101 without Upgrade'
    refused 'HTTP/1.1 101 x\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\n' '101 without Upgrade'
    refused "HTTP/1.1 101 x\r\n$answer\r\n" 'without a Sec-WebSocket-Accept'
    refused "HTTP/1.1 101 x\r\n${answer}Sec-WebSocket-Accept: KEY\r\n\r\n" 'has not read our key'
    refused "HTTP/1.1 101 x\r\n${answer}Sec-WebSocket-Accept: ACCEPT\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\n" 'Accept'
    refused "HTTP/1.1 101 x\r\n${answer}Sec-WebSocket-Accept: ACCEPT\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n" 'did not ask for'
    refused "HTTP/1.1 101 x\r\n${answer}Sec-WebSocket-Accept: ACCEPT\r\nSec-WebSocket-Protocol: chat\r\n\r\n" 'did not ask for'
    refused 'SSH-2.0-OpenSSH_9.2\r\n\r\n' 'it is not HTTP'
    refused '\x1b[2J\0\x01\r\n\r\n' 'it is not HTTP'
    refused 'HTTP/1.1 101 x\r\nUpgr' 'ended before it was complete'
    refused '' 'ended before it was complete'
}
refused() { # ANSWER REGEX
    liar read-request "raw $1" fin eof
    told 1 "the server's answer to the upgrade: .*$2"
    run ! grep -qP '\x1b' "$T/alone.err"
    liar_is_content
}

@test "an answer without end is not read for ever" {
    liar read-request 'raw HTTP/1.1 101 x\r\n' "raw $(printf 'X-Line: %0900d' 1)" "$(printf 'raw %016000d' 1)" eof
    told 1 'its head has no end'
}

@test "frames against the rules: masked, reserved bits and opcodes, long control frames, wrong lengths: one line, and Close says why" {
    breaks 'masked hello' 'a server.s frame with a mask \(1002\)'
    breaks 'frame c1 hello' 'a reserved bit .*1002'
    breaks 'frame 83 hello' 'opcode .*1002'
    breaks 'frame 09 hello' 'control frame in fragments .*1002'
    breaks 'raw \x89\x7e\0\x80' 'control frame of more than 125 bytes .*1002'
    breaks 'raw \x81\x7e\0\x05hello' 'shorter form .*1002'
    breaks 'raw \x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff' '1002'
    breaks 'frame 80 hello' 'continuation of nothing .*1002'
    breaks 'raw \x01\x01a\x81\x01b' 'within the fragments .*1002'
    breaks 'raw \x81\x02\xc3\x28' '1007'
    breaks 'frame 88 x' 'half a code .*1002'
    breaks 'frame 88 \x03\xed' 'must not be sent .*1002'
}
breaks() { # STEP REGEX
    liar upgrade "$1" eof
    STDIN=$T/hold told 1 "the server breaks the protocol: .*$2"
    liar_is_content
}

@test "a frame or a message without end: the limit, one line, and no memory" {
    liar upgrade endless
    STDIN=$T/hold told 1 'too long \(1009\)'
    liar upgrade 'frame 01 begun' 'flood 00'
    STDIN=$T/hold told 1 'too long \(1009\)'
}

@test "a server that floods with pings and reads nothing does not fill our memory" {
    liar upgrade 'flood 89'
    STDIN=$T/hold start alone ws_chat --connect "ws://127.0.0.1:$port/ws" -q
    local client_pid=$pid
    # Its answers are stuck: it goes on reading, and leaves them out.
    wait_for -t 20 read_megabytes "$client_pid" 40 # so many pongs no kernel keeps
    local kilobytes
    kilobytes=$(awk '/^VmRSS/ { print $2 }' "/proc/$client_pid/status")
    # The sanitizer keeps what was freed: with it only the end is looked at.
    grep -q __asan_init "$BIN/ws_chat" || [ "$kilobytes" -lt 40000 ] || fail "it has $kilobytes KiB"
    stop_process "$client_pid"
    assert_equal "$status" 143 'exit status'
}
read_megabytes() { [ "$(awk '/^rchar/ { print int($2 / 1000000) }' "/proc/$1/io")" -ge "$2" ]; }

@test "the connection ends: without a Close frame, by a reset, with a code that is not 1000" {
    liar upgrade close
    STDIN=$T/hold told 1 'ended without a Close frame'
    liar upgrade reset
    STDIN=$T/hold told 1 'Connection reset by peer'
    liar upgrade 'frame 88 \x03\xe9going' 'expect close \x03\xe9' close
    STDIN=$T/hold told 1 'the server closes: 1001 going'
    liar_is_content
    liar upgrade 'frame 88 ' 'expect close' close
    STDIN=$T/hold run_for 20 alone ws_chat --connect "ws://127.0.0.1:$port/ws" -q
    assert_equal "$status" 0 'exit status after a Close frame without a code'
}

@test "a server that never answers our Close, or never closes: five seconds, and an end" {
    liar upgrade 'expect close \x03\xe8' "await $T/never"
    told 1 'does not answer our Close frame'
    stop_process "$liar_pid" KILL
    liar upgrade 'expect close \x03\xe8' 'frame 88 \x03\xe8' eof
    run_for 20 alone ws_chat --connect "ws://127.0.0.1:$port/ws"
    assert_equal "$status" 0 'exit status'
    grep -q 'leaves the connection open: we end it' "$T/alone.err"
    liar_is_content
}

@test "SIGINT and SIGTERM: the server is told (1001), and the client dies of the signal" {
    local signal
    for signal in INT TERM; do
        liar upgrade 'message come in' 'expect close \x03\xe9' eof
        STDIN=$T/hold start alone ws_chat --connect "ws://127.0.0.1:$port/ws" -q
        wait_line "$T/alone.out" 'come in'
        stop_process "$pid" "$signal"
        assert_equal "$status" $((128 + $(kill -l "$signal"))) 'exit status'
        liar_is_content
    done
}

@test "a signal also ends it while it waits for the answer to the upgrade" {
    liar "await $T/never"
    start alone ws_chat --connect "ws://127.0.0.1:$port/ws" -q
    wait_for has_state "$port" ESTABLISHED
    stop_process "$pid"
    assert_equal "$status" 143 'exit status'
    assert_empty "$T/alone.err" 'stderr'
}

@test "nobody listens: one line, exit status 1; stdout that can't be written: the same" {
    port=$(free_port)
    told 1 "connect 127.0.0.1 port $port: Connection refused"
    liar upgrade 'message hello' eof
    STDIN=$T/hold start alone "$BASH" -c "exec '$BIN/ws_chat' --connect ws://127.0.0.1:$port/ws -q >/dev/full"
    wait_exit "$pid"
    assert_equal "$status $(cat "$T/alone.err")" '1 ws_chat: write standard output: No space left on device'
}

@test "IPv6 in brackets; a name" {
    ip -6 addr show dev lo 2>/dev/null | grep -q '::1' || skip 'no IPv6 on loopback'
    start_listening room ws_chat -q -b ::1 0
    run_for 10 alone ws_chat --connect "ws://[::1]:$port/ws"
    assert_equal "$status" 0 'exit status' || fail "$(cat "$T/alone.err")"
    grep -q "^connected to \[::1\]:$port, from \[::1\]:" "$T/alone.err"
}

@test "URLs that can't be used: one line that says why, exit status 2" {
    local url
    for url in '' http://127.0.0.1/ws wss://127.0.0.1/ws ws:// ws:///ws ws://:80/ws ws://h:0/ws ws://h:70000/ws ws://h:8x/ws 'ws://h/w s' \
        $'ws://h/\r\nX: y' ws://h/ws#top 'ws://[::1/ws' 'ws://[::1]x/ws' ws://u@h/ws 'ws://h/wörld' "ws://h/$(printf '%02000d' 0)" \
        "ws://$(printf '%0300d' 0)/ws"; do
        run_for 5 alone ws_chat --connect "$url"
        assert_equal "$status" 2 "exit status of --connect ${url:0:60}"
        assert_equal "$(wc -l <"$T/alone.err")" 1 'lines on stderr'
    done
    run_for 5 alone ws_chat --connect wss://h/ws
    assert_match "$(cat "$T/alone.err")" "^ws_chat: --connect 'wss://h/ws': .*TLS"
    run_for 5 alone ws_chat --connect ws://127.0.0.1:1/ws 7000
    assert_equal "$status" 2 'exit status of --connect with a PORT'
}

# ---- --trace

@test "--trace: both ends show each frame as it is on the wire: way, FIN, opcode, mask, length, payload" {
    room --trace
    client one --trace
    say one 'hello'
    wait_line "$T/one.out" '^guest1: hello$'
    hush one
    ends_with one 0
    grep -q '^client ──▶ server  GET /ws HTTP/1.1$' "$T/one.err"
    grep -q '^client ◀── server  HTTP/1.1 101 Switching Protocols$' "$T/one.err"
    grep -Eq '^client ──▶ server  FIN  text   0x1  mask [0-9a-f]{8}      5 bytes  "hello"$' "$T/one.err"
    grep -Eq '^client ◀── server  FIN  text   0x1  no mask           13 bytes  "guest1: hello"$' "$T/one.err"
    grep -Eq '^client ──▶ server  FIN  close  0x8  mask [0-9a-f]{8}      2 bytes  code 1000$' "$T/one.err"
    stop_process "$room_pid"
    # The server's lines are the same ones, with the client's address.
    diff <(grep -E 'server  (FIN|-)' "$T/one.err" | sort) <(sed -n 's/^127.0.0.1:[0-9]* /client /p' "$T/room.out" | sort) ||
        fail 'the two ends saw different frames'
}

@test "--trace: fragments, long payloads cut at a whole character, what is no frame" {
    liar upgrade 'frame 01 one' 'frame 80 two' "frame 81 $(printf '☃%.0s' {1..50})" 'frame 82 \0\x1b\xff' 'frame c1 bad' eof
    STDIN=$T/hold run_for 20 alone ws_chat --connect "ws://127.0.0.1:$port/ws" --trace
    assert_equal "$status" 1 'exit status'
    grep -q '^client ◀── server  -    text   0x1  no mask            3 bytes  "one"$' "$T/alone.err" || fail "$(cat "$T/alone.err")"
    grep -q '^client ◀── server  FIN  more   0x0  no mask            3 bytes  "two"$' "$T/alone.err"
    grep -q '^client ◀── server  FIN  text   0x1  no mask          150 bytes  "☃☃☃☃☃☃☃☃☃☃☃☃☃"\.\.\.$' "$T/alone.err"
    grep -q '^client ◀── server  FIN  binary 0x2  no mask            3 bytes  "???"$' "$T/alone.err"
    grep -q '^client ◀── server  no frame: a reserved bit is set' "$T/alone.err"
}
