#!/usr/bin/env bats
# tcpstate tour: real connections through every path; what it says it saw is what the kernel and netstat show.

load helper

STATES='LISTEN SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSING TIME_WAIT CLOSE_WAIT LAST_ACK'

tour() { # [OPTION]...: sets $status; its output is in $T/tour.out and .err
    run_for 60 tour tcpstate tour "$@"
}

# A tour in a network of its own, where the commands $1 have been run.
tour_in_network() {
    unshare -rn true 2>/dev/null || skip "no network namespaces here"
    command -v ip >/dev/null && command -v sysctl >/dev/null || skip "ip or sysctl is missing"
    run_for 120 tour /usr/bin/env unshare -rn sh -c "$1"'; exec "$0" tour' "$BIN/tcpstate"
}

# The words of part N's lines without its notes: WHO CALL... and, last, both states and the witness.
part() { # N [FILE]
    awk -v n="$1" '/^ [0-9] /{ on = $1 == n; next } /^ netstat /{ on = 0 } on && / (seen|inferred)$/' "${2:-$T/tour.out}"
}

# The states and the witness of each line of part N, without arrows: "FIN_WAIT2 CLOSE_WAIT seen".
states() { # N
    part "$1" | sed 's/[>→]//g' | awk '{ print $(NF-2), $(NF-1), $NF }'
}

@test "it sees all ten states, counts them in a table, and exits 0" {
    tour
    assert_equal "$status" 0 "exit status"
    assert_empty "$T/tour.err" stderr
    local state
    for state in $STATES; do
        grep -Eq "^ $state +[A-Z0-9-]+ +[1-9][0-9]* +[0-9]+   [1-9 ]+\$" "$T/tour.out" ||
            fail "$state is not in the table as seen" "$(tail -n 16 "$T/tour.out")"
    done
    assert_match "$(tail -n 1 "$T/tour.out")" '^ 10 of the 10 states that have a row were seen\.'
}

@test "the table counts what the lines tell" {
    tour
    local state
    for state in SYN_SENT SYN_RECV CLOSING LAST_ACK; do
        # Where a state is entered it has an arrow. A socket connected to itself stands in both columns and counts once.
        local seen inferred
        read -r seen inferred < <(awk -v arrow="→ $state " '
            /^ [0-9] /{ part = $1 }
            / (seen|inferred)$/ {
                n = gsub(arrow, "&"); if (part == 8 && n == 2) n = 1
                count[$NF] += n
            }
            END { print count["seen"] + 0, count["inferred"] + 0 }' "$T/tour.out")
        assert_match "$(grep "^ $state " "$T/tour.out")" "^ $state +[A-Z-]+ +$seen +$inferred " "the table's $state"
    done
}

@test "each part goes the way of its title" {
    tour
    assert_match "$(states 1)" 'CLOSED LISTEN seen.*SYN_SENT SYN_RECV inferred.*ESTABLISHED ESTABLISHED seen'
    assert_match "$(states 2)" 'SYN_SENT LISTEN seen.*ESTABLISHED ESTABLISHED seen'
    assert_match "$(states 3)" 'ESTABLISHED SYN_RECV seen.*ESTABLISHED ESTABLISHED seen'
    assert_match "$(states 4)" 'FIN_WAIT1 CLOSE_WAIT (seen|inferred).*FIN_WAIT2 CLOSE_WAIT seen.*TIME_WAIT CLOSED seen'
    assert_match "$(states 5)" 'FIN_WAIT1 ESTABLISHED seen.*FIN_WAIT2 LAST_ACK seen.*TIME_WAIT CLOSED seen'
    assert_match "$(states 6)" 'FIN_WAIT1 FIN_WAIT1 seen.*CLOSING FIN_WAIT2 seen.*TIME_WAIT TIME_WAIT seen'
    assert_match "$(states 7)" 'CLOSE_WAIT FIN_WAIT2 seen.*CLOSED TIME_WAIT seen'
    assert_match "$(states 8)" 'SYN_RECV SYN_RECV inferred.*ESTABLISHED ESTABLISHED seen.*TIME_WAIT TIME_WAIT seen'
    assert_match "$(states 9)" 'ESTABLISHED ESTABLISHED seen.*CLOSED CLOSED seen.*SYN_SENT CLOSED inferred.*CLOSED CLOSED seen'
    assert_match "$(cat "$T/tour.out")" 'The client got 10 bytes'
    assert_match "$(cat "$T/tour.out")" 'read\(fd\) = -1: Connection reset by peer'
    assert_match "$(cat "$T/tour.out")" 'bind = -1: Address already in use'
    assert_match "$(cat "$T/tour.out")" 'timer: (5[0-9]\.[0-9]|60\.0) s left'
}

@test "--netstat: netstat's own rows say what the line above them says is seen" {
    tour --netstat
    assert_equal "$status" 0 "exit status"
    # After each "$ netstat" the rows' states, of connection and listening socket, have to hold those of the line before.
    sed 's/[>→]//g' "$T/tour.out" | awk '
        function check(    n, i) {
            if (line == "") return
            split(line, word, " "); n = 0
            for (i = 1; i <= 2; i++)
                if (word[i] != "CLOSED") {
                    if (index(rows, " " word[i] " ") == 0) { print "not in netstat: " word[i] " of: " line "; rows:" rows; bad = 1 }
                    sub(" " word[i] " ", " ", rows)
                    if (part == 8) break # one socket, one row
                }
            stations++; line = ""
        }
        /^tcp/ { rows = rows $6 " "; next }
        { check(); rows = " " }
        /^ [0-9] / { part = $1 }
        / seen$/ { now = $(NF-2) " " $(NF-1) }
        /^\$ netstat -ant \| grep :[0-9]+$/ { line = now }
        END { check(); if (stations < 20) { print "only " stations + 0 " stations"; bad = 1 } exit bad }'
    # Every state was among netstat's rows.
    local state
    for state in $STATES; do
        grep -Eq "^tcp .* $state *\$" "$T/tour.out" || fail "netstat never printed $state"
    done
}

@test "--netstat without a netstat: one line, and the tour goes on" {
    mkdir "$T/path"
    ln -s "$(command -v sh)" "$T/path/sh"
    run_for 60 tour /usr/bin/env "PATH=$T/path" "$BIN/tcpstate" tour --netstat
    assert_equal "$status" 0 "exit status"
    assert_match "$(cat "$T/tour.err")" '^tcpstate: --netstat: there is no netstat here '
    assert_equal "$(grep -c . "$T/tour.err")" 1 "lines on stderr"
    assert_match "$(tail -n 1 "$T/tour.out")" '10 of the 10'
}

@test "in a pipe: no colour, no line over 80 columns; with --ascii nothing but ASCII" {
    tour --ascii
    assert_equal "$status" 0 "exit status"
    run ! grep -q $'\033' "$T/tour.out"
    run ! grep -nP '[^\x00-\x7f]' "$T/tour.out"
    assert_equal "$(awk 'length > 80' "$T/tour.out")" "" "long lines"
}

@test "--json: one event a line, the same states, and the end" {
    tour --json --netstat
    assert_equal "$status" 0 "exit status"
    if command -v python3 >/dev/null; then
        python3 -c 'import json, sys
for line in open(sys.argv[1]): json.loads(line)["event"]' "$T/tour.out"
    fi
    assert_equal "$(grep -vc '^{"event":"[a-z]*".*}$' "$T/tour.out")" 0 "lines that are no event"
    assert_equal "$(grep -c '^{"event":"part"' "$T/tour.out")" 9 "parts"
    assert_equal "$(grep -c '^{"event":"state"' "$T/tour.out")" 11 "states"
    grep -q '"client":"CLOSING","server":"FIN_WAIT2","witness":"seen"}' "$T/tour.out"
    grep -q '^{"event":"netstat","part":6,"row":"tcp .*CLOSING *"}' "$T/tour.out"
    assert_equal "$(tail -n 1 "$T/tour.out")" \
        '{"event":"end","states_seen":10,"states_with_a_row":10,"failures":0}' "last line"
}

on_terminal() { # the tour on a terminal of its own; its output is in $T/terminal.out
    run_for 60 terminal /usr/bin/env script -qec "'$BIN/tcpstate' tour --pause 0" /dev/null
}

@test "on a terminal: colour, and none with NO_COLOR" {
    command -v script >/dev/null || skip "script(1) is missing"
    unset NO_COLOR
    on_terminal
    assert_equal "$status" 0 "exit status"
    grep -q $'\033\\[' "$T/terminal.out"
    grep -q '10 of the 10' "$T/terminal.out"
    export NO_COLOR=1
    on_terminal
    run ! grep -q $'\033' "$T/terminal.out"
    grep -q '10 of the 10' "$T/terminal.out"
}

@test "--step: one Enter a call, the call is shown before it, and the end of input lets it run on" {
    mkfifo "$T/keys"
    exec 9<>"$T/keys"
    STDIN=$T/keys start tour tcpstate tour --step
    wait_for called 'listen\(fd, 1\) * Enter$'
    run ! grep -q seen "$T/tour.out"
    printf '\n' >&9
    wait_for called 'connect\(fd, server\) * Enter$'
    assert_equal "$(grep -c ' seen$' "$T/tour.out")" 1 "lines after one Enter"
    local tour=$pid
    stop_process "$tour" || fail "SIGTERM does not end it"
    exec 9>&-
    assert_equal "$(status_text "$status")" "killed by SIGTERM"

    run_for 30 rest tcpstate tour --step # stdin is /dev/null
    assert_equal "$status" 0 "exit status"
    grep -q '10 of the 10' "$T/rest.out"
}
called() { grep -Eq "$1" "$T/tour.out"; }

@test "SIGINT and SIGTERM end it at once, as the shell wants to see it" {
    local signal
    for signal in INT TERM; do
        start "$signal" tcpstate tour --pause 3600
        wait_line "$T/$signal.out" 'Opening'
        stop_process "$pid" "$signal" || fail "SIG$signal does not end it"
        assert_equal "$(status_text "$status")" "killed by SIG$signal"
        assert_empty "$T/$signal.err" stderr
    done
}

@test "it leaves nothing behind but TIME_WAITs" {
    tour --json --netstat
    local ports number
    ports=$(sed -n 's/.*"row":"tcp .*127\.0\.0\.1:\([0-9]*\) *0\.0\.0\.0.*/\1/p' "$T/tour.out" | sort -u)
    [ "$(echo "$ports" | grep -c .)" -ge 7 ] || fail "ports: $ports"
    assert_equal "$(session_members "$pid")" "" "processes that are left"
    for number in $ports; do
        # A port with a listener is another's by now.
        wait_for -t 5 only_time_wait "$number" || [ -n "$(netstat_rows "$number" LISTEN)" ] || fail "port $number:" "$(netstat_rows "$number")"
    done
}
only_time_wait() { [ -z "$(netstat_rows "$1" | grep -v ' TIME_WAIT')" ]; }

@test "two tours at once" {
    start one tcpstate tour
    local one=$pid
    tour
    assert_equal "$status" 0 "exit status"
    wait_exit "$one" 60
    assert_equal "$status" 0 "exit status of the other"
}

@test "a kernel that keeps no TIME_WAIT: exit 1, and it is named" {
    tour_in_network 'ip link set lo up; sysctl -qw net.ipv4.tcp_max_tw_buckets=0'
    assert_equal "$status" 1 "exit status"
    assert_match "$(cat "$T/tour.err")" 'part 4: the client should be in TIME_WAIT'
    assert_match "$(cat "$T/tour.err")" 'the kernel never showed TIME_WAIT'
    assert_match "$(tail -n 1 "$T/tour.out")" '^ 9 of the 10'
}

@test "no network: exit 1 with the reasons, no hang" {
    tour_in_network :
    assert_equal "$status" 1 "exit status"
    assert_match "$(cat "$T/tour.err")" 'tcpstate: connect 127\.0\.0\.1:[0-9]+: Network is unreachable'
    assert_match "$(cat "$T/tour.err")" 'the kernel never showed ESTABLISHED'
}

@test "bad input: one line on stderr, exit 2" {
    bad() { # PATTERN ARGUMENT...
        local pattern=$1
        shift
        run --separate-stderr "$BIN/tcpstate" tour "$@"
        assert_equal "$status" 2 "exit status of tour $*"
        assert_equal "${#stderr_lines[@]}" 1 "lines on stderr of tour $*"
        assert_match "$stderr" "$pattern"
        assert_equal "$output" "" "stdout of tour $*"
    }
    bad "'LISTEN'" LISTEN
    bad "'slow'" --pause slow
    bad "'-1'" --pause -1
    bad 'nonsense' --nonsense
    bad 'requires an argument' --pause
    bad 'stepping' --step --json
    bad 'one of the two' --step --pause 1
}

@test "--help says what there is" {
    run "$BIN/tcpstate" tour --help
    assert_equal "$status" 0 "exit status"
    assert_match "$output" '--netstat'
}
