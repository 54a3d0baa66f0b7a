#!/usr/bin/env bats
# tcpstate list, watch and wait, beside the real netstat.

# helper.bash sets pid, port and status.
# shellcheck disable=SC2154

load helper

# hold STATE [OPTION]...: a real socket in that state; sets $port.
hold() {
    start "hold-$1" tcpstate hold "$@"
    wait_line "$T/hold-$1.out" 'grep :[0-9]+' || fail "hold $1 says no port" "$(cat "$T/hold-$1".*)"
    port=$(sed -n 's/.*grep :\([0-9]*\).*/\1/p' "$T/hold-$1.out" | head -n 1)
}

# Rows as netstat prints them, without the blanks at their ends, in one order.
tidy() { sed 's/ *$//' | sort; }
netstat_says() { netstat -antW | grep '^tcp' | tidy; }

agrees() { # [OPTION]... PORT: tcpstate's rows of the port are netstat's
    local port=${*: -1} options=("${@:1:$#-1}")
    tcpstate_rows=$("$BIN/tcpstate" "${options[@]}" "$port" | grep '^tcp' | tidy)
    netstat_rows=$(netstat_says | grep -E ":$port +[^ ]+ +[A-Z]|:$port +[A-Z]")
    [ -n "$tcpstate_rows" ] && [ "$tcpstate_rows" = "$netstat_rows" ]
}
assert_agrees() {
    wait_for -t 5 agrees "$@" || fail "tcpstate $* and netstat do not agree" "tcpstate:" "$tcpstate_rows" "netstat:" "$netstat_rows"
}

@test "list: row for row what netstat -antW prints, in each of the ten states" {
    for state in LISTEN SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSE_WAIT CLOSING LAST_ACK TIME_WAIT; do
        hold "$state"
        assert_agrees "$port"
        grep -q " $state$" <<<"$tcpstate_rows" || fail "no row in $state" "$tcpstate_rows"
        assert_agrees --proc "$port"
    done
}

@test "list: IPv6, and IPv4 connections on an IPv6 socket, as netstat -antW prints them" {
    hold ESTABLISHED -6
    assert_agrees "$port"
    grep -q '^tcp6 .* ::1:' <<<"$tcpstate_rows"
    start_server -b :: 0
    start client tcp_client --hold 30 127.0.0.1 "$port" x
    wait_state "$port" ESTABLISHED
    assert_agrees "$port"
    grep -q '^tcp6 .* 127.0.0.1:.* ESTABLISHED' <<<"$tcpstate_rows"
    assert_agrees --proc "$port"
}

@test "list: without a filter the whole list is netstat's" {
    own_network || skip "no network namespace is to be had here: $why"
    # In a network of its own nothing changes between the two.
    in_own_network '
        "$BIN/tcp_server" -q 7000 >"$T/ready" & server=$!
        while ! grep -q listening "$T/ready"; do :; done
        "$BIN/tcp_client" -q --count 50 127.0.0.1 7000 x >/dev/null
        "$BIN/tcp_server" -q -b :: 7001 >"$T/ready6" & server6=$!
        while ! grep -q listening "$T/ready6"; do :; done
        "$BIN/tcp_client" -q ::1 7001 x >/dev/null
        "$BIN/tcpstate" wait 7001 TIME_WAIT >/dev/null
        netstat -antW | tail -n +3 | sort >"$T/netstat"
        "$BIN/tcpstate" | tail -n +2 | sort >"$T/tcpstate"
        kill "$server" "$server6"
    '
    [ "$(wc -l <"$T/netstat")" -ge 53 ] || fail "too few rows" "$(cat "$T/netstat")"
    diff "$T/netstat" "$T/tcpstate" || fail "tcpstate's list is not netstat's"
}

own_network() {
    network=(unshare -n)
    [ "$(id -u)" -eq 0 ] || network=(unshare -Urn)
    why=$("${network[@]}" true 2>&1)
}
in_own_network() { "${network[@]}" bash -c "export T='$T' BIN='$BIN'; ip link set lo up; $1"; }

@test "list -o: the timers of netstat -o" {
    hold TIME_WAIT
    for _ in 1 2 3 4 5; do # the same but for the hundredths that pass between the two
        ours=$("$BIN/tcpstate" -o "$port" | grep TIME_WAIT | tidy)
        theirs=$(netstat -antoW | grep ":$port .*TIME_WAIT" | tidy)
        [ "${ours%%.*(.*}" != "${theirs%%.*(.*}" ] || break
    done
    shape='timewait \([0-9]+\.[0-9][0-9]/0/0\)'
    assert_match "$ours" "$shape"
    assert_equal "$(sed 's/([0-9.]*/(T/' <<<"$ours")" "$(sed 's/([0-9.]*/(T/; s/ *$//' <<<"$theirs")"
    hold FIN_WAIT1
    wait_for probing || fail "no timer of the kind that netstat shows" "$ours" "$theirs"
}
probing() {
    ours=$("$BIN/tcpstate" -o "$port" | grep FIN_WAIT1 | sed 's/([0-9.]*/(T/')
    theirs=$(netstat -antoW | grep ":$port .*FIN_WAIT1" | sed 's/([0-9.]*/(T/; s/ *$//')
    [ -n "$ours" ] && [ "$ours" = "$theirs" ] && [[ $ours == *probe* ]]
}

@test "list -p: the process that has the socket, and - where there is none" {
    start_server 0
    run "$BIN/tcpstate" -p "$port"
    assert_match "$output" "LISTEN +$server_pid/tcp_server"
    hold TIME_WAIT
    run "$BIN/tcpstate" -p "$port" TIME_WAIT
    assert_match "$output" 'TIME_WAIT +- *$'
}

@test "list --json: one valid object a row" {
    perl -MJSON::PP -e 1 2>/dev/null || skip "perl has no JSON::PP here"
    hold LISTEN
    "$BIN/tcpstate" --json "$port" >"$T/json"
    # Every line has to be an object; a client of another test may have left TIME_WAIT to a port that the kernel gives again.
    PORT=$port run perl -MJSON::PP -ne '$r = decode_json($_); next if $r->{local_port} != $ENV{PORT};
        print "$r->{proto} $r->{local}:$r->{local_port} $r->{state} $r->{send_q}\n"' "$T/json"
    assert_equal "$output" "tcp 127.0.0.1:$port LISTEN 0"
}

@test "list: ports at one end, states in any spelling, families" {
    start_server 0
    start client tcp_client --hold 30 127.0.0.1 "$port" x
    wait_state "$port" ESTABLISHED
    assert_equal "$("$BIN/tcpstate" "$port" | grep -c '^tcp')" 3
    assert_equal "$("$BIN/tcpstate" "local=$port" | grep -c '^tcp')" 2
    assert_equal "$("$BIN/tcpstate" "remote=$port" | grep -c '^tcp')" 1
    assert_equal "$("$BIN/tcpstate" "$port" listen | grep -c '^tcp')" 1
    assert_equal "$("$BIN/tcpstate" "$port" LISTEN ESTABLISHED | grep -c '^tcp')" 3
    assert_equal "$("$BIN/tcpstate" "$port" FIN-WAIT-1 fin_wait_2 TimeWait | grep -c '^tcp')" 0
    assert_equal "$("$BIN/tcpstate" -6 "$port" | grep -c '^tcp')" 0
    assert_equal "$("$BIN/tcpstate" -4 "local=$port" | grep -c '^tcp')" 2
    assert_equal "$("$BIN/tcpstate" "local=$port" ESTABLISHED | grep -c '^tcp')" 1
    # Our filter chooses the same rows as the kernel's. /proc is read in pieces: while other sockets come and go, a row
    # may stand at the end of one piece and again at the beginning of the next.
    wait_for one_row_in_proc
}
one_row_in_proc() { [ "$("$BIN/tcpstate" --proc "local=$port" ESTABLISHED | grep -c '^tcp')" = 1 ]; }

@test "list: a reader that has seen enough ends it without a word" {
    run bash -c "'$BIN/tcpstate' | head -n 1; echo \"\${PIPESTATUS[0]}\""
    assert_match "$output" '^Proto'
    [ ${#lines[@]} -eq 2 ] || fail "more than the heading and a status:" "$output"
}

@test "watch: tells what is there, what appeared, changed and went, in RFC 9293's words, and is silent otherwise" {
    start_server 0
    start watch tcpstate watch "$port"
    watch_pid=$pid
    wait_line "$T/watch.out" "= 127\.0\.0\.1:$port +0\.0\.0\.0:\* +LISTEN$"
    mkfifo "$T/enter"
    STDIN=$T/enter start client tcp_client --step 127.0.0.1 "$port" hello
    exec 8>"$T/enter"
    enter 'socket\(' && enter 'connect\('
    wait_line "$T/watch.out" "[+~] 127\.0\.0\.1:[0-9]+ +127\.0\.0\.1:$port +(SYN_SENT -> )?ESTABLISHED"
    wait_line "$T/watch.out" "[+~] 127\.0\.0\.1:$port +127\.0\.0\.1:[0-9]+ +(SYN_RECV -> )?ESTABLISHED"
    enter 'write\('
    wait_line "$T/client.err" '^shutdown'
    told=$(wc -l <"$T/watch.out") # five bytes went there and back: no state changed
    enter 'shutdown\('
    # If the server takes longer than a look to close, FIN_WAIT2 is seen between.
    wait_line "$T/watch.out" "~ 127\.0\.0\.1:[0-9]+ +127\.0\.0\.1:$port +(ESTABLISHED|FIN_WAIT[12]) -> TIME_WAIT"
    wait_line "$T/watch.out" "- 127\.0\.0\.1:$port +127\.0\.0\.1:[0-9]+ +[A-Z_]+ -> CLOSED"
    head -n "$told" "$T/watch.out" | tail -n 1 | grep -q ESTABLISHED
    exec 8>&-
    stop_process "$watch_pid" INT
    assert_equal "$status" 0 "exit status"
}
# enter REGEX: presses Enter once the client stands before that call.
enter() {
    wait_line "$T/client.err" "^$1.*Enter" || fail "the client does not stand before $1" "$(cat "$T/client.err")"
    echo >&8
}

@test "watch: a change in steps is named as figure 5 names it" {
    start_server --pause-close 30 0
    start watch tcpstate watch "$port"
    watch_pid=$pid
    wait_line "$T/watch.out" 'LISTEN'
    start client tcp_client --hold 6 127.0.0.1 "$port" hello
    wait_line "$T/watch.out" 'ESTABLISHED -> CLOSE_WAIT +rcv FIN'
    # FIN_WAIT1 lasts for one round trip, or 40 ms if the ACK is delayed: it may be seen, or is inferred.
    wait_line "$T/watch.out" 'ESTABLISHED -> FIN_WAIT2 +by way of FIN-WAIT-1|FIN_WAIT1 -> FIN_WAIT2 +rcv ACK of FIN'
    stop_process "$server_pid"
    stop_process "$watch_pid" TERM
    assert_equal "$status" 0 "exit status"
}

@test "watch --json: each line is an object with from, to and the row" {
    perl -MJSON::PP -e 1 2>/dev/null || skip "perl has no JSON::PP here"
    start_server 0
    start watch tcpstate watch --json "$port"
    wait_line "$T/watch.out" '"there"'
    "$BIN/tcp_client" -q 127.0.0.1 "$port" x >/dev/null
    wait_line "$T/watch.out" 'TIME_WAIT'
    perl -MJSON::PP -ne '$r = decode_json($_); die if grep { !defined $r->{$_} } qw(time event from to rfc row)' "$T/watch.out"
}

@test "watch --for ends by itself; with a state only changes into or out of it are told" {
    start_server 0
    run_for 10 watch tcpstate watch --for 0.2 "$port"
    assert_equal "$status" 0 "exit status"
    start watch tcpstate watch "$port" TIME_WAIT
    start other tcpstate watch "$port"
    wait_line "$T/other.out" LISTEN
    "$BIN/tcp_client" -q 127.0.0.1 "$port" x >/dev/null
    wait_line "$T/watch.out" TIME_WAIT
    run ! grep -v TIME_WAIT "$T/watch.out"
}

@test "wait: until a socket is in a state, or no longer; its time is bounded" {
    port=$(free_port)
    start waiting tcpstate wait "$port" LISTEN
    waiting_pid=$pid
    start_server "$port"
    wait_exit "$waiting_pid"
    assert_equal "$status" 0 "exit status"
    assert_equal "$(sed 's/ *$//' "$T/waiting.out")" "$(netstat_rows "$port" LISTEN | sed 's/ *$//')"
    start gone tcpstate wait --gone "$port" LISTEN
    gone_pid=$pid
    stop_process "$server_pid"
    wait_exit "$gone_pid"
    assert_equal "$status" 0 "exit status"
    run_for 10 late tcpstate wait --for 0.05 "$port" LISTEN
    assert_equal "$status" 1 "exit status"
    assert_match "$(cat "$T/late.err")" '^tcpstate: wait: after 0.05 s there is no such socket$'
}

@test "bad input: one line on stderr that says what and why, exit status 2" {
    refused "0x50.*not a decimal number" 0x50
    refused "-1|invalid option" -1
    refused "65536" 65536
    refused "'http': neither a port nor a state" http
    refused "port 0" 0
    refused "one port at a time" 7000 7001
    refused "CLOSED is the absence of a row" CLOSED
    refused "nosuch" --nosuch
    refused "nosuch" watch --nosuch
    refused "interval" watch --interval never
    refused "for what" wait
    refused "for" wait --for x 7000
}
refused() { # REGEX ARGUMENT...
    local regex=$1
    shift
    run --separate-stderr "$BIN/tcpstate" "$@"
    assert_equal "$status" 2 "exit status of tcpstate $*"
    assert_equal "$output" '' "stdout of tcpstate $*"
    assert_equal "$(wc -l <<<"$stderr")" 1 "lines on stderr of tcpstate $*"
    assert_match "$stderr" "$regex" "stderr of tcpstate $*"
    assert_match "$stderr" '^(.*/)?tcpstate: '
}

@test "help and version: on stdout, exit status 0" {
    for command in '' list watch wait diagram hold tour explain; do
        # shellcheck disable=SC2086 # no command is no word
        run --separate-stderr "$BIN/tcpstate" $command --help
        assert_equal "$status" 0 "exit status of tcpstate $command --help"
        assert_match "$output" '^usage: tcpstate'
    done
    run "$BIN/tcpstate" --version
    assert_match "$output" '^tcpstate \(netstep\) [0-9]'
}
