#!/usr/bin/env bats
# wire's two hosts: they stand and talk, nothing of them is left however they end, and others join them.

# helper.bash sets pid, port and status. In single quotes stands what a shell on a host expands.
# shellcheck disable=SC2154,SC2016,SC2034

load helper

# Leaks can't be looked for in a process that has left its namespace of processes: SAN=1 looks for the rest.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0

setup() {
    setup_started
    "$BIN/wire" -q --free -c true >"$T/try" 2>&1 || skip "$(tail -n 1 "$T/try")"
    sleeper="$T/sleep-$RANDOM" # programs on the hosts that can be told from all others
    ln -s "$(command -v sleep)" "$sleeper"
}

# wire with these options and arguments, in the background; its process is $wire_pid.
start_wire() { # NAME [ARG]...
    start "$1" wire "${@:2}"
    wire_pid=$pid
}
# The same, once the server's command runs: a command on the server whose last line is "listening on".
start_wire_that_waits() {
    start_wire "$1" --free --server "echo listening on; exec $sleeper 300" "${@:2}"
    wait_line "$T/$1.out" 'listening on' || fail "no command runs on the server" "$(cat "$T/$1".*)"
}

# Runs a free wire to its end: talk STATUS SERVER CLIENT.
talk() {
    local commands=(--client "$3")
    [ -z "$2" ] || commands+=(--server "$2")
    run_for 30 talk wire --free "${commands[@]}"
    assert_equal "$status" "$1" 'exit status' || fail "$(cat "$T/talk.out" "$T/talk.err")"
}
said() { grep -Eq -- "$1" "$T/talk.out" || fail "nobody says '$1'" "$(cat "$T/talk.out" "$T/talk.err")"; }

# One line on standard error, and exit status 2.
refuses() { # REGEX ARG...
    run_for 10 refused wire "${@:2}"
    assert_equal "$status" 2 "exit status of wire ${*:2}" || return
    assert_equal "$(grep -c '' "$T/refused.err")" 1 "lines of wire ${*:2}" || fail "$(cat "$T/refused.err")" || return
    assert_match "$(cat "$T/refused.err")" "^([^ ]*/)?wire( sh| netstat)?: .*$1" "wire ${*:2}" || return
    assert_empty "$T/refused.out"
}

# ---- what is left

# The namespaces that a wire has made, as /proc names them: those of its processes that are not ours.
namespaces_of() { # PID...
    local id space
    for id in "$@"; do
        for space in net pid user mnt uts; do
            readlink "/proc/$id/ns/$space"
        done
    done 2>/dev/null | sort -u | grep -vxF -f <(readlink /proc/$$/ns/*)
}
# The living processes that are in one of the namespaces in $T/namespaces.
inside() {
    local id
    perl -e '
        my %made = map { chomp; $_ => 1 } <STDIN>;
        for my $process (glob "/proc/[0-9]*") {
            my @its = grep { $made{ readlink("$process/ns/$_") // "" } } qw(net pid user mnt uts);
            print substr($process, 6), "\n" if @its;
        }' <"$T/namespaces" | while read -r id; do
        ! running "$id" || is_anothers "$id" || echo "$id"
    done
}
# A namespace that is gone has left its number to the next one: what is there then may be another test's.
is_anothers() {
    local environment
    environment=$(tr '\0' '\n' <"/proc/$1/environ") 2>/dev/null || return 1
    [ -n "$environment" ] && ! grep -qxF "NETSTEP_TEST=$NETSTEP_TEST" <<<"$environment"
}
remember_namespaces() { # of the wire and what runs under it
    namespaces_of "$wire_pid" $(pgrep -P "$wire_pid") "$@" >"$T/namespaces"
    [ "$(wc -l <"$T/namespaces")" -ge 3 ] && [ -n "$(inside)" ] || fail "nobody is in them?" "$(cat "$T/namespaces")"
}
nothing_left() {
    ! pgrep -f "^$sleeper" >/dev/null && [ -z "$(inside)" ] &&
        ! grep -q "netstep-wire/[0-9]*/$wire_pid\$" /proc/net/unix
}
assert_nothing_left() {
    wait_for -t 5 nothing_left || fail "$1: left behind:" "$({ pgrep -f "^$sleeper"; inside; } | xargs -r -n 1 ps -o pid=,stat=,args= -p)" \
        "$(grep "netstep-wire/[0-9]*/$wire_pid\$" /proc/net/unix)"
}

# ---- both hosts stand

@test "hosts: TCP by IPv4 and IPv6, UDP, and what a student's own program would do" {
    talk 0 'tcp_server -q -b 10.0.0.2 7000' 'tcp_client -q 10.0.0.2 7000 hello'
    said '^     hello$'
    if [ -e /proc/net/if_inet6 ]; then
        talk 0 'tcp_server -q -b fd00::2 7000' 'tcp_client -q fd00::2 7000 hello'
        said '^     hello$'
    fi
    talk 0 'udp_echo -q -b 10.0.0.2 -l 7000' 'udp_echo -q 10.0.0.2 7000 hello'
    said 'UDP .* 5'
    said '^     hello$'
    talk 0 'udp_echo -q -b 10.0.0.2 -l 7000' 'udp_echo -q --count 20 --interval 0.001 10.0.0.2 7000'
    said '20 sent, 20 received' || fail "$(cat "$T/talk.out")"
}

@test "hosts: ping" {
    command -v ping >/dev/null || skip 'ping is not installed'
    talk 0 '' 'ping -c 2 -i 0.2 10.0.0.2'
    said ' 0% packet loss'
}

@test "hosts: a command is the user, with the user's files and the user's directory" {
    cd "$T"
    talk 0 '' 'touch made; id -u; hostname; echo "$NETSTEP_HOST"; pwd'
    assert_equal "$(stat -c %u "$T/made")" "$(id -u)" "owner of a file that was made on the client"
    said "^     $(id -u)\$"
    said '^     client$'
    said "^     $T\$"
}

@test "hosts: each sees its own network only" {
    start_server 0
    talk 0 '' "! tcp_client -q -t 1 127.0.0.1 $port hello 2>/dev/null"
    talk 0 '' 'test "$(grep -c : /proc/net/dev)" -eq 2'
}

@test "hosts: two wires at once do not meet" {
    start_wire_that_waits first
    first_pid=$wire_pid
    talk 0 'tcp_server -q -b 10.0.0.2 7000' 'tcp_client -q 10.0.0.2 7000 hello'
    running "$first_pid"
    stop_process "$first_pid"
}

# ---- commands and their ends

@test "commands: the exit status of the client's is 0 or 1 of wire's; the server is ended" {
    talk 0 "$sleeper 300 & echo listening on; wait" true
    talk 1 '' 'exit 3'
    said 'end: exit status 3'
    talk 1 '' 'kill -9 $$'
    said 'end: killed by signal 9'
    talk 1 '' no-such-program
    said 'end: exit status 127'
    said 'not found'
    run_for 30 both wire -q --free -c true -c false
    assert_equal "$status" 1 'exit status where one of two failed'
    wire_pid=$pid
    : >"$T/namespaces"
    assert_nothing_left 'after all'
}

@test "commands: a server that ends before it listens lets the client start all the same" {
    talk 1 'exit 4' 'tcp_client -q 10.0.0.2 7000 hello'
    said 'exit status 4'
    said 'Connection refused'
}

@test "commands: a server that never listens is waited for, not for ever" {
    SECONDS=0
    talk 0 "exec $sleeper 300" true
    [ "$SECONDS" -ge 5 ] && [ "$SECONDS" -lt 30 ] || fail "it was $SECONDS s"
}

@test "commands: endless output does not keep wire from ending" {
    run_for 30 endless wire -q --free -s 'echo listening on; exec yes' -c true
    assert_equal "$status" 0
    run_for 30 wide wire -q --free -c 'head -c 3000000 /dev/zero; echo'
    assert_equal "$status" 0
    start_wire noisy -q --free -c 'exec yes'
    wait_for eval "pgrep -P $wire_pid yes >/dev/null" || true
    stop_process "$wire_pid" TERM 5 || fail 'it still runs 5 s after SIGTERM'
}

@test "commands: daemons that left their session are gone afterwards" {
    start_wire daemons --free -s "setsid $sleeper 300 & (setsid $sleeper 301 &) ; echo listening on; wait" -c "$sleeper 302"
    wait_for eval "[ \$(pgrep -f '^$sleeper' | wc -l) -ge 3 ]" || fail 'the daemons do not run' "$(cat "$T"/daemons.*)"
    remember_namespaces
    pkill -f "^$sleeper 302"
    wait_exit "$pid" 10
    assert_nothing_left 'after the end of the client'
}

# ---- ends

@test "kill -9 of wire, with daemons, with a shell that has joined: nothing is left" {
    for _ in 1 2 3; do
        start_wire_that_waits killed --server "setsid $sleeper 301 & wait"
        start joined wire sh --of "$wire_pid" client sh -c "setsid $sleeper 302 & echo here; exec $sleeper 303"
        joined_pid=$pid
        wait_line "$T/joined.out" here || fail 'nobody joined' "$(cat "$T/joined.err")"
        wait_for eval "[ \$(pgrep -f '^$sleeper' | wc -l) -eq 4 ]"
        remember_namespaces $(pgrep -f "^$sleeper")
        stop_process "$wire_pid" KILL
        wait_exit "$joined_pid" 5 || fail 'wire sh still waits'
        assert_equal "$status" 137 'exit status of wire sh'
        assert_match "$(cat "$T/joined.err")" '^wire: the wire has ended'
        assert_nothing_left 'after kill -9'
    done
}

@test "kill -9 of a wire that plays a script, and SIGTERM: nothing is left" {
    printf '%s\n' "run server echo listening on; exec $sleeper 300" 'expect SYN from client' >"$T/waits.wire"
    for signal in KILL TERM; do
        start_wire script "$T/waits.wire"
        wait_for eval "pgrep -f '^$sleeper' >/dev/null" || fail "the script does not run" "$(cat "$T"/script.*)"
        namespaces_of $(pgrep -f "^$sleeper") >"$T/namespaces"
        stop_process "$wire_pid" "$signal" || fail "it still runs after SIG$signal"
        assert_nothing_left "after SIG$signal"
    done
}

@test "SIGTERM and SIGINT in each phase: wire dies of the signal within 2 s and leaves nothing" {
    for signal in TERM INT; do
        for phase in "server does not listen:--free -s 'exec $sleeper 300' -c true" \
            "client runs:--free -c 'exec $sleeper 300'" \
            "held packet:--play=300 -s 'tcp_server -q -b 10.0.0.2 7000' -c '$sleeper 0; tcp_client -q 10.0.0.2 7000 x'" \
            "client ignores it:--free -c 'trap \"\" TERM INT; $sleeper 300; $sleeper 301'" \
            "bad network:--delay 50 -s 'tcp_server -q -b 10.0.0.2 7000' -c '$sleeper 300'"; do
            eval "start_wire phase ${phase#*:}"
            wait_for has_children "$wire_pid" || fail "${phase%%:*}: nothing runs"
            remember_namespaces
            stop_process "$wire_pid" "$signal" 2 || fail "${phase%%:*}: it still runs 2 s after SIG$signal"
            assert_equal "$(status_text "$status")" "killed by SIG$signal" "${phase%%:*}"
            assert_nothing_left "${phase%%:*}, SIG$signal"
        done
    done
}
has_children() { [ "$(pgrep -P "$1" | wc -l)" -ge 2 ]; } # the hosts' first process, and a command

@test "SIGTERM while the hosts are being made: it ends, and nothing is left" {
    for ((i = 0; i < 20; i++)); do
        start_wire early -q --free -c "exec $sleeper 300"
        ((i % 4 == 0)) || wait_for -t 2 eval "[ \$(pgrep -P $wire_pid | wc -l) -ge $((i % 3)) ]"
        stop_process "$wire_pid" TERM 3 || fail "it still runs 3 s after SIGTERM"
        assert_equal "$(status_text "$status")" "killed by SIGTERM"
        : >"$T/namespaces"
        assert_nothing_left "attempt $i"
    done
}

@test "a wire sh that is stopped does not keep wire from ending" {
    start_wire_that_waits ending
    start joined wire sh --of "$wire_pid" client sh -c "echo here; exec $sleeper 303"
    joined_pid=$pid
    wait_line "$T/joined.out" here
    kill -STOP "$joined_pid"
    stop_process "$wire_pid" TERM 5 || fail 'it waits for a process that is stopped'
    kill -CONT "$joined_pid"
    wait_exit "$joined_pid" 5 || fail 'wire sh does not see the end'
    assert_equal "$status" 137
}

# ---- others join

@test "wire sh: a command on a host, its exit status, its signal, its input and output" {
    start_wire_that_waits joins
    run_for 10 on wire sh --of "$wire_pid" client hostname
    assert_equal "$(cat "$T/on.out")$status" client0 "$(cat "$T/on.err")"
    run_for 10 on wire sh --of "$wire_pid" server sh -c 'echo "$NETSTEP_HOST"; cat; exit 7'
    assert_equal "$(cat "$T/on.out")$status" server7
    echo words >"$T/words"
    STDIN=$T/words run_for 10 on wire sh --of "$wire_pid" client cat
    assert_equal "$(cat "$T/on.out")" words
    run_for 10 on wire sh --of "$wire_pid" client sh -c 'kill -TERM $$'
    assert_equal "$status" 143
    run_for 10 on wire sh --of "$wire_pid" client "$T/no-such-program"
    assert_equal "$status" 127
    assert_equal "$(grep -c '' "$T/on.err")" 1 'lines'
    assert_match "$(cat "$T/on.err")" '^wire: run .*/no-such-program on the client: No such file'
    : >"$T/plain"
    run_for 10 on wire sh --of "$wire_pid" client "$T/plain"
    assert_equal "$status" 126
    cd "$T"
    run_for 10 on wire sh --of "$wire_pid" client touch made-there
    assert_equal "$(stat -c %u "$T/made-there")" "$(id -u)" "owner of a file"
}

@test "wire sh: programs in two terminals talk over the wire, which tells their packets" {
    start_wire_that_waits joins
    start_listening server "$BIN/wire" sh --of "$wire_pid" server tcp_server -q -b 10.0.0.2 7000
    run_for 10 client wire sh --of "$wire_pid" client tcp_client -q 10.0.0.2 7000 hello
    assert_equal "$(cat "$T/client.out")" hello
    wait_line "$T/joins.out" 'SYN\+ACK'
}

@test "wire sh: SIGTERM and SIGHUP are for the program; wire sh ends as it does" {
    start_wire_that_waits joins
    for signal in TERM HUP; do
        start joined wire sh --of "$wire_pid" client sh -c "echo here; exec $sleeper 303"
        wait_line "$T/joined.out" here
        stop_process "$pid" "$signal" || fail "it still runs after SIG$signal"
        assert_equal "$status" $((128 + $(kill -l "$signal"))) "exit status after SIG$signal"
        wait_for -t 5 eval "! pgrep -f '^$sleeper 303' >/dev/null" || fail 'the program still runs'
    done
}

@test "wire sh on a terminal: Ctrl-C and Ctrl-Z are for what runs there; the terminal is as before when the wire is killed" {
    command -v python3 >/dev/null || skip 'python3 is not installed'
    start_wire_that_waits joins
    cat >"$T/dialogue" <<'PYTHON'
import os, pty, re, select, signal, sys, time
wire, of, sleeper = sys.argv[1:]
os.environ.update(SHELL="/bin/sh", PS1="out> ", TERM="dumb", ENV="")
child, terminal = pty.fork()
if child == 0:
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
seen = ""
def until(pattern):
    global seen
    end = time.time() + 20
    while not re.search(pattern, seen):
        ready, _, _ = select.select([terminal], [], [], max(0, end - time.time()))
        if not ready:
            sys.exit("no " + pattern + " in: " + seen)
        got = os.read(terminal, 4096).decode(errors="replace")
        sys.stdout.write(got)
        seen += got
    seen = ""
def keys(text, pattern):
    os.write(terminal, text.encode())
    until(pattern)
def runs(program):
    end = time.time() + 20
    while os.system("pgrep -f '^%s' >/dev/null" % program):
        if time.time() > end:
            sys.exit("it does not run: " + program)
def in_front(program): # it runs again, and the terminal's keys are for it
    end = time.time() + 20
    while True:
        ps = os.popen("ps -o pgid=,tpgid=,stat= -p $(pgrep -f '^%s' | head -n 1)" % program).read().split()
        if len(ps) == 3 and ps[0] == ps[1] and "T" not in ps[2]:
            return
        if time.time() > end:
            sys.exit("it is not in front: " + program)
join = wire + " sh --of " + of + " client"
until("out> $")
keys(join + "\n", r"This shell is on the client, 10\.0\.0\.1.*\n.*out> $")
keys("PS1='in''> '\n", "in> $")
os.write(terminal, (sleeper + " 311\n").encode()); runs(sleeper + " 311")
keys("\x03", "in> $")
keys("echo status $?\n", "status 130")
os.write(terminal, (sleeper + " 312\n").encode()); runs(sleeper + " 312")
keys("\x1a", "Stopped")
keys("fg\n", "312\r\n"); in_front(sleeper + " 312")
keys("\x03", "in> $")
keys("exit 3\n", "out> $")
keys("echo status $?\n", "status 3")
# A command without a shell is a job of the shell outside.
os.write(terminal, (join + " " + sleeper + " 313\n").encode()); runs(sleeper + " 313")
keys("\x1a", "Stopped")
keys("fg\n", "313\r\n"); in_front(sleeper + " 313")
keys("\x03", "out> $")
keys("echo status $?\n", "status 130")
keys("echo words | " + join + " cat | cat\n", "words\r\nout> $")
# A shell that has set the terminal for itself, when it is killed.
keys(join + " bash --norc -i\n", "-i\r\n.*out> $")
os.kill(int(of), signal.SIGKILL)
until("the wire has ended, and with it.*\n.*out> $")
keys("echo status $?; stty -a\n", r"(?s)status 137.* icanon.* echo ")
PYTHON
    run_for 90 terminal "$(command -v python3)" "$T/dialogue" "$BIN/wire" "$wire_pid" "$sleeper"
    assert_equal "$status" 0 'the dialogue' || fail "$(cat "$T/terminal.out" "$T/terminal.err")"
}

@test "wire netstat: the rows of that host; other arguments; ss where there is no netstat" {
    start_wire netstat --free -s 'tcp_server -q -b 10.0.0.2 7000'
    wait_line "$T/netstat.out" 'listening on'
    run_for 10 rows wire netstat --of "$wire_pid" server
    assert_match "$(cat "$T/rows.out")" 'tcp .* 10\.0\.0\.2:7000 .* LISTEN'
    run_for 10 rows wire netstat --of "$wire_pid" client
    run ! grep -q 7000 "$T/rows.out"
    run_for 10 rows wire netstat --of "$wire_pid" server -lnu
    run ! grep -q 7000 "$T/rows.out"
    mkdir "$T/path"
    ln -s "$(command -v ss)" "$T/path/ss"
    if without_netstat; then
        run_netstat --of "$wire_pid" server
        assert_match "$(cat "$T/rows.out")" 'LISTEN .* 10\.0\.0\.2:7000'
        run_netstat --of "$wire_pid" server -ltn
        assert_equal "$status" 127
        assert_match "$(cat "$T/rows.err")" '^wire: netstat is not installed: .*net-tools'
        assert_equal "$(grep -c '' "$T/rows.err")" 1 'lines'
    fi
}
without_netstat() { [ ! -e /usr/sbin/netstat ] && [ ! -e /sbin/netstat ]; } # wire looks there in any case
run_netstat() {
    status=0
    timeout 10 env PATH="$T/path" "$BIN/wire" netstat "$@" >"$T/rows.out" 2>"$T/rows.err" 3>&- || status=$?
}

# Wires are found in the network that they were started in: in one of our own there are no others.
@test "wire sh: none runs, one runs, two run: a line that says what to do" {
    own=(unshare -n)
    [ "$(id -u)" -eq 0 ] || own=(unshare -Urn)
    "${own[@]}" true 2>"$T/why" || skip "no network of our own is to be had here: $(cat "$T/why")"
    export -f ask begin
    export T BIN
    timeout 60 "${own[@]}" bash -c '
        ask none
        begin; first=$!
        ask one
        begin; second=$!
        ask two
        ask first --of $first
        ask second --of $second
        ask other --of 1
        kill $first; wait $first
        ask left
        "$BIN/wire" sh client "$BIN/wire" sh server true 2>"$T/nested.err"
        kill $second; wait $second
        echo "$first $second" >"$T/ids"' 3>&- || true
    read -r first second <"$T/ids"
    answers none 1 '^wire: no wire runs here: start one'
    answers one 0
    answers two 1 "^wire: several wires run \\(($first, $second|$second, $first)\\): .*--of [0-9]+$"
    answers first 0
    answers second 0
    run ! cmp -s "$T/first.out" "$T/second.out"
    answers other 1 '^wire: no wire of yours with process id 1'
    answers left 0
    assert_match "$(cat "$T/nested.err")" '^wire: this is on the client already'
}
ask() { # NAME [OPTION]...
    "$BIN/wire" sh "${@:2}" client readlink /proc/self/ns/net >"$T/$1.out" 2>"$T/$1.err"
    echo $? >"$T/$1.status"
}
begin() {
    "$BIN/wire" --free -s "echo listening on; exec sleep 300" >"$T/begun" &
    until grep -q "listening on" "$T/begun"; do :; done
}
answers() { # NAME STATUS [REGEX]
    assert_equal "$(cat "$T/$1.status")" "$2" "with $1" || fail "$(cat "$T/$1.err")" || return
    assert_match "$(cat "$T/$1.err")" "${3:-^$}" "with $1" || return
    assert_equal "$(grep -c '' "$T/$1.err")" "$([ -z "${3:-}" ] && echo 0 || echo 1)" "lines with $1"
}

@test "wire sh: who connects and says nothing holds nobody up; a stopped wire is given up" {
    command -v python3 >/dev/null || skip 'python3 is not installed'
    start_wire_that_waits busy
    # Many connections that never read, kept open.
    start silent "$(command -v python3)" -c '
import socket, sys, time
kept = []
for i in range(200):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect("\0netstep-wire/%s/%s" % (sys.argv[1], sys.argv[2])); kept.append(s)
print("connected", flush=True)
time.sleep(60)' "$(id -u)" "$wire_pid"
    wait_line "$T/silent.out" connected || fail "$(cat "$T/silent.err")"
    run_for 10 joined wire sh --of "$wire_pid" client true
    assert_equal "$status" 0
    kill -STOP "$wire_pid"
    run_for 20 stopped wire sh --of "$wire_pid" client true
    assert_equal "$status" 1
    assert_match "$(cat "$T/stopped.err")" '^wire: the wire with process id [0-9]+ does not answer: is it stopped'
    kill -CONT "$wire_pid"
}

@test "wire sh: another user can't join; root can, as the wire's user" {
    [ "$(id -u)" -eq 0 ] || skip 'only root can be two users'
    command -v setpriv >/dev/null || skip 'setpriv is not installed'
    as_nobody=("$(command -v setpriv)" --reuid 65534 --regid 65534 --clear-groups)
    python=/usr/bin/python3
    "${as_nobody[@]}" "$python" -c '' 2>/dev/null 3>&- || skip 'python3 is not installed for all users'
    "${as_nobody[@]}" "$BIN/wire" -q --free -c true 3>&- || skip 'no user but root can have hosts here'
    start_wire_that_waits roots
    start other "${as_nobody[@]}" "$BIN/wire" sh --of "$wire_pid" client true
    wait_exit "$pid"
    assert_equal "$status" 1 'of an ordinary user'
    assert_match "$(cat "$T/other.err")" '^wire: no wire of yours'
    start bare "${as_nobody[@]}" "$python" -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.settimeout(10)
s.connect("\0netstep-wire/0/" + sys.argv[1])
data, rights, _, _ = s.recvmsg(16, 256)
print(len(data), len(rights))' "$wire_pid"
    wait_exit "$pid"
    assert_equal "$(cat "$T/bare.out")" '0 0' 'what an ordinary user is given by a root wire' || fail "$(cat "$T/bare.err")"
    stop_process "$wire_pid"
    start users "${as_nobody[@]}" "$BIN/wire" --free -s "echo listening on; exec sleep 300"
    wire_pid=$pid
    wait_line "$T/users.out" 'listening on'
    run_for 10 root wire sh --of "$wire_pid" client id -u
    assert_equal "$(cat "$T/root.out")" 65534 'user id of what root starts there' || fail "$(cat "$T/root.err")"
    start self "${as_nobody[@]}" "$BIN/wire" sh --of "$wire_pid" client id -u
    wait_exit "$pid"
    assert_equal "$(cat "$T/self.out")" 65534
}

# ---- wrong arguments

@test "wrong options: one line, exit status 2, nothing done" {
    for option in --server --client --delay --jitter --loss --duplicate --reorder --rate --seed --svg --pcap; do
        refuses 'requires an argument' "$option"
    done
    refuses 'unrecognized option' --nonsense
    refuses 'invalid option' -x
    refuses 'an empty command' --server ' '
    refuses 'an empty command' -c ''
    for option in --delay --jitter; do
        for value in -1 60001 x '' 1x nan; do refuses "$option '$value': milliseconds" "$option" "$value"; done
    done
    for option in --loss --duplicate --reorder; do
        for value in -1 101 x '' 5%% nan; do refuses 'a percentage' "$option" "$value"; done
    done
    for value in 0 999 101G x '' 1m 1kk -5 nan; do refuses 'bits per second' --rate "$value"; done
    for value in -1 x '' 1.5 99999999999999999999; do refuses "--seed '$value'" --seed "$value"; done
    for value in 0x1 -1 x 100000; do refuses "--play '$value'" "--play=$value"; done
    many=()
    for ((i = 0; i < 17; i++)); do many+=(-c true); done
    refuses 'more than 16 commands' "${many[@]}"
}

@test "options that contradict each other: one line, exit status 2" {
    refuses 'one of them' --step --free
    refuses 'one of them' --play --step
    refuses 'a bad network' --loss 5 --step
    refuses 'a bad network' --delay 5 --play
    refuses 'a bad network' --delay 5 --quiz
    refuses 'step by step' --quiz --free
    echo 'say nothing' >"$T/a.wire"
    refuses 'a script says itself' --free "$T/a.wire"
    refuses 'a script says itself' --loss 5 "$T/a.wire"
    refuses 'a script says itself' -c true "$T/a.wire"
    refuses 'of one script' --svg "$T/a.svg" "$T/a.wire" "$T/a.wire"
    refuses 'not for it' --quiz --json
    [ ! -e "$T/a.svg" ]
}

@test "wire sh and wire netstat, wrong arguments: one line, exit status 2" {
    for command in sh netstat; do
        refuses 'on which host' "$command"
        refuses "host 'middle': client or server" "$command" middle
        refuses 'unrecognized option' "$command" --nonsense client
        refuses 'requires an argument' "$command" --of
        for value in 0 -1 x '' 99999999999; do refuses "--of '$value'" "$command" --of "$value" client; done
    done
    run_for 10 help wire sh --help
    assert_equal "$status" 0
    assert_match "$(cat "$T/help.out")" '^usage: wire sh'
}

# ---- where no hosts can be made

# In a namespace of users of our own, after the shell command $1: wire's exit status is 1, its one line matches $2.
no_hosts_after() {
    local users=(unshare -Ur)
    "${users[@]}" true 2>"$T/why" || skip "no namespace of users is to be had here: $(cat "$T/why")"
    status=0
    timeout 20 "${users[@]}" sh -c "$1 || exit 77; exec '$BIN/wire' -q --free -c true" >"$T/no.out" 2>"$T/no.err" 3>&- || status=$?
    [ "$status" -ne 77 ] || skip "this can't be set here: $(tail -n 1 "$T/no.err")"
    one_reason "$2"
}
one_reason() {
    assert_equal "$status" 1 'exit status' || fail "$(cat "$T/no.err")" || return
    assert_equal "$(grep -c '' "$T/no.err")" 1 'lines' || fail "$(cat "$T/no.err")" || return
    assert_match "$(cat "$T/no.err")" "^wire: no hosts can be made: .*$1"
}

@test "no hosts: user.max_net_namespaces is 0" {
    no_hosts_after 'echo 0 >/proc/sys/user/max_net_namespaces' 'sudo sysctl user\.max_net_namespaces='
}

@test "no hosts: user.max_user_namespaces is 0" {
    # Root in that namespace needs no further one; a user does.
    unshare -Ur true || skip 'no namespace of users is to be had here'
    local drop
    drop=$(command -v setpriv) || skip 'setpriv is not installed'
    status=0
    timeout 20 unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_user_namespaces || exit 77
        exec "$0" --bounding-set=-all --inh-caps=-all --no-new-privs "$1" -q --free -c true' "$drop" "$BIN/wire" \
        >"$T/no.out" 2>"$T/no.err" 3>&- || status=$?
    [ "$status" -ne 77 ] || skip "this can't be set here"
    one_reason 'sudo sysctl user\.max_user_namespaces='
}

@test "no hosts: user.max_pid_namespaces is 0" {
    no_hosts_after 'echo 0 >/proc/sys/user/max_pid_namespaces' 'max_pid_namespaces|too many namespaces'
}

@test "no hosts: a filter of system calls forbids unshare, as Docker's does" {
    local python
    python=$(command -v python3) || skip 'python3 is not installed'
    [ "$(uname -m)" = x86_64 ] || skip 'the filter is written for x86_64'
    status=0
    timeout 20 "$python" - "$BIN/wire" >"$T/no.out" 2>"$T/no.err" 3>&- <<'PYTHON' || status=$?
import ctypes, errno, os, struct, sys
# Load the number of the call; unshare (272) fails with EPERM; everything else is allowed.
code = [(0x20, 0, 0, 0), (0x15, 0, 1, 272), (0x06, 0, 0, 0x00050000 | errno.EPERM), (0x06, 0, 0, 0x7fff0000)]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
filter = struct.pack("HxxxxxxQ", len(code), ctypes.addressof(program))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, filter, 0, 0):
    sys.exit(77)
os.execv(sys.argv[1], ["wire", "-q", "--free", "-c", "true"])
PYTHON
    [ "$status" -ne 77 ] || skip 'no filter can be set here'
    one_reason 'seccomp=unconfined'
}

@test "no hosts: in a chroot" {
    [ "$(id -u)" -eq 0 ] || skip 'only root can chroot'
    command -v setpriv >/dev/null || skip 'setpriv is not installed'
    local library
    mkdir -p "$T/root/proc"
    cp "$BIN/wire" "$T/root/wire"
    while read -r library; do
        cp --parents "$library" "$T/root"
    done < <(ldd "$BIN/wire" | grep -o '/[^ ]*')
    chmod -R a+rX "$T/root"
    status=0
    timeout 20 unshare -m sh -c 'mount --bind /proc "$1/proc" && exec chroot --userspec=65534:65534 "$1" /wire -q --free -c true' \
        sh "$T/root" >"$T/no.out" 2>"$T/no.err" 3>&- || status=$?
    one_reason 'chroot'
}

# ---- its own memory and descriptors

@test "valgrind: wire itself, free, with a bad network, with a script, refused: no error, no leak, no descriptor" {
    command -v valgrind >/dev/null || skip 'valgrind is not installed'
    ! grep -q __asan_init "$BIN/wire" || skip 'the programs are built with SAN=1: the sanitizer has its own eyes'
    local server='tcp_server -q -b 10.0.0.2 7000' client='tcp_client -q 10.0.0.2 7000 hello'
    watched 0 --free -s "$server" -c "$client"
    watched 0 --delay 1 --duplicate 50 --seed 3 -s "$server" -c "$client"
    watched 0 -q --play=0.01 -s "$server" -c "$client"
    watched 0 --free --json -c true
    watched 0 --free --svg "$T/a.svg" --pcap "$T/a.pcapng" -s "$server" -c "$client"
    watched 1 --free --svg "$T/no/a.svg" -c true
    watched 1 --free -c false
    printf '%s\n' "run server $server" 'state server LISTEN' "run client $client" 'expect SYN from client' drop >"$T/a.wire"
    watched 0 "$T/a.wire"
}
watched() { # STATUS ARG...
    start watched "$(command -v valgrind)" --quiet --leak-check=full --errors-for-leak-kinds=definite,indirect,possible \
        --track-fds=yes --error-exitcode=99 --log-file="$T/log.%p" "$BIN/wire" "${@:2}"
    wait_exit "$pid" 60 || fail "wire ${*:2} does not end"
    found=$(grep -E 'ERROR|Invalid|uninitiali|lost in|already closed|Open AF_|Open file descriptor|Syscall param' "$T/log.$pid" |
        grep -vE "Open file descriptor ([012]:|[0-9]+: $T/log)" || true)
    assert_equal "$found" '' "wire ${*:2}" || fail "$(cat "$T/log.$pid")" || return
    assert_equal "$status" "$1" "exit status of wire ${*:2}" || fail "$(cat "$T/watched.err")"
}
