#!/usr/bin/env bats
# The views of the wire that write files, read by programs that know nothing of it: a story of 15 packets as JSON, as a
# capture file and as a figure. What C alone can see is in tests/unit/views_test.c.

# shellcheck disable=SC2154 # bats sets output and status

load helper

setup() {
    setup_started
    local program=$ROOT/build/tests/unit/views_test
    [ -x "$program" ] || skip "views_test is not built: make build/tests/unit/views_test"
    "$program" "$T" || fail "the story could not be told"
}

needs() {
    command -v "$1" >/dev/null || skip "$1 is not installed"
}

capture() { tshark -r "$T/$1.pcapng" "${@:2}" 2>/dev/null; }

@test "JSON: each line is an object, none says null, and the story can be read from them" {
    needs python3
    python3 - "$T/story.json" <<'PYTHON'
import json, sys

def refuse(constant):
    raise ValueError(constant)

lines = open(sys.argv[1], encoding="utf-8", newline="").read().split("\n")
assert lines.pop() == "", "the last line has no end"
events = [json.loads(line, parse_constant=refuse) for line in lines]

def check(value):
    assert value is not None, "null"
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        check(inner)

for event in events:
    check(event)
assert [event["time"] for event in events] == sorted(event["time"] for event in events)
kinds = {event["event"] for event in events}
assert kinds == {"begin", "run", "output", "exit", "came", "again", "delivered", "dropped", "state", "note", "failed",
                 "end"}, kinds
syn = next(event for event in events if event["event"] == "delivered")
assert (syn["packet"], syn["from"], syn["to"], syn["flags"], syn["seq"]) == (1, "client", "server", ["SYN"], 0), syn
assert "ack" not in syn and syn["options"] == {"mss": 1460}, syn
assert syn["before"] == {"client": "SYN_SENT", "server": "LISTEN"}, syn
assert syn["states"] == {"client": "SYN_SENT", "server": "SYN_RECV"}, syn
twice = [event["packet"] for event in events if event["event"] == "delivered" and event["duplicate"]]
assert twice == [5], twice
repeats = {event["packet"]: event["repeat_of"] for event in events if "repeat_of" in event}
assert repeats == {8: 4}, repeats
PYTHON
}

@test "SVG: well-formed, for screen readers too, and nothing in it is run" {
    if command -v xmllint >/dev/null; then
        xmllint --noout --nonet "$T/story.svg"
    else
        needs python3
        python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$T/story.svg"
    fi
    grep -q 'role="img"' "$T/story.svg"
    grep -q '<title>Lost, late and twice' "$T/story.svg"
    grep -q '^Packet 4 is dropped. lost by the network$' "$T/story.svg"
    run ! grep -Eqi '<script|<image|<use|<style|href=|url\(|onload' "$T/story.svg"
    [ "$(grep -c 'stroke-dasharray' "$T/story.svg")" -eq 2 ] || fail "packet 5 comes twice, packet 2 is sent again"
}

@test "SVG: what a script says stands in the figure as a whole" {
    needs_wire
    run_for 30 drawn wire -q --svg "$T/close.svg" "$ROOT/wire/scenarios/02-close.wire"
    assert_equal "$status" 0 'exit status'
    grep -q '<text [^>]*>[^<]*would still take data' "$T/close.svg" || fail "the remark of four lines is not there"
    run ! grep -q '<text [^>]*>[^<]*…<' "$T/close.svg"
}

@test "SVG: what a program prints stands in the figure as a whole, its lines at distances of their own" {
    needs_wire
    run_for 30 drawn wire -q --svg "$T/ports.svg" "$ROOT/wire/scenarios/21-time-wait-keeps-ports.wire"
    assert_equal "$status" 0 'exit status'
    local said
    said=$(sed -n 's/^<text [^>]*font-size="9" text-anchor="end">\(.*\)<.text>$/\1/p' "$T/ports.svg" | tr '\n' ' ')
    assert_match "$said" 'Cannot assign requested address \(no free port left, or this pair of ports is in TIME_WAIT\)'
    run ! grep -q '<text [^>]*>[^<]*…<' "$T/ports.svg"
    sed -n 's/^<text x="178.0" y="\([0-9.]*\)" font-size="9" .*/\1/p' "$T/ports.svg" |
        awk '{ if (NR > 1 && $1 - last < 10) exit 1; last = $1 }' || fail "lines stand upon each other"
}

@test "pcapng: Wireshark reads it, each packet once, and calls no delivery a retransmission" {
    needs tshark
    run --separate-stderr tshark -r "$T/story.pcapng" -q -z expert
    assert_equal "$status" 0 "tshark's exit status" || fail "$stderr"
    assert_equal "$(grep -ciE 'malformed|cut short|warn' <<<"$output")" 0 "complaints" || fail "$output"
    assert_equal "$(capture story -Y tcp | wc -l)" 15 "packets"
    # Two were sent again: packet 4 as 8, and the SYN 14 as 15.
    assert_equal "$(capture story -Y 'tcp.analysis.retransmission || tcp.analysis.out_of_order' | wc -l)" 2 "marked as sent again"
    assert_equal "$(capture story -o tcp.check_checksum:TRUE -Y 'tcp.checksum.status == 0' | wc -l)" 0 "wrong checksums"
    assert_equal "$(capture story -Y 'frame.interface_name == "client" && tcp.flags.syn == 1 && tcp.flags.ack == 0' |
        wc -l)" 3 "SYNs on the client's interface"
}

@test "pcapng: comments and log tell what happened" {
    needs tshark
    capture story -Y 'frame.comment contains "packet 2, from the server; client: SYN_SENT; server: SYN_RECV"' | grep -q 'SYN, ACK'
    capture story -Y systemd_journal >"$T/log"
    grep -q 'packet 1 delivered to the server; server: LISTEN -> SYN_RECV' "$T/log"
    grep -q 'packet 4, from the client, dropped: lost by the network' "$T/log"
    grep -q 'packet 5 delivered to the server once more' "$T/log"
}

@test "pcapng of both sides: the server's alone is what the server saw" {
    needs tshark
    capture both -Y 'frame.interface_name == "server"' -w "$T/server.pcapng"
    capture server -T fields -e tcp.seq -e tcp.len -e tcp.srcport >"$T/seen"
    assert_equal "$(grep -c '' "$T/seen")" 13 "packets that the server sent and got"
    # Of the data: the third segment first, the second twice, the first last.
    assert_equal "$(awk '$2 > 0 { print $1 }' "$T/seen" | xargs)" "9 5 5 1" "order of arrival"
}

@test "pcapng: a file that was cut between two blocks is whole" {
    needs tshark
    needs python3
    local count
    python3 - "$T" <<'PYTHON'
import struct, sys
data = open(sys.argv[1] + "/story.pcapng", "rb").read()
at, ends = 0, []
while at < len(data):
    at += struct.unpack_from("=I", data, at + 4)[0]
    ends.append(at)
open(sys.argv[1] + "/cut.pcapng", "wb").write(data[:ends[len(ends) // 2]])
PYTHON
    run --separate-stderr tshark -r "$T/cut.pcapng"
    assert_equal "$status" 0 "tshark's exit status" || fail "$stderr"
    count=$(grep -c TCP <<<"$output")
    [ "$count" -gt 3 ] && [ "$count" -lt 15 ] || fail "$count packets in half of the file"
}
