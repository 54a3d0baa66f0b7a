#!/usr/bin/env bats
# .wire scripts: all scenarios come true and show every transition; a script that can't be read is refused with its line
# (exit status 2), one that does not come true says which line, and what came instead (exit status 1).

# shellcheck disable=SC2154 # bats sets output and status

load helper

# Writes a script of these lines, and plays it. Sets $status; what it says is in $T/play.out and $T/play.err.
plays() {
    printf '%s\n' "$@" >"$T/a.wire"
    run_for 30 play wire -q "$T/a.wire"
}

# That script is refused before there are any hosts, with this text on standard error, and nothing else.
refuses() { # TEXT LINE...
    local text=$1
    shift
    plays "$@"
    assert_equal "$status" 2 "exit status"
    assert_equal "$(cat "$T/play.err")" "wire: $T/a.wire:$text"
    assert_empty "$T/play.out"
}

# It fails at this line, for this reason (a regular expression); the ladder shows what has been until then.
fails() { # LINE REASON SHOWN_BEFORE
    assert_equal "$status" 1 "exit status"
    grep -Eq "^wire: $T/a.wire:$1: .*$2" "$T/play.err" || fail "no '$1: $2'" "$(cat "$T/play.err" "$T/play.out")"
    grep -Eq -- "$3" "$T/play.out" || fail "the ladder shows no '$3'" "$(cat "$T/play.out")"
}

opening=('title A script' 'timers still' 'run server tcp_server -q -b 10.0.0.2 7000' 'output server listening on'
    'run client tcp_client -q 10.0.0.2 7000' 'expect SYN from client seq 0')

# ---- the scenarios

@test "all scenarios come true, and show 20 of 20 transitions" {
    needs_wire
    local files=("$ROOT"/wire/scenarios/*.wire)
    run_for 100 scenarios wire -q --coverage "${files[@]}"
    assert_equal "$status" 0 "exit status" || fail "$(cat "$T/scenarios.err" "$T/scenarios.out")"
    assert_equal "$(grep -c '^ok ' "$T/scenarios.out")" "${#files[@]}" "scenarios"
    assert_equal "$(tail -n 1 "$T/scenarios.out")" "20 of 20 transitions"
}

@test "--coverage: what a RST has brought about is not called CLOSE or a time-out; no line ends in blanks" {
    needs_wire
    local scenarios=$ROOT/wire/scenarios
    run_for 60 reset wire -q --coverage "$scenarios"/10-*.wire
    assert_equal "$(grep '^ TIME_WAIT ' "$T/reset.out" | tr -s ' ')" ' TIME_WAIT CLOSED Timeout=2MSL 1 by RST (RFC 1337)'
    grep -qx 'TIME_WAIT ends by its timer in wire/scenarios/long/time-wait.wire' "$T/reset.out" || fail "$(cat "$T/reset.out")"
    run_for 60 refused wire -q --coverage "$scenarios"/04-*.wire
    assert_equal "$(grep '^ SYN_SENT  *CLOSED' "$T/refused.out" | tr -s ' ')" ' SYN_SENT CLOSED CLOSE 1 by RST'
    plays 'timers still' 'run client tcp_client -q 10.0.0.2 7000' 'expect SYN from client' 'signal client KILL' 'states CLOSED CLOSED'
    run_for 60 both wire -q --coverage "$T/a.wire" "$scenarios"/04-*.wire
    assert_equal "$(grep '^ SYN_SENT  *CLOSED' "$T/both.out" | tr -s ' ')" ' SYN_SENT CLOSED CLOSE 2 1 of them by RST'
    run_for 60 closed wire -q --coverage "$T/a.wire"
    assert_equal "$(grep '^ SYN_SENT  *CLOSED' "$T/closed.out" | tr -s ' ')" ' SYN_SENT CLOSED CLOSE 1'
    run ! grep -n ' $' "$T/reset.out" "$T/refused.out" "$T/both.out"
}

@test "each scenario has a title and says what is seen; its rows fit into 80 columns" {
    needs_wire
    local scenario
    for scenario in "$ROOT"/wire/scenarios/*.wire "$ROOT"/wire/scenarios/long/*.wire; do
        grep -q '^title ' "$scenario" || fail "no title: $scenario"
        grep -q '^say ' "$scenario" || fail "nothing is said: $scenario"
    done
    run_for 100 ladders wire --ascii "$ROOT"/wire/scenarios/*.wire
    assert_equal "$(grep -vE '^(ok|not ok)' "$T/ladders.out" | awk 'length($0) > 80' | head -n 3)" "" "longer lines"
}

# On a machine that is busy a packet may be held over a second all the same: one of three is enough.
@test "make demo: ends within 30 s, in 80 columns, and no packet is sent again while it is looked at" {
    needs_wire
    local play repeats
    play=$(grep -Eo -- '--play=[0-9.]+ wire/demo.wire' "$ROOT/Makefile")
    for _ in 1 2 3; do
        run_for 30 demo wire --ascii "${play% *}" "$ROOT/wire/demo.wire"
        assert_equal "$status" 0 "exit status" || fail "$(cat "$T/demo.err" "$T/demo.out")"
        repeats=$(grep -E 'sent [0-9]+ times|again' "$T/demo.out") || break
    done
    assert_equal "$repeats" '' "packets that were sent again"
    assert_equal "$(awk 'length($0) > 80' "$T/demo.out")" '' "longer lines"
}

@test "timers slow: what is not acknowledged is repeated after a second, as the hosts' routes say" {
    needs_wire
    plays 'timers slow' 'run client ip route show 10.0.0.0/24' 'output client rto_min lock 1s' 'exit client 0'
    assert_equal "$status" 0 "exit status" || fail "$(cat "$T/play.err" "$T/play.out")"
}

@test "scenarios that wait for the kernel's long timers" {
    [ -n "${NETSTEP_LONG:-}" ] || skip "takes 80 s: make check-long"
    needs_wire
    run_for 200 scenarios wire -q --coverage "$ROOT"/wire/scenarios/long/*.wire
    assert_equal "$status" 0 "exit status" || fail "$(cat "$T/scenarios.err" "$T/scenarios.out")"
    grep -Eq '^ TIME_WAIT +CLOSED .* 1$' "$T/scenarios.out" || fail "TIME_WAIT did not end" "$(cat "$T/scenarios.out")"
}

@test "a SYN that is sent again: its row says after how long, as the kernel's timer has it" {
    needs_wire
    run_for 30 lost wire "$ROOT/wire/scenarios/12-lost-syn.wire"
    assert_equal "$status" 0 "exit status" || fail "$(cat "$T/lost.err")"
    grep -Eq 'SYN seq 0 win [0-9]+ \(1 again after ([1-9][0-9]*\.[0-9]|0\.[6-9]) s\) ' "$T/lost.out" || fail "no pause" "$(cat "$T/lost.out")"
}

@test "scenarios under load, again and again" {
    [ -n "${NETSTEP_LONG:-}" ] || skip "takes minutes: make check-long"
    needs_wire
    local i
    for ((i = 0; i < $(getconf _NPROCESSORS_ONLN); i++)); do start "load$i" timeout 1200 sh -c 'while :; do :; done'; done
    for ((i = 0; i < 50; i++)); do
        run_for 200 scenarios wire -q "$ROOT"/wire/scenarios/*.wire
        assert_equal "$status" 0 "exit status, run $i" || fail "$(cat "$T/scenarios.err" "$T/scenarios.out")"
    done
}

@test "a scenario as JSON: every line is an object, and the transitions are in it" {
    needs_wire
    command -v python3 >/dev/null || skip "python3 is not installed"
    run_for 30 json wire --json "$ROOT/wire/scenarios/02-close.wire"
    assert_equal "$status" 0 "exit status"
    python3 - "$T/json.out" <<'PYTHON'
import json, sys

events = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
assert events[0]["event"] == "begin" and events[-1]["event"] == "end", events
changes = [(event["host"], event["old"], event["new"]) for event in events if event["event"] == "state"]
client = [(old, new) for host, old, new in changes if host == "client"]
server = [(old, new) for host, old, new in changes if host == "server"]
assert client == [("CLOSED", "SYN_SENT"), ("SYN_SENT", "ESTABLISHED"), ("ESTABLISHED", "FIN_WAIT1"),
                  ("FIN_WAIT1", "FIN_WAIT2"), ("FIN_WAIT2", "TIME_WAIT")], client
assert server == [("CLOSED", "LISTEN"), ("LISTEN", "SYN_RECV"), ("SYN_RECV", "ESTABLISHED"),
                  ("ESTABLISHED", "CLOSE_WAIT"), ("CLOSE_WAIT", "LAST_ACK"), ("LAST_ACK", "CLOSED"),
                  ("LISTEN", "CLOSED")], server
PYTHON
}

# ---- what is no script

@test "an unknown word is refused with its line" {
    refuses "3: a line begins with what is to be done (wire(1) tells what there is), not with 'dliver'" \
        'title A' '# a remark, and an empty line' 'dliver' ''
    refuses "2: a packet is SYN, SYN+ACK, ACK, DATA, FIN, RST, UDP or ICMP, not 'SNY'" 'title A' 'expect SNY from client'
    refuses "1: of a packet can be said: repeat, probe, seq, ack, len, win; not 'size'" 'expect DATA from client size 3'
    refuses "1: a state is wanted, not 'ESTAB'" 'state client ESTAB'
    refuses "1: a signal is TERM, INT, KILL, HUP, STOP, CONT or USR1, not 'BOO'" 'signal client BOO'
    refuses "1: kernel, still or slow, not 'fast'" 'timers fast'
    refuses "1: too much: 'now'" 'deliver it now'
}

@test "a missing state, host, text, number or name is refused with its line" {
    refuses "1: states wants two, the client's and the server's" 'states SYN_SENT'
    refuses "1: states wants two, the client's and the server's" 'states'
    refuses "1: states wants two, the client's and the server's" 'states SYN_SENT within 5'
    refuses "1: a state is wanted, not 'ESTAB'" 'states SYN_SENT ESTAB'
    refuses "1: a state is wanted, not 'nothing'" 'state server'
    refuses "1: which host, client or server? not 'nothing'" 'state'
    refuses "1: which host, client or server? not 'middle'" 'run middle tcp_server 7000'
    refuses "1: PACKET from HOST, then what else is to be said of it; not 'client'" 'expect SYN client'
    refuses "1: a text is missing" 'run server'
    refuses "1: a text is missing" 'say'
    refuses "1: keep under which name?" 'keep'
    refuses "1: a number is missing: empty, a number is wanted" 'expect SYN from client seq'
    refuses "1: 4294967296: too large" 'expect SYN from client seq 4294967296'
    refuses "1: within soon: not a decimal number" 'state server LISTEN within soon'
}

@test "how the hosts are set up stands at the beginning" {
    refuses "2: timers and quickack stand at the beginning" 'run client true' 'timers still'
}

@test "lines that are too long, too many, or no text" {
    local long
    long=$(printf 'say %0500d' 0)
    refuses "2: a line of more than 398 characters, or with a zero byte" 'title A' "$long"
    # shellcheck disable=SC2046
    refuses "1001: more than 1000 lines" $(yes deliver | head -n 1001)
    perl -e 'print pack "C*", map { $_ * 7 % 256 } 1 .. 5000' >"$T/a.wire"
    run_for 10 play wire -q "$T/a.wire"
    assert_equal "$status" 2 "exit status"
    grep -q "^wire: $T/a.wire:1: " "$T/play.err" || fail "$(cat "$T/play.err")"
    printf 'say a\0b\n' >"$T/a.wire"
    run_for 10 play wire -q "$T/a.wire"
    assert_equal "$status" 2 "exit status"
}

@test "a file that is missing, empty or a directory" {
    run_for 10 play wire "$T/none.wire"
    assert_equal "$status" 2 "exit status"
    assert_equal "$(cat "$T/play.err")" "wire: $T/none.wire: No such file or directory"
    run_for 10 play wire "$T"
    assert_equal "$status" 2 "exit status"
    assert_equal "$(cat "$T/play.err")" "wire: read $T: Is a directory"
    printf '# nothing but a remark\n\n' >"$T/a.wire"
    run_for 10 play wire "$T/a.wire"
    assert_equal "$status" 2 "exit status"
    assert_equal "$(cat "$T/play.err")" "wire: $T/a.wire: nothing in it"
}

# ---- what does not come true

@test "another packet came: the line, the packet, and the ladder up to there, with -q too" {
    needs_wire
    plays "${opening[@]}" deliver 'expect RST from server'
    fails 8 'instead came packet 2: SYN\+ACK seq 0 ack 1' '^  1  SYN_SENT .*SYN seq 0.* SYN_RECV$'
    grep -q 'a.wire:8: expect RST from server: instead came packet 2' <(tr -s ' \n' ' ' <"$T/play.out") ||
        fail "the ladder does not say it" "$(cat "$T/play.out")"
}

@test "other numbers, a packet too many, or one that is gone" {
    needs_wire
    plays "${opening[@]}" deliver 'expect SYN+ACK from server seq 0 ack 5'
    fails 8 'instead came packet 2: SYN\+ACK seq 0 ack 1' SYN_RECV
    plays "${opening[@]}" deliver 'nothing from server'
    fails 8 'there is packet 2: SYN\+ACK' SYN_RECV
    plays "${opening[@]}" deliver drop
    fails 8 'which packet\? the one expected last is on the wire no more' SYN_RECV
}

@test "a name under which no packet is kept" {
    needs_wire
    plays "${opening[@]}" 'deliver late'
    fails 7 'no packet on the wire was kept under that name' 'tcp_client -q'
    plays "${opening[@]}" 'keep late' 'deliver late' 'drop late'
    fails 9 'no packet on the wire was kept under that name' SYN_RECV
}

@test "a command that does not exist, or that dies: its exit status, and nobody waits for long" {
    needs_wire
    plays 'run client no_such_program 7000' 'expect SYN from client'
    fails 1 'run client no_such_program 7000: No such file or directory' 'no_such_program 7000'
    plays "run client cd / && no_such_program" 'expect SYN from client'
    fails 2 'no packet came from the client; what was run there has ended: exit status 127' 'no_such_program.*not found'
    plays 'run server tcp_server -q -b 10.0.0.9 7000' 'output server listening on'
    fails 2 'nothing like it was printed there; what was run there has ended: exit status 1' 'bind 10.0.0.9'
    plays 'run server kill -9 $$' 'state server LISTEN'
    fails 2 'no socket is in that state; what was run there has ended: killed by signal 9' 'end: killed'
}

@test "a command that does not exist or can't be run: its line and the reason, also where nothing is expected of it" {
    needs_wire
    : >"$T/no-program"
    plays 'title A' 'run server no_such_program'
    fails 2 'run server no_such_program: No such file or directory' 'no_such_program'
    assert_equal "$(grep -c '' "$T/play.err")" 1 "lines"
    plays "run server $T/no-program 7000"
    fails 1 "run server $T/no-program 7000: Permission denied" no-program
    plays "run server $T/none/here" 'run client true'
    fails 1 "run server $T/none/here: No such file or directory" none/here
    plays "run client $T"
    fails 1 "run client $T: Permission denied" "$T"
    plays 'run client read line' 'input client words' 'exit client 0' # the shell's own
    assert_equal "$status" 0 "exit status" || fail "$(cat "$T/play.err")"
}

@test "a command that dies at once, and of which nothing came true: its line, and how it ended" {
    needs_wire
    printf '#!%s/no-interpreter\n' "$T" >"$T/bad-interpreter"
    chmod +x "$T/bad-interpreter"
    plays 'title A' 'why it must' 'run server false' 'why it should' 'say good'
    fails 3 'run server false: it has ended by itself: exit status 1: it must' 'end: exit status 1'
    plays 'run server tcp_server -q -b 10.0.0.9 7000'
    fails 1 'ended by itself: exit status 1' 'bind 10.0.0.9'
    plays 'run client kill -9 $$' 'free'
    fails 1 'ended by itself: killed by signal 9' 'end: killed'
    plays 'run server tcp_server -q -b 10.0.0.2 7000' 'output server listening on' 'run client no_such; exit 5' 'nothing from client'
    fails 3 'ended by itself: exit status 5' 'no_such.*not found'
    plays "run client $T/bad-interpreter"
    fails 1 'ended by itself: exit status 12[67]' 'bad-interpreter'
    plays 'run client sh -c "cat; exit 3"' 'end-input client'
    fails 1 'ended by itself: exit status 3' 'end: exit status 3'
}

@test "a command may end by itself with 0, run on, or end in any way once what was expected of it came" {
    needs_wire
    plays 'run client true' 'run server true' 'free'
    assert_equal "$status" 0 "exit status" || fail "$(cat "$T/play.err")"
    plays 'run server sleep 60' 'run client sh -c "while :; do :; done"'
    assert_equal "$status" 0 "exit status" || fail "$(cat "$T/play.err")"
    plays 'run client echo here; exit 3' 'output client here'
    assert_equal "$status" 0 "exit status" || fail "$(cat "$T/play.err")"
    plays 'run client exit 3' 'exit client 3'
    assert_equal "$status" 0 "exit status" || fail "$(cat "$T/play.err")"
    plays 'run client tcp_client -q 10.0.0.2 7000 x' 'expect SYN from client' 'deliver' 'expect RST from server' 'deliver'
    assert_equal "$status" 0 "exit status" || fail "$(cat "$T/play.err")"
}

@test "a command that ends otherwise than the script says" {
    needs_wire
    plays 'run client exit 3' 'exit client 0'
    fails 2 'exit status 3' 'end: exit status 3'
    plays 'run client exit 0' 'exit client killed'
    fails 2 'exit status 0' 'end: exit status 0'
    plays 'run client sleep 60' 'exit client 0 within 0.2'
    fails 2 'it still runs' 'sleep 60'
    plays 'exit client 0'
    fails 1 'nothing was run on the client' 'client 10.0.0.1'
}

@test "a state that never comes: the wait ends, and says which states there are" {
    needs_wire
    plays 'state server LISTEN within 0.2'
    fails 1 'no socket is in that state' 'client 10.0.0.1'
    plays "${opening[@]}" 'states ESTABLISHED ESTABLISHED within 0.2'
    fails 7 'they are SYN_SENT LISTEN' 'tcp_client -q'
    plays 'states ESTABLISHED ESTABLISHED'
    fails 1 'of which connection\? no packet has been expected yet' 'client 10.0.0.1'
}

# A process and all that it has started, those first that started the others.
tree_of() { # PID
    local child
    echo "$1"
    for child in $(pgrep -P "$1"); do tree_of "$child"; done
}

@test "a pause of the whole machine, longer than the limit, does not count: what comes after it came in time" {
    needs_wire
    local tree
    # shellcheck disable=SC2016 # for that shell
    printf '%s\n' "run server echo begun; until [ -e $T/go ]; do sleep 0.05; done" \
        'output server begun' 'exit server 0 within 8' >"$T/a.wire"
    start paused wire "$T/a.wire"
    wait_line "$T/paused.out" '^ *begun$' || fail "$(cat "$T"/paused.*)"
    pause_for 0.3 # until the next line of the script waits
    mapfile -t tree < <(tree_of "$pid")
    [ "${#tree[@]}" -ge 3 ] || fail "what runs on the hosts is not in the tree: ${tree[*]}"
    kill -STOP "${tree[@]}"
    pause_for 9
    kill -CONT "${tree[@]}"
    pause_for 0.3 # until the wire has seen the clock
    touch "$T/go"
    wait_exit "$pid" 20 || fail "wire still runs"
    assert_equal "$status" 0 "exit status" || fail "$(cat "$T"/paused.*)"
}

@test "a sysctl that does not exist" {
    needs_wire
    plays 'set client net.ipv4.no_such_thing 1'
    fails 1 'No such file or directory' 'client 10.0.0.1'
}

@test "of several scripts the others are played all the same" {
    needs_wire
    printf 'state server LISTEN within 0.1\n' >"$T/bad.wire"
    printf 'run client true\nexit client 0\n' >"$T/good.wire"
    run_for 30 play wire -q "$T/bad.wire" "$T/good.wire"
    assert_equal "$status" 1 "exit status"
    grep -Eqx "not ok +$T/bad.wire" "$T/play.out" || fail "$(cat "$T/play.out")"
    grep -Eqx "ok +$T/good.wire" "$T/play.out" || fail "$(cat "$T/play.out")"
}

@test "one program is the process itself: a signal reaches it, and its exit status is what counts" {
    needs_wire
    plays 'run server tcp_server -q -b 10.0.0.2 7000' 'output server listening on' 'signal server TERM' 'exit server 0' \
        'run client sleep 60' 'signal client KILL' 'exit client killed'
    assert_equal "$status" 0 "exit status" || fail "$(cat "$T/play.err")"
}
