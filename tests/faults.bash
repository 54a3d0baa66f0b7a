# faults.bash: what signals.bats and faults.bats share: descriptors that are stuck, and how a program is found to sleep,
# to have ended and to have left nothing.
#
# partners.bash sets pid, port, status and server_pid.
# shellcheck disable=SC2154,SC2034

UNDER_TEST=tcp_server
load partners

SERVER_END=0 # tcp_server's exit status after a signal

slow_peer() { peer "$1" -r 4096 "${@:2}"; } # with a small receive buffer
echoes() { # the server goes on serving
    local answer
    answer=$(timeout 10 "$BIN/tcp_client" -q 127.0.0.1 "$port" "$1" 3>&-) || fail "the server does not serve '$1'"
    assert_equal "$answer" "$1" 'the echo'
}
zeros() { [ -e "$T/zeros" ] || truncate -s "${1:-64000000}" "$T/zeros"; } # more than all four queues of a connection take
shell() { # NAME SCRIPT [ARG]...: a shell that sets descriptors or limits and then becomes the program
    start "$1" /bin/bash -c "$2" sh "${@:3}"
}

# stuck_terminal NAME STDIN PROGRAM [ARG]...: the program on a new terminal that nobody reads; its stdin is the terminal
# if STDIN is -, or that file. Sets $pid to the program's.
stuck_terminal() {
    # shellcheck disable=SC2016 # perl's variables
    start "$1-terminal" /usr/bin/perl -MPOSIX -MFcntl -e '
        my $stdin = shift; my ($zero, $number) = (pack("i", 0), pack "i", 0);
        sysopen my $master, "/dev/ptmx", O_RDWR | O_NOCTTY or die "ptmx: $!";
        ioctl $master, 0x40045431, $zero or die "TIOCSPTLCK: $!"; ioctl $master, 0x80045430, $number or die "TIOCGPTN: $!";
        my $name = "/dev/pts/" . unpack "i", $number;
        $| = 1;
        my $child = fork // die;
        if (!$child) {
            close $master; setsid(); open STDOUT, "+<", $name or die; open STDIN, "<", $stdin eq "-" ? $name : $stdin or die;
            exec @ARGV or die;
        }
        print "$child\n"; waitpid $child, 0; print "ended ", $? & 127 || "with " . ($? >> 8), "\n"; sleep 60' "${@:2}"
    wait_line "$T/$1-terminal.out" '^[0-9]+$' || fail 'no terminal' "$(cat "$T/$1-terminal.err")"
    read -r pid <"$T/$1-terminal.out"
}

# ---- what is looked at

blocked() { # PID: it sleeps, and nothing has woken it for a moment
    local before after
    before=$(activity "$1")
    sleep 0.15 # a span to count in, no wait for an event
    after=$(activity "$1")
    [ "$before" = "$after" ] && [[ $(<"/proc/$1/stat") == *') S '* ]]
}
activity() { grep ctxt_switches "/proc/$1/status"; } # how often it has slept and was put to sleep
cpu() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; } # in hundredths of a second
field() { awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"; }
sends_in_vain() { [ "$(rows_to "$port" ESTABLISHED | awk '{ sum += $3 } END { print sum + 0 }')" -gt 100000 ]; }
descriptors() { find "/proc/$1/fd" -mindepth 1 | wc -l; }
children() { pgrep -P "$1" | wc -l; }
children_are() { [ "$(children "$1")" -eq "$2" ]; }

# ends SIGNAL: the server ends within 2 s with status 0; no process of it is left, and its port can be bound at once.
ends() {
    stop_process "$server_pid" "$1" 2 || fail "$phase: it still runs 2 s after SIG$1" "$(cat "/proc/$server_pid/wchan")" \
        "$(tail -n 3 "$T/server.out")"
    assert_equal "$(status_text "$status")" "exit status $SERVER_END" "$phase, SIG$1" || return
    assert_equal "$(session_members "$server_pid")" '' "$phase: processes left" || return
    start again tcp_server -q --max 1 "$port"
    wait_line "$T/again.out" "^listening on .*:$port$" 2 || fail "$phase: the port is not free" "$(cat "$T/again.err")"
    stop_process "$pid"
}
client_ends() { # SIGNAL: the client dies of the signal within 2 s, and leaves no connection open
    stop_process "$client_pid" "$1" 2 || fail "$phase: it still runs 2 s after SIG$1" "$(cat "/proc/$client_pid/wchan")"
    assert_equal "$(status_text "$status")" "killed by SIG$1" "$phase" || return
    assert_equal "$(rows_to "$port" ESTABLISHED)$(rows_to "$port" SYN_SENT)" '' "$phase: connections left"
}
