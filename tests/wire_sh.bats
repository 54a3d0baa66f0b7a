#!/usr/bin/env bats
# wire sh and wire netstat: others join the hosts of a wire that runs.

# helper.bash sets pid, port and status. In single quotes stands what a shell on a host expands.
# shellcheck disable=SC2154,SC2016,SC2034

load wire

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
    timeout 300 "${own[@]}" bash -c '
        ask none
        begin 1; first=$!
        ask one
        begin 2; second=$!
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
begin() { # NUMBER
    : >"$T/begun.$1"
    "$BIN/wire" --free -s "echo listening on; exec sleep 300" >"$T/begun.$1" &
    until grep -q "listening on" "$T/begun.$1"; do :; done
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
