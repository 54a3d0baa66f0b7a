# partners.bash: what the tests of tcp_server and tcp_client share: the other end, what is looked at, stepping, refusals.
#
#     UNDER_TEST=tcp_server     (or tcp_client)
#     load partners             everything in helper.bash, and:
#
# The other end (tests/peers/peer says what the steps are)
#   peer NAME [-r BYTES] [-s ADDR] STEP...   plays a client of $port, in the background. Sets $pid
#   serve STEP...                  plays a server. Sets $port and $peer_pid
#   served                         that server has done all its steps
#   full_pipe                      makes $full, a pipe that nobody reads, filled to the last byte; fd 9 holds it
#   succeeds PID NAME [SECONDS]    it ends by itself with exit status 0
#   reached NAME REGEX             waits until that peer has told such a line
#
# The program under test
#   told REGEX                     its narration has such a line
#   refused STATUS REGEX ARG...    it ends with STATUS and one line on stderr that matches, and has done nothing
#   queue STATE COLUMN             the number in column 2 (Recv-Q) or 3 (Send-Q) of its row in STATE
#   queue_is STATE COLUMN N        queue_over STATE COLUMN N
#   shows N rows_at|rows_to STATE  netstat shows so many rows. It is asked again: a reading may repeat a row that moves
#
# Stepping: step NAME [ARG]... starts it with --step on a keyboard (fd 8) that enter() presses.
#   enter REGEX                    waits until it stands before that call, and presses Enter
#   enter_and_compare REGEX RESULT STATE   and the line with the result tells STATE, and so does netstat at this moment

load helper

# helper.bash sets pid, port, status.
# shellcheck disable=SC2154,SC2034

MODELS='iterative fork thread epoll pool' # of tcp_server

case $UNDER_TEST in
    tcp_server) own_rows=rows_at narration=server.out ;;
    tcp_client) own_rows=rows_to narration=client.err ;;
esac

# ---- the other end

peer() {
    local name=$1 options=()
    shift
    while [[ $1 == -* ]]; do
        options+=("$1" "$2")
        shift 2
    done
    start "$name" "$ROOT/tests/peers/peer" "${options[@]}" connect "${host:-127.0.0.1}" "$port" "$@"
}
serve() {
    start_listening peer "$ROOT/tests/peers/peer" listen 0 "$@"
    peer_pid=$pid
}
served() { succeeds "$peer_pid" peer; }
succeeds() {
    wait_exit "$1" "${3:-10}" || fail "$2 does not end" "$(tail -n 5 "$T/$2.out")" || return
    [ "$status" -eq 0 ] || fail "$2: $(status_text "$status")" "$(tail -n 5 "$T/$2.out" "$T/$2.err")"
}
reached() { wait_line "$T/$1.out" "$2" || fail "$1 did not get to '$2'" "$(cat "$T/$1.out")"; }

# ---- the program under test

told() { grep -Eq -- "$1" "$T/$narration" || fail "$UNDER_TEST does not tell '$1':" "$(cat "$T/$narration")"; }

refused() {
    local wanted=$1 regex=$2 status=0
    shift 2
    timeout 30 "$BIN/$UNDER_TEST" "$@" >"$T/refused.out" 2>"$T/refused.err" </dev/null 3>&- || status=$?
    assert_equal "$status" "$wanted" "exit status of $UNDER_TEST $*" || return
    assert_match "$(cat "$T/refused.err")" "^([^ ]*/)?$UNDER_TEST: .*$regex" "stderr of $UNDER_TEST $*" || return
    assert_equal "$(wc -l <"$T/refused.err")" 1 "lines on stderr of $UNDER_TEST $*" || return
    # The server's narration of what went before is on its stdout.
    [ "$UNDER_TEST" = tcp_server ] || assert_empty "$T/refused.out" "stdout of $UNDER_TEST $*" || return
    if grep '^listening' "$T/refused.out"; then fail "$UNDER_TEST $* says that it listens"; fi
}

queue() { "$own_rows" "$port" "$1" | awk -v column="$2" '{ print $column; exit }'; }
queue_is() { [ "$(queue "$1" "$2")" = "$3" ]; }
queue_over() { [ "$(queue "$1" "$2")" -gt "$3" ] 2>/dev/null; }
count_is() { [ "$("$1" "$port" "$2" | wc -l)" -eq "$3" ]; }
shows() { wait_for -t 3 count_is "$2" "$3" "$1" || fail "netstat does not show $1 rows ($2) in $3:" "$(netstat_rows "$port")"; }

full_pipe() {
    full=$T/full
    [ -e "$full" ] || mkfifo "$full"
    exec 9<>"$full"
    perl -MFcntl -e 'sysopen F, $ARGV[0], O_WRONLY | O_NONBLOCK or die; 1 while syswrite F, "x" x 4096; 1 while syswrite F, "x"' "$full"
}

# ---- stepping

step() {
    mkfifo "$T/enter"
    exec 8<>"$T/enter"
    presses=0
    STDIN=$T/enter start "$1" "$UNDER_TEST" --step "${@:2}"
}
stands_before() {
    [ "$(grep -c 'Enter calls it$' "$T/$narration")" -eq $((presses + 1)) ] &&
        tail -n 1 "$T/$narration" | grep -Eq "^$1.*Enter calls it$"
}
enter() {
    wait_for stands_before "$1" || fail "$UNDER_TEST does not stand before '$1'" "$(cat "$T/$narration")" || return
    presses=$((presses + 1))
    echo >&8
}
enter_and_compare() {
    enter "$1" || return
    wait_for stands_before '' || fail "nothing follows $1" || return
    assert_match "$(grep -E "^$1.* = " "$T/$narration" | tail -n 1)" " = $2 +$3( |$)" "the line of $1" || return
    if [ "$3" = CLOSED ]; then
        assert_equal "$("$own_rows" "$port" | grep -cv ' LISTEN')" 0 "rows of netstat, when $UNDER_TEST says CLOSED"
    else
        shows 1 "$own_rows" "$3"
    fi
}
