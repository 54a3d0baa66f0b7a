#!/usr/bin/env bats
# wire --step and --quiz: a person decides about each packet, by lines from a pipe or by keys on a screen.

load helper

setup() {
    setup_started
    needs_wire
}

# Gives the lines in $1 (a printf format) to wire, whose further arguments follow; $T/step.out and .err, $status.
steps() {
    # shellcheck disable=SC2059
    printf "$1" >"$T/keys"
    shift
    STDIN=$T/keys run_for 30 step wire --step "$@"
}

# The ladder shows a row of that packet, with both states: row NUMBER CLIENT SERVER [TEXT]
row() {
    grep -Eq "^ *$1  $2 .*${4:-}.* $3\$" "$T/step.out" ||
        fail "no row $1 with the states $2 and $3 ${4:+and '$4'}" "$(cat "$T/step.out" "$T/step.err")"
}

says() {
    grep -Eq -- "$1" "$T/step.out" || fail "nobody says '$1'" "$(cat "$T/step.out" "$T/step.err")"
}

# ---- by lines

@test "step: an empty line delivers a packet, and the states of both ends stand beside it" {
    steps '\n\n\nq\n'
    assert_equal "$status" 0
    row 1 SYN_SENT SYN_RECV 'SYN seq 0'
    row 2 ESTABLISHED SYN_RECV 'SYN\+ACK seq 0 ack 1'
    row 3 ESTABLISHED ESTABLISHED 'ACK seq 1 ack 1'
    run ! grep -E '^ *4 ' "$T/step.out"
}

@test "step: at the end of the input everything goes on by itself" {
    steps ''
    assert_equal "$status" 0
    row 1 SYN_SENT SYN_RECV
    says '^     hello$'
    says '^     end: exit status 0$'
    grep -Eq 'TIME_WAIT .* (CLOSED|LISTEN)$' "$T/step.out" || fail "no end" "$(cat "$T/step.out")"
}

@test "step: x drops a packet, and the sender repeats it when its timer ends" {
    steps 'x\n\nq\n' # a SYN: after a second
    row 1 SYN_SENT LISTEN '✗'
    row 2 SYN_SENT SYN_RECV '1 again'
    says 'packet 1 is lost'
}

@test "step: --own-timers repeats data soon" {
    steps '\n\n\nx\n' --own-timers
    assert_equal "$status" 0
    row 4 ESTABLISHED ESTABLISHED '✗'
    says '\(4 again\)'
    says '^     hello$'
}

@test "step: 2 delivers a packet and keeps a copy, which changes nothing when it comes" {
    steps '2\n\nq\n'
    row 1 SYN_SENT SYN_RECV 'SYN seq 0'
    row 1 SYN_SENT SYN_RECV 'once more'
}

# The client is a process and may write its data late; then the third packet was alone when the key came: once more.
steps_with_two() { # KEYS
    for _ in {1..30}; do
        steps "$1"
        ! grep -Eq '^ *4 ' "$T/step.out" || return 0
    done
}

@test "step: l lets the packet behind overtake, and j chooses another one" {
    # The ACK and the data behind it are on the wire: the data go first.
    steps_with_two '\n\nl\n\nq\n'
    says 'packet 3 waits'
    grep -Eq '^ *4 ' "$T/step.out" || fail "4 did not overtake" "$(cat "$T/step.out")"
    run ! grep -E '^ *3 ' "$T/step.out"
    steps_with_two '\n\nj\n\nq\n'
    grep -Eq '^ *4 ' "$T/step.out" || fail "4 was not chosen" "$(cat "$T/step.out")"
    run ! grep -E '^ *3 ' "$T/step.out"
}

@test "step: g goes on until a state changes" {
    steps '\n\n\ng\nq\n' # from ESTABLISHED to the client's close
    says '^ +FIN_WAIT1 |^ *[0-9]+  FIN_WAIT1 '
    run ! grep -E 'TIME_WAIT' "$T/step.out"
}

@test "step: netstat of both hosts, everything about a packet, help, and keys that do not exist" {
    steps '\nc\ns\ni\n?\nz\nq\n'
    says '^netstat -ant on the client:$'
    says '^tcp .* 10\.0\.0\.2:7000 +SYN_SENT'
    says '^netstat -ant on the server:$'
    says '^tcp .* 10\.0\.0\.1:[0-9]+ +SYN_RECV'
    says '^TCP flags +SYN\+ACK$'
    says '^option +maximum segment size 1460 bytes$'
    says '^Enter, space +deliver'
    says "'z' is no key here"
    steps "$(head -c 3000 /dev/zero | tr '\0' 'w')" # a line that is too long
    assert_equal "$status" 0
}

@test "step: netstat and hosts do not get used up by looking fifty times" {
    steps "$(printf 's\\n%.0s' $(seq 50))"
    assert_equal "$status" 0
    assert_equal "$(grep -c '^netstat -ant on the server:$' "$T/step.out")" 50
    says '^     end: exit status 0$'
}

@test "step: the client's exit status is wire's; UDP and a refused connection are stepped as well" {
    steps '' --client 'exit 3'
    assert_equal "$status" 1
    steps '\n\nq\n' --client 'tcp_client 10.0.0.2 7001 x' --server 'exec sleep 100'
    row 1 SYN_SENT CLOSED 'SYN seq 0'
    row 2 CLOSED CLOSED 'RST\+ACK'
    steps '\n\n' --server 'udp_echo -b 10.0.0.2 -l 7000' --client 'udp_echo --count 1 10.0.0.2 7000'
    says 'UDP [0-9]+ > 7000'
}

@test "step: --json has only JSON in it, what is said to the person is on standard error; --ascii has only ASCII" {
    steps '\ni\nz\n2\n\nx\nq\n' --json
    run ! grep -Ev '^\{.*\}$' "$T/step.out"
    grep -q "'z' is no key here" "$T/step.err" || fail "nothing is said" "$(cat "$T/step.err")"
    grep -Eq '^ *1  SYN_SENT .* SYN_RECV$' "$T/step.err" || fail "no ladder" "$(cat "$T/step.err")"
    steps '\nx\nq\n' --ascii
    LC_ALL=C run ! grep '[^ -~]' "$T/step.out"
}

# ---- the quiz, by lines

@test "quiz: right answers by number and by name, in any spelling" {
    steps '\n2\nsyn-received\n\nESTABLISHED\nSYN_RECV\nq\n' --quiz
    says '✓ client: SYN_SENT is right'
    says '✓ server: SYN_RECV is right. \(RFC 9293, 3.10.7.2, third\)'
    says '✓ client: ESTABLISHED is right. \(RFC 9293, 3.10.7.3, fourth\)'
    says '^quiz: 4 of 4 right \(100 %\)$'
    run ! grep 'what was not right' "$T/step.out"
}

@test "quiz: a wrong answer is explained with the RFC's section, and again at the end" {
    steps '\n2\nESTABLISHED\n\n\n\nq\n' --quiz
    says '✗ server: not ESTABLISHED but SYN_RECV. RFC 9293, 3.10.7.2, third'
    says '✗ client: it is ESTABLISHED. RFC 9293, 3.10.7.3, fourth'
    says '^quiz: 1 of 4 right \(25 %\), 2 times no answer$'
    says '^  packet 1, SYN '
    says '^  packet 2, SYN\+ACK '
}

@test "quiz: what is no answer is asked again" {
    steps '\nbogus\n7\n2\n3\nq\n' --quiz
    says '"bogus" is no state'
    says '"7" is no state'
    says '^quiz: 2 of 2 right'
}

# The answers in a stream of events, in short.
answers() {
    command -v jq >/dev/null || skip "jq is not installed"
    jq -r 'select(.event == "answer") | [.question, .packet, .host, .answer // "-", .truth, .right] | join(" ")' "$1"
}

@test "quiz: --json=FILE: each answer is an event behind the delivery that it was about, and the quiz is asked as ever" {
    steps '\n2\nESTABLISHED\n\n\n3\n' --quiz --json="$T/events"
    assert_equal "$status" 0
    says 'will the client be then'
    says '^quiz: 2 of 4 right'
    row 1 SYN_SENT SYN_RECV
    assert_equal "$(answers "$T/events")" "1 1 client SYN_SENT SYN_SENT true
2 1 server ESTABLISHED SYN_RECV false
3 2 client - ESTABLISHED false
4 2 server SYN_RECV SYN_RECV true"
    assert_equal "$(jq -r 'select(.packet == 2 or .event == "answer") | .event' "$T/events" | tail -n 3 | tr '\n' ' ')" \
        "delivered answer answer "
    jq 'select(.event == "answer") | .before.client and .from and .to and .connection == 1 and (.seconds >= 0) and
        (.time > 0) and (.summary | startswith("SYN"))' "$T/events" >"$T/good"
    assert_equal "$(sort "$T/good" | uniq -c | tr -s ' ')" ' 4 true'
    assert_equal "$(jq -r .event "$T/events" | sed -n '1p;$p' | tr '\n' ' ')" 'begin end '
}

@test "quiz: --json on standard output: nothing but events there; what is asked, the ladder and the score on standard error" {
    steps '\n2\nsyn-received\n\ni\nq\n' --quiz --json
    assert_equal "$status" 0
    run ! grep -Ev '^\{.*\}$' "$T/step.out"
    assert_equal "$(answers "$T/step.out")" "1 1 client SYN_SENT SYN_SENT true
2 1 server SYN_RECV SYN_RECV true"
    mv "$T/step.err" "$T/step.out" # where says and row look
    : >"$T/step.err"
    says 'will the client be then'
    says '✓ client: SYN_SENT is right'
    says '"i" is no state'
    says '^quiz: 2 of 2 right'
    row 1 SYN_SENT SYN_RECV
}

@test "quiz: answers survive an end in the middle, and a file that can't be written is said before anything is asked" {
    mkfifo "$T/keyboard"
    STDIN=$T/keyboard start quiz wire --step --quiz --json="$T/events"
    exec 9>"$T/keyboard"
    printf '\n2\n2\n' >&9
    wait_line "$T/events" '"event":"answer".*"host":"server"'
    kill -KILL "$pid"
    exec 9>&-
    assert_equal "$(grep -c '"event":"answer"' "$T/events")" 2
    steps '' --quiz --json=/nonexistent/events
    assert_equal "$status" 1
    assert_match "$(cat "$T/step.err")" 'write /nonexistent/events: No such file'
}

@test "quiz: the whole life of a connection: each change is asked about and explained by a rule" {
    steps "$(printf '\\n%.0s' $(seq 40))" --quiz --json="$T/first"
    assert_equal "$status" 0
    local asked
    asked=$(grep -c '"event":"answer"' "$T/first")
    [ "$asked" -ge 12 ] || fail "only $asked questions" "$(cat "$T/step.out")"
    run ! grep '"right":true' "$T/first"
    # No explanation falls back to "has seen more than this packet".
    run ! grep 'has seen more' "$T/step.out"
}

# ---- on a screen

# Starts wire on a terminal of 80 x 24: its keys are written to descriptor 9, what it draws stands in $T/screen.out.
on_screen() {
    command -v script >/dev/null || skip "script (util-linux) is not installed"
    mkfifo "$T/keyboard"
    cat >"$T/inner" <<INNER
stty rows 24 cols 80
tty >$T/tty
stty -g >$T/before
trap : INT
sh -c 'echo \$\$ >$T/wire.pid; exec "\$@"' sh $(printf '%q ' "$BIN/wire" "$@")
echo "rc \$?" >$T/rc
stty -g >$T/after
INNER
    exec 9<>"$T/keyboard"
    TERM=xterm STDIN=$T/keyboard start screen "$(command -v script)" -qefc "sh '$T/inner'" /dev/null
    screen_pid=$pid
    shows 'on the wire: 1 packet' || return
}

press() { printf "$1" >&9; }
screen_has() { tr -d '\r' <"$T/screen.out" | grep -Eq -- "$1"; }
shows() {
    wait_for -t 10 screen_has "$1" || fail "the screen does not show '$1'" "$(tail -n 40 "$T/screen.out" | cat -v)"
}

# It has ended with that status, the terminal is as it was, and the last thing that was drawn is its own screen.
left_with() {
    wait_exit "$screen_pid" 10 || fail "it still runs"
    exec 9>&-
    assert_equal "$(cat "$T/rc")" "rc $1"
    assert_equal "$(cat "$T/after")" "$(cat "$T/before")" "the terminal's settings"
    assert_equal "$(grep -o $'\033\[?1049[hl]' "$T/screen.out" | tr -d '\033' | tr '\n' ' ')" '[?1049h [?1049l '
    tail -c +"$(grep -abo $'\033\[?1049l' "$T/screen.out" | tail -n 1 | cut -d: -f1)" "$T/screen.out" | tr -d '\r' >"$T/rest"
    grep -q $'\033\[?25h' "$T/screen.out" || fail "the cursor stays hidden"
    grep -q 'client 10.0.0.1 .* server 10.0.0.2' "$T/rest" || fail "no ladder remains" "$(cat -v "$T/rest")"
}

@test "screen: packets are held until a key, and the ladder remains when it is left" {
    on_screen
    shows '> 1  SYN_SENT .*○ +LISTEN'
    press '\n'
    shows '> 2  SYN_SENT .*○.* SYN_RECV'
    press ' '
    shows '2  .*ESTABLISHED.* ◀─ SYN\+ACK'
    press 'x'
    shows 'packet 3 is lost|packet 4 is lost'
    press 'q'
    left_with 0
    grep -Eq '^  1  .*SYN_RECV' "$T/rest"
}

@test "screen: to the end by g; then Enter leaves" {
    on_screen
    for _ in $(seq 30); do
        press 'g'
        ! wait_for -t 1 screen_has 'All is over' || break
    done
    shows 'All is over'
    press '\n'
    left_with 0
    grep -q 'end: exit status 0' "$T/rest"
}

@test "screen: automatic goes on by itself" {
    on_screen
    press 'a'
    shows 'each packet goes on by itself'
    shows '4  .*PSH\+ACK.*▶'
    press 'a'
    shows 'each packet waits for you again'
    press 'q'
    left_with 0
}

@test "screen: help, details, netstat, choosing with the arrows" {
    on_screen
    press '?'
    shows 'Enter, space +deliver'
    press 'n'
    press 'i'
    shows 'TCP flags +SYN'
    press '\033'
    press 's'
    shows '10\.0\.0\.2:7000 .*LISTEN'
    press 'n'
    press '\n'
    shows '> 2 '
    press '\n'
    shows 'on the wire: [2-9] packets'
    press '\033[B'
    shows '> 4 '
    press '\033[A'
    press 'q'
    left_with 0
}

@test "screen: the size of the terminal is followed, and one that is too small is said" {
    on_screen
    press '\n'
    shows '> 2 '
    stty -F "$(cat "$T/tty")" rows 10 cols 50
    shows 'The ladder needs 60 x 12; here are'
    stty -F "$(cat "$T/tty")" rows 12 cols 60
    shows '^  1 .*SYN seq 0 win [0-9]+ ──+▶ '
    stty -F "$(cat "$T/tty")" rows 40 cols 132
    shows '^  1 .*SYN seq 0 .*─{40}▶ '
    press 'q'
    left_with 0
}

@test "screen: the terminal is as it was after SIGTERM, Ctrl-C and SIGINT; Ctrl-Z and Ctrl-\\ do nothing" {
    on_screen
    press '\032\034\n'
    shows '> 2 '
    kill -TERM "$(cat "$T/wire.pid")"
    left_with 143
}

@test "screen: Ctrl-C" {
    on_screen
    press '\003'
    left_with 130
}

@test "screen: a command that is killed is told, and the rest can still be stepped" {
    local word=hello.$$.$RANDOM # no other test's client has it
    on_screen --server 'exec tcp_server -q -b 10.0.0.2 7000' --client "exec tcp_client 10.0.0.2 7000 $word"
    press '\n'
    shows '> 2 '
    press '\n'
    shows '> [34]  (ESTABLISHED|FIN_WAIT1)'
    local id
    id=$(pgrep -f "^tcp_client 10.0.0.2 7000 $word\$")
    kill -KILL "$id"
    shows 'end: killed by signal 9'
    press 'q'
    left_with 1
}

@test "screen: what a program prints can neither move the cursor nor leave its line" {
    on_screen --client "printf '\\033[2J\\033[Hgone \\302\\233 %s\\n' \$(seq -s x 200); exec tcp_client -q 10.0.0.2 7000 hello"
    press '\n'
    shows '> 2 '
    press 'q'
    left_with 0
    run ! grep -aq $'\033\[2J' "$T/screen.out"
}

@test "screen: quiz: numbers answer at once, names with Enter; the score stands on the screen and at the end" {
    on_screen --quiz
    press '\n'
    shows 'the client be then'
    press '2'
    shows 'the server be then'
    press 'syn_rcvd\n'
    shows 'server: SYN_RECV is right'
    shows 'quiz: 2 of 2 right'
    press 'g'
    shows 'not in the quiz'
    press '\n'
    shows 'Packet 2, SYN\+ACK'
    press 'q' # in the middle of a question
    left_with 0
    grep -q '^quiz: 2 of 2 right (100 %)' "$T/rest"
}

@test "screen: with --json=FILE the quiz is on the screen as ever, and its answers are in the file at once" {
    on_screen --quiz --json="$T/events"
    press '\n'
    shows 'the client be then'
    press '2'
    shows 'the server be then'
    press '3'
    shows 'quiz: [12] of 2 right'
    assert_equal "$(grep -c '"event":"answer"' "$T/events")" 2 'answers'
    press 'q'
    left_with 0
}

@test "--quiz --json where standard output is a terminal: the questions would stand between the events, so a file is asked for" {
    command -v script >/dev/null || skip "script (util-linux) is not installed"
    run_for 10 refused "$(command -v script)" -qefc "$(printf '%q ' "$BIN/wire") --quiz --json" /dev/null
    assert_equal "$status" 2
    assert_equal "$(tr -d '\r' <"$T/refused.out")" 'wire: --quiz asks where --json writes, on this terminal: --json=FILE'
}
