#!/usr/bin/env bats
# tcpstate diagram and explain: the figure, a live connection on it, and what is said of each state.

# helper.bash sets pid, port, server_pid and status.
# shellcheck disable=SC2154

load helper

states='CLOSED LISTEN SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSE_WAIT CLOSING LAST_ACK TIME_WAIT'

# in_terminal ROWS COLUMNS COMMAND...: its output on a terminal of that size
in_terminal() {
    local rows=$1 columns=$2
    shift 2
    script -qec "stty rows $rows cols $columns; TERM=xterm $*" /dev/null </dev/null
}

@test "diagram: all eleven states, every label, within 80 columns and 48 lines, in both forms" {
    for form in '' --ascii; do
        # shellcheck disable=SC2086 # no option is no word
        LC_ALL=C.UTF-8 run "$BIN/tcpstate" diagram $form
        assert_equal "$status" 0 "exit status"
        [ "${#lines[@]}" -le 48 ] || fail "${#lines[@]} lines"
        for state in $states; do
            [[ $output == *"$state"* ]] || fail "no $state in the figure" "$output"
        done
        [ "$(LC_ALL=C.UTF-8 wc -L <<<"$output")" -le 80 ] || fail "wider than 80 columns" "$output"
        for label in 'passive OPEN' 'active OPEN' 'rcv RST' 'SEND /' 'rcv SYN,ACK / snd ACK' 'rcv ACK of SYN' \
            'CLOSE / snd FIN' 'rcv FIN / snd ACK' 'Timeout=2MSL' 'note 2'; do
            [[ $output == *"$label"* ]] || fail "no '$label' in the figure" "$output"
        done
        run ! grep -q $'\033' <<<"$output"
    done
    run ! grep -qP '[^\x00-\x7f]' <<<"$output" # --ascii was the last
    # 20 arrow heads and the note's: one for each arrow
    heads=$(LC_ALL=C.UTF-8 "$BIN/tcpstate" diagram | grep -o '[▲▼◀▶]' | wc -l)
    assert_equal "$heads" 21 "arrow heads"
}

@test "diagram: without UTF-8 in the locale it is plain ASCII" {
    LC_ALL=C run "$BIN/tcpstate" diagram
    run ! grep -qP '[^\x00-\x7f]' <<<"$output"
}

@test "diagram --state marks one state, --names spells all as wanted" {
    run "$BIN/tcpstate" diagram --ascii --state fin-wait-2
    assert_equal "$(grep -c '#  FIN_WAIT2   #' <<<"$output")" 1
    assert_equal "$(grep -o '#' <<<"$output" | wc -l)" "$(grep -o '#' < <(grep -A1 -B1 'FIN_WAIT2' <<<"$output") | wc -l)"
    run "$BIN/tcpstate" diagram --names rfc
    [[ $output == *SYN-RECEIVED* && $output != *'  SYN_RECV  '* ]]
    run "$BIN/tcpstate" diagram --names bsd
    [[ $output == *SYN_RCVD* && $output == *FIN_WAIT_1* ]]
}

@test "diagram: colour on a terminal alone, and not with NO_COLOR" {
    command -v script >/dev/null || skip "script (util-linux) is not installed"
    run in_terminal 50 100 "'$BIN/tcpstate' diagram --state LISTEN"
    [[ $output == *$'\033['* ]] || fail "no colour on a terminal"
    run in_terminal 50 100 "NO_COLOR=1 '$BIN/tcpstate' diagram --state LISTEN"
    [[ $output != *$'\033['* ]] || fail "colour in spite of NO_COLOR"
}

@test "diagram --port: tells each end's way, as netstat shows it" {
    start_server --pause-close 30 0
    start diagram tcpstate diagram --port "$port"
    diagram_pid=$pid
    wait_line "$T/diagram.out" '^server LISTEN$'
    start client tcp_client --hold 6 127.0.0.1 "$port" hello
    wait_line "$T/diagram.out" '^client ESTABLISHED$'
    wait_line "$T/diagram.out" '^server ESTABLISHED$'
    wait_line "$T/diagram.out" '^server CLOSE_WAIT$'
    wait_line "$T/diagram.out" '^client FIN_WAIT2$'
    # netstat, the witness
    [ -n "$(rows_at "$port" CLOSE_WAIT)" ] || fail "netstat shows no CLOSE_WAIT" "$(netstat_rows "$port")"
    [ -n "$(rows_to "$port" FIN_WAIT2)" ] || fail "netstat shows no FIN_WAIT2" "$(netstat_rows "$port")"
    run "$BIN/tcpstate" diagram --port "$port" --once
    assert_match "$output" 'server  .*CLOSE_WAIT'
    assert_match "$output" 'client  .*FIN_WAIT2'
    grep -q 'SYN_SENT' "$T/diagram.out" # seen or inferred, it was there
    stop_process "$diagram_pid" INT
    assert_equal "$status" 0 "exit status"
    stop_process "$server_pid"
}

@test "diagram --port: of a connection too quick to be seen only what is certain" {
    start_server 0
    start diagram tcpstate diagram --port "$port" --interval 0.3
    wait_line "$T/diagram.out" '^server LISTEN$'
    "$BIN/tcp_client" -q 127.0.0.1 "$port" x >/dev/null
    wait_line "$T/diagram.out" '^client TIME_WAIT$'
    [ -n "$(rows_to "$port" TIME_WAIT)" ] || fail "netstat shows no TIME_WAIT" "$(netstat_rows "$port")"
    before=$(sleeps) # two looks more
    slept_twice() { [ "$(sleeps)" -ge $((before + 2)) ]; }
    wait_for slept_twice
    # A client does not listen; and of a server's end that was never seen nothing is said, its LISTEN has not moved.
    run ! grep -E 'client (LISTEN|SYN_RECV)' "$T/diagram.out"
    grep -qE 'server (ESTABLISHED|CLOSE_WAIT|LAST_ACK)' "$T/diagram.out" || run ! grep 'server CLOSED' "$T/diagram.out"
}

sleeps() { awk '/^voluntary/ { print $2 }' "/proc/$pid/status"; }

@test "diagram --port: another connection is followed from its beginning" {
    start_server --model fork 0
    start diagram tcpstate diagram --port "$port"
    start client tcp_client --hold 30 127.0.0.1 "$port" x
    wait_line "$T/diagram.out" '^client ESTABLISHED$'
    start client2 tcp_client --hold 30 127.0.0.1 "$port" x
    wait_line "$T/diagram.out" '^another connection'
    newest=$(sed -n 's/^another connection.* //p' "$T/diagram.out")
    second() { sed '1,/^another connection/d' "$T/diagram.out"; }
    both_told() { [ "$(second | grep -cxE '(server|client) ESTABLISHED')" = 2 ]; }
    wait_for both_told || fail "the second connection is not told" "$(cat "$T/diagram.out")"
    [ -n "$(rows_at "$newest" ESTABLISHED)" ] || fail "netstat has no such client" "$(netstat_rows "$port")"
    run "$BIN/tcpstate" diagram --port "$port" --once
    assert_match "$output" 'further connections: 1'
}

@test "diagram --port: an IPv4 client of an IPv6 socket is one connection" {
    start_server -b :: 0
    start client tcp_client --hold 30 127.0.0.1 "$port" x
    wait_state "$port" ESTABLISHED
    both_ends() { [ -n "$(rows_at "$port" ESTABLISHED)" ] && [ -n "$(rows_to "$port" ESTABLISHED)" ]; }
    wait_for both_ends
    run "$BIN/tcpstate" diagram --port "$port" --once
    assert_match "$output" 'server  LISTEN > .*ESTABLISHED'
    assert_match "$output" 'client  .*ESTABLISHED'
    assert_match "$output" 'further connections: 0'
}

@test "diagram, explain: what can't be written is said, exit status 1" {
    [ -w /dev/full ] || skip "no /dev/full here"
    for command in diagram explain; do
        run --separate-stderr bash -c "'$BIN/tcpstate' $command >/dev/full"
        assert_equal "$status" 1 "exit status of $command"
        assert_match "$stderr" 'write standard output: No space left'
    done
}

@test "diagram --port on a terminal: the other screen, and everything as it was after a signal" {
    command -v script >/dev/null || skip "script (util-linux) is not installed"
    start_server 0
    run in_terminal 50 100 "'$BIN/tcpstate' diagram --port $port --for 0.1"
    [[ $output == *$'\033[?1049h'*"server"*$'\033[?25h\033[?1049l'* ]] || fail "the terminal is not restored" "$(cat -v <<<"$output")"
    for seconds in 0.5 2 8 30; do # until it had begun
        run in_terminal 50 100 "timeout -s TERM $seconds '$BIN/tcpstate' diagram --port $port"
        [[ $output != *$'\033[?1049h'* ]] || break
    done
    [[ $output == *$'\033[?25h\033[?1049l'* ]] || fail "a signal leaves the terminal as the figure had it"
    run in_terminal 20 60 "'$BIN/tcpstate' diagram --port $port --for 0.1"
    [[ $output == *"needs 80 columns"* ]] || fail "too small a terminal is not told" "$(cat -v <<<"$output")"
}

@test "diagram --once: a port without a socket is said, exit status 1" {
    run --separate-stderr "$BIN/tcpstate" diagram --once --port "$(free_port)"
    assert_equal "$status" 1 "exit status"
    assert_match "$stderr" 'no socket has port'
}

@test "diagram, explain: bad input is one line on stderr, exit status 2" {
    for arguments in '--port x' '--port 65536' '--state NOWHERE' '--names french' '--once' '--for 1' 'surplus' '--nosuch' \
        '--port 7000 --state LISTEN' '--port 0' '--port 7000 --interval 0'; do
        # shellcheck disable=SC2086 # words
        run --separate-stderr "$BIN/tcpstate" diagram $arguments
        assert_equal "$status" 2 "exit status of diagram $arguments"
        assert_equal "$(wc -l <<<"$stderr")" 1 "lines on stderr of diagram $arguments"
        assert_equal "$output" '' "stdout of diagram $arguments"
    done
    run --separate-stderr "$BIN/tcpstate" explain NOWHERE
    assert_equal "$status" 2 "exit status"
    assert_match "$stderr" "explain 'NOWHERE': no such state"
}

@test "explain: each state, in any spelling, on one screen; all eleven in a table" {
    for state in $states; do
        run "$BIN/tcpstate" explain "$state"
        assert_equal "$status" 0 "exit status"
        assert_match "${lines[0]}" "^$state "
        [ "${#lines[@]}" -le 24 ] || fail "$state takes ${#lines[@]} lines"
        [ "$(wc -L <<<"$output")" -le 80 ] || fail "$state is wider than 80 columns" "$output"
    done
    run "$BIN/tcpstate" explain
    assert_equal "${#lines[@]}" 11 "lines of the table"
    run "$BIN/tcpstate" explain FIN-WAIT-1 syn_rcvd
    assert_match "$output" '^FIN_WAIT1 .*FIN-WAIT-1'
    assert_match "$output" 'SYN_RECV .*SYN-RECEIVED'
}

@test "explain --json: valid, one object a state" {
    perl -MJSON::PP -e 1 2>/dev/null || skip "perl has no JSON::PP here"
    "$BIN/tcpstate" explain --json >"$T/json"
    assert_equal "$(perl -MJSON::PP -ne '$r = decode_json($_); print "$r->{state}\n" if $r->{meaning}' "$T/json" | wc -l)" 11
    # Each of the figure's 20 arrows and note 2, at both of its ends.
    assert_equal "$(perl -MJSON::PP -ne '$n += @{ decode_json($_)->{arrows} }; END { print $n }' "$T/json")" 42
}
