#!/usr/bin/env bats
# The unit tests: each binary of build/tests/unit tells which check failed. `make check` builds them.

# bats sets output and status; helper.bash reads born.
# shellcheck disable=SC2154,SC2034

load helper

unit() {
    local program=$ROOT/build/tests/unit/$1
    [ -x "$program" ] || fail "$1 is not built: make build/tests/unit/$1" || return
    run timeout 60 "$program"
    assert_equal "$status" 0 "exit status of $1" || fail "$output"
}

@test "numbers: ranges, and what is no number" { unit number_test; }
@test "addresses: looked up, and as text" { unit address_test; }
@test "the socket table: both sources, filters, single rows" { unit socket_table_test; }
@test "transitions: the arrows of RFC 9293, figure 5, and how a change is named" { unit transitions_test; }
@test "a file that gets its name when it is whole" { unit store_test; }
@test "JSON strings" { unit json_test; }
@test "connections, a bad network, rows" { unit wire_test; }
@test "views that write files" { unit views_test; }
@test "frames taken apart, and told in a few words" { unit packet_test; }
@test "a pool of connections: reuse, time-outs, dead connections, errors, the end" { unit pool_test; }
@test "a pool and many threads: served in order, nothing lost" { unit pool_threads_test; }
@test "SHA-1 by the vectors of RFC 3174" { unit sha1_test; }
@test "base64 by the vectors of RFC 4648" { unit base64_test; }
@test "UTF-8: every character, and what is none" { unit utf8_test; }
@test "frames and messages of WebSocket, in pieces" { unit frame_test; }
@test "heads of HTTP, and the answer to a key" { unit http_test; }

@test "every test in tests/unit is run here" {
    for source in "$ROOT"/tests/unit/*_test.c; do
        name=$(basename "$source" .c)
        grep -q "{ unit $name; }" "$ROOT/tests/units.bats" || fail "$name is not in units.bats"
    done
}

@test "helper.bash: a connection that netstat shows twice is taken as the later row shows it; sockets that listen are several" {
    netstat() {
        echo 'tcp        0      0 127.0.0.1:7000          0.0.0.0:*               LISTEN'
        echo 'tcp        0      0 127.0.0.1:7000          0.0.0.0:*               LISTEN'
        echo 'tcp        0      0 127.0.0.1:46686         127.0.0.1:7000          ESTABLISHED'
        echo 'tcp        0      0 127.0.0.1:46688         127.0.0.1:7000          ESTABLISHED'
        echo 'tcp     6144      0 127.0.0.1:46686         127.0.0.1:7000          FIN_WAIT2'
    }
    assert_equal "$(rows_at 7000 | wc -l)" 2 'rows of the port'
    assert_equal "$(rows_to 7000 | awk '{ print $4, $2, $6 }')" $'127.0.0.1:46686 6144 FIN_WAIT2\n127.0.0.1:46688 0 ESTABLISHED'
    assert_equal "$(rows_to 7000 ESTABLISHED | awk '{ print $4 }')" 127.0.0.1:46688
    assert_equal "$(netstat_rows 7000 | wc -l)" 4 'rows at either end'
}

@test "marked: a session is somebody else's if its number has been given away since" {
    start sleeper "$(command -v sleep)" 600
    wait_for leads_a_session "$pid"
    assert_equal "$("$TOOLS/marked" "$pid:$birth")" "$pid" 'of its birth'
    assert_equal "$("$TOOLS/marked" "$pid:$((birth + 1))")" '' 'of another birth'
    running "$pid"
    born[$pid]=$((birth + 1))
    run ! running "$pid"
    unset "born[$pid]"
    running "$pid"
}
leads_a_session() { [ -n "$("$TOOLS/marked" "$1")" ]; }

@test "keep_port: a port with its two bytes swapped is another one, which an ordinary user may bind" {
    nobody=2147483647 # keep_port keeps its port as long as the process lives that it is told
    for ((draw = 0; draw < 400; draw++)); do
        port=$("$TOOLS/keep_port" tcp "$nobody")
        swapped=$(((port & 255) << 8 | port >> 8))
        [ "$swapped" -ge 1024 ] && [ "$swapped" -ne "$port" ] || fail "port $port, swapped $swapped"
    done
}
