# helper.bash: what the tests share: starting programs, waiting for events, looking with netstat, ending everything.
#
#     load helper                      (from tests/NAME.bats)
#     load ../../tests/helper          (from lessons/NN-topic/check.bats; usually through grading.bash)
#
# Variables
#   $ROOT   the project;  $BIN   the programs under test (NETSTEP_BIN, or bin/);  $T   this test's scratch directory
#   NETSTEP_TIMEOUT_SCALE   multiplies every bound: 3 on a slow machine, 0.5 where failures are expected. Default 1.
#
# Programs. Call these directly, never in $(...) or with `run`: the test's shell has to be the parent.
#   start NAME PROGRAM [ARG]...        in the background, in a session of its own, with default signals and no descriptor
#                                      but 0, 1, 2. PROGRAM without a slash is $BIN/PROGRAM. Sets $pid; its output goes
#                                      to $T/NAME.out and $T/NAME.err. `STDIN=FILE start ...` feeds it (else /dev/null).
#   start_server [ARG]...              starts tcp_server and waits for its line "listening on ADDR:PORT".
#                                      Without ARG: port 0. Sets $server_pid, $address and $port. Output: server.out/.err
#   start_listening NAME PROGRAM [ARG]...   the same for another program that prints that line. Sets $pid, $address, $port
#   wait_exit PID [SECONDS]            waits (10 s) until it ended by itself and sets $status (128+N: killed by signal N);
#                                      returns 1 if it still runs
#   stop_process PID [SIGNAL [SECONDS]]     sends SIGNAL (TERM), then as wait_exit (5 s)
#   run_for SECONDS NAME PROGRAM [ARG]...   start, and wait_exit: a program that has to end by itself. Sets $status
#   running PID                        is it alive (not a zombie)?
#   status_text STATUS                 "exit status 1" or "killed by SIGSEGV"
#   end_started                        ends whatever this test started, with its children; teardown does it
#
# Waiting. Polling every 20 ms is the bounded way to await an event; nothing here is decided by time, except that it ends.
#   wait_for [-t SECONDS] COMMAND [ARG]...   until COMMAND succeeds (10 s). A program that was started here and is still
#                                      working when the time is over gets more of it, three times as much at most.
#   wait_line FILE REGEX [SECONDS]     until a line of FILE matches (grep -E)
#   lines_say COUNT REGEX FILE         do so many of its lines match?
#   wait_state PORT STATE [SECONDS]    until netstat shows a row of PORT, at either end, in STATE
#   wait_no_state PORT STATE [SECONDS] until it shows none
#
# netstat, which is the witness (rows of netstat -antW)
#   netstat_rows PORT [STATE]          rows with PORT at either end
#   rows_at PORT [STATE]               rows whose own end has PORT: the server's
#   rows_to PORT [STATE]               rows whose other end has PORT: the client's
#   look_at, look_to PORT [STATE]      the same, and for up to two seconds again if there are none
#   has_state PORT STATE               is there a row?
#   listening_ports PID                ports on which a process of PID's session listens
#   free_port [PROTOCOL]               prints a port (tcp, udp) that no socket has, and keeps other tests' free_port off it
#                                      until this test ends. Ports are outside ip_local_port_range: no client gets one.
#
# Asserting. Each prints what was expected and what was there.
#   fail MESSAGE...    assert_equal GOT WANTED [WHAT]    assert_match TEXT REGEX [WHAT]    assert_file FILE WANTED [WHAT]
#   assert_empty FILE [WHAT]    assert_not_empty FILE [WHAT]
#
# needs_wire         skips the test where wire(1) can make no hosts, with the reason that it gives. A wire that fails
#                    otherwise fails the test. WIRE=PROGRAM: another one than $BIN/wire
#
# Of what is much of the same `make check` takes a sample; NETSTEP_WHOLE=1 takes all (.ci/run), NETSTEP_LONG=1 also what
# takes very long (make check-long).
#   beyond_sample      skips the test unless all is taken;  is_whole  is it?

bats_require_minimum_version 1.5.0 # for `run !`

# Files that load this one read these.
# shellcheck disable=SC2034
ROOT=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
TOOLS=$ROOT/build/tests/tools
[ -x "$TOOLS/launch" ] || { echo "$TOOLS/launch is not there: make" >&2; exit 1; }
BIN=${NETSTEP_BIN:-$ROOT/bin}
T=${BATS_TEST_TMPDIR:-}
LC_ALL=C.UTF-8
PATH=$PATH:/usr/sbin:/sbin # ip, sysctl: ordinary users have these elsewhere on Debian
export LC_ALL PATH

# The bounds' factor in percent, since the shell has no fractions: 1.5 is 150.
[[ ${NETSTEP_TIMEOUT_SCALE:-1} =~ ^([0-9]*)\.?([0-9]{0,2}) ]]
SCALE=${BASH_REMATCH[2]}00
SCALE=$((10#0${BASH_REMATCH[1]} * 100 + 10#${SCALE:0:2}))
declare -A ended_with # exit status of each process that has been waited for
declare -A born       # when each program was started. Ids are used again: with it one means that program, or none
declare -A keeper_of   # "KEEPER INIT" of each program that runs confined, in namespaces of its own (tests/peers/confine)

setup() { setup_started; }
teardown() { end_started; }

setup_started() {
    note_failed_lines_only
    T=$BATS_TEST_TMPDIR
    # Everything that is started inherits this mark, so that a daemon that left its session is found as well.
    export NETSTEP_TEST="$T"
    : >"$T/started"
    : >"$T/keepers"
    : >"$T/ports"
}

# bats notes the line of each command before it runs, which costs up to half of the time. The line of the one that fails
# is enough. (These are functions of bats' own; where they are called otherwise, all stays as it is.)
note_failed_lines_only() {
    declare -F bats_capture_stack_trace bats_error_trap >/dev/null || return 0
    trap - DEBUG
    trap 'note_failed_line || bats_error_trap' ERR
}
note_failed_line() { # fails as what has failed
    local failed=$?
    bats_capture_stack_trace
    # shellcheck disable=SC2034 # bats reads it
    BATS_DEBUG_LAST_STACK_TRACE_IS_VALID=1
    return "$failed"
}

[ -z "${NETSTEP_LONG:-}" ] || export NETSTEP_WHOLE=1
is_whole() { [ -n "${NETSTEP_WHOLE:-}" ]; }
# Only wire's own refusal, one line, is a reason to skip. What runs on its hosts has left our namespace of processes, where
# LeakSanitizer (SAN=1) can't look and breaks off: for the rest of the test, leaks are not looked for.
needs_wire() {
    local said ended=0
    export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
    said=$("${WIRE:-$BIN/wire}" -q --free -c true 2>&1 </dev/null 3>&-) || ended=$?
    [ "$ended" -ne 0 ] || return 0
    [[ $ended != 1 || $said != 'wire: no hosts can be made: '* || $said == *$'\n'* ]] || skip "${said#wire: }"
    fail "wire makes no hosts, and does not say why: $(status_text "$ended")" "$said"
}
beyond_sample() { is_whole || skip 'beyond the sample: .ci/run and make check-long take it'; }

# ---- programs

start() {
    local name=$1 program=$2 runner=("$TOOLS/launch")
    shift 2
    [[ $program == */* ]] || program=$BIN/$program
    # A submission's programs: the grader says how, in NETSTEP_CONFINE.
    [ -z "${NETSTEP_CONFINE:-}" ] || [[ $program != "$BIN"/* ]] ||
        runner=(perl "$ROOT/tests/peers/confine")
    # At once, not when the background gets to it: whoever waits for a line must not find the one before's.
    : >"$T/$name.out"
    : >"$T/$name.err"
    (
        # Endless output ends here with SIGXFSZ. Graders set it; file transfers need no such bound.
        [ -z "${NETSTEP_OUTPUT_KIB:-}" ] || ulimit -f "$NETSTEP_OUTPUT_KIB"
        exec "${runner[@]}" "$program" "$@"
    ) <"${STDIN:-/dev/null}" >"$T/$name.out" 2>"$T/$name.err" 3>&- &
    pid=$!
    unset "ended_with[$pid]" "keeper_of[$pid]" # of one that had this number before
    birth_of "$pid"
    born[$pid]=$birth
    echo "$pid $birth" >>"$T/started"
    [ "${runner[0]}" != perl ] || [ "$NETSTEP_CONFINE" != namespaces ] || find_confined "$pid"
}

# Sets $birth: clock ticks since the system's start (proc(5), field 22 of stat; the name in field 2 may hold anything); ''
# if the process is gone.
birth_of() {
    local stat
    birth=''
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    read -ra stat <<<"${stat##*) }"
    birth=${stat[19]}
}

# What runs in namespaces of its own has a keeper outside of them, and is the child of an init within. Sets pid.
find_confined() { # KEEPER
    local init='' program=''
    wait_for -t 10 child_of_init_or_gone "$1" || true
    [ -n "$program" ] || return 0 # it has ended already, or never began: its keeper has the status
    keeper_of[$program]="$1 $init"
    pid=$program
}
child_of_init_or_gone() {
    local child
    child_of "$1"
    init=$child
    [ -z "$init" ] || child_of "$init"
    program=$child
    [ -n "$program" ] || ! running "$1"
}
# Sets $child: a subshell for each look would cost more than the look.
child_of() {
    child=''
    if [ -e "/proc/$1/task/$1/children" ]; then
        { read -r child _ <"/proc/$1/task/$1/children"; } 2>/dev/null || true
    else
        child=$(pgrep -P "$1" | head -n 1)
    fi
}

# The session of a program that was started: its own process, or its keeper.
session_id() {
    local keeper=${keeper_of[$1]:-$1}
    echo "${keeper%% *}"
}

start_listening() {
    local line
    for _ in 1 2 3 4 5; do
        start "$@"
        wait_for -t 10 listens_or_ended "$T/$1.out" "$pid" || true
        line=$(grep -E -m 1 '^listening on .*:[0-9]+$' "$T/$1.out") ||
            fail "$2 never said 'listening on ADDR:PORT'" "stdout:" "$(head -n 20 "$T/$1.out")" \
                "stderr:" "$(head -n 20 "$T/$1.err")" || return
        address=${line#listening on }
        # shellcheck disable=SC2034
        port=${address##*:}
        address=${address%:*}
        ! is_second_hand "$port" || { stop_process "$pid" KILL; continue; }
        return 0
    done
    fail "$2 was given five ports that others had just used, the last one $port"
}

# The kernel may have chosen a port that another test had a moment ago: netstat would show its old connections too.
# A port that this test has had already is its own.
is_second_hand() {
    ! grep -qx "$1" "$T/ports" || return 1
    ! reader_shows "$1" '!LISTEN' || return 0
    echo "$1" >>"$T/ports"
    return 1
}

listens_or_ended() {
    grep -Eq '^listening on .*:[0-9]+$' "$1" || ! running "$2"
}

start_server() {
    [ $# -gt 0 ] || set -- 0
    start_listening server tcp_server "$@" || return
    # shellcheck disable=SC2034
    server_pid=$pid
}

running() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -ra stat <<<"${stat##*) }"
    [[ ${stat[0]} != [ZX] ]] && [ "${born[$1]:-${stat[19]}}" = "${stat[19]}" ]
}

ended() { ! running "$1"; }

wait_exit() {
    if [ -z "${ended_with[$1]:-}" ]; then
        wait_for -t "${2:-10}" ended "$1" || return 1
        status=0
        { wait "$(session_id "$1")" || status=$?; } 2>/dev/null
        ended_with[$1]=$status
    fi
    status=${ended_with[$1]}
}

stop_process() {
    kill -s "${2:-TERM}" "$1" 2>/dev/null || true
    wait_exit "$1" "${3:-5}"
}

run_for() {
    local seconds=$1
    shift
    start "$@"
    wait_exit "$pid" "$seconds" || fail "$2 still ran after its $seconds s"
}

status_text() {
    if [ "$1" -gt 128 ] && kill -l "$(($1 - 128))" >/dev/null 2>&1; then
        echo "killed by SIG$(kill -l "$(($1 - 128))")"
    else
        echo "exit status $1"
    fi
}

# The living processes of a session.
session_members() {
    local id
    for id in $("$TOOLS/marked" "$(session_id "$1")"); do
        [[ " ${keeper_of[$1]:-} " == *" $id "* ]] || echo "$id"
    done
}

end_started() {
    [ -n "${T:-}" ] || return 0
    # The shell reports each job that was killed; this is where it is silenced.
    { end_all_started; reap; } 2>/dev/null
    : >"$T/started"
    : >"$T/keepers"
}

# The sessions that were started; and, since a daemon leaves its session, whatever carries this test's mark, though not in
# the session of the tests: the shell and its helpers carry it as well.
end_all_started() {
    local ids keepers
    mapfile -t ids <"$T/started"
    mapfile -t keepers <"$T/keepers" # these only: they run until they are ended, so the id is still theirs
    [ ${#keepers[@]} -eq 0 ] || kill -KILL "${keepers[@]}" || true
    "$TOOLS/marked" -k -m "NETSTEP_TEST=$NETSTEP_TEST" ${NETSTEP_USER:+-u "$NETSTEP_USER"} "${ids[@]/ /:}"
}

reap() {
    local id
    while read -r id _; do
        ! wait_for -t 2 ended "$id" || wait "$id" || true
    done <"$T/started"
}

# ---- waiting

wait_for() {
    local seconds=10
    if [ "$1" = -t ]; then
        seconds=$2
        shift 2
    fi
    local now=${EPOCHREALTIME/[.,]/} budget=$((seconds * 10 * SCALE)) more=2 work='' pause=0.005
    local last=$((now / 1000)) spent=0 # in ms
    until "$@"; do
        now=${EPOCHREALTIME/[.,]/}
        now=$((now / 1000))
        # A pause of the whole machine is not the program's: no look counts for more than half a second.
        spent=$((spent + (now - last < 500 ? now - last : 500))) last=$now
        if [ -z "$work" ] && ((spent > 500)); then
            work=$(work_done)
        elif ((spent > budget)); then
            if ((more-- > 0)) && still_working "$work"; then
                spent=0
                work=$(work_done)
            else
                "$@" # one last look: we may have been asleep ourselves
                return
            fi
        fi
        pause_for "$pause"
        ((spent < 30)) || pause=0.05
    done
}

# What sleep(1) does, without a process: nothing ever comes out of this pipe.
pause_for() { # SECONDS
    [ -n "${silent_pipe:-}" ] || exec {silent_pipe}<> <(:)
    read -rt "$1" -u "$silent_pipe" || true
}

# The clock ticks (10 ms) of processor time that all started programs have used, and whether one wants the
# processor or the disk now.
work_done() {
    [ -s "${T:-}/started" ] || { echo 0 0; return; }
    cat /proc/[0-9]*/stat 2>/dev/null | awk '
        NR == FNR { started[$1] = 1; next }
        { sub(/.*\) /, "") }
        $4 in started { ticks += $12 + $13; if ($1 ~ /[RD]/) runs = 1 }
        END { print ticks + 0, runs + 0 }' "$T/started" -
}

# A program counts as hanging only if it was blocked and used (nearly) no processor since $1 was taken.
still_working() {
    local before after
    read -r before _ <<<"${1:-0}"
    after=$(work_done)
    [[ $after == *" 1" ]] || ((${after% *} - before > 25))
}

lines_say() { [ "$(grep -Ec -- "$2" "$3")" -eq "$1" ]; } # COUNT REGEX FILE
wait_line() { wait_for -t "${3:-10}" grep -Eqs -- "$2" "$1"; }
# The shared reader is asked first, which is quick; netstat then has to say the same.
wait_state() { wait_for -t "${3:-10}" both_show "$1" "$2"; }
wait_no_state() { wait_for -t "${3:-10}" neither_shows "$1" "$2"; }
both_show() { reader_shows "$@" && has_state "$@"; }
neither_shows() { ! reader_shows "$@" && lacks_state "$@"; }
# With SAN=1 it is sanitized as well; in a namespace of processes leaks can't be looked for.
reader_shows() { ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 "$TOOLS/has_row" "$@"; }

# ---- netstat

# A connection's end has one row. netstat reads its table in pieces, and while other sockets come and go a single look may
# show one twice, as it was and as it is: the later row counts.
select_rows() { # ENDS PORT [STATE]
    netstat -antW 2>/dev/null | awk -v ends="$1" -v port="$2" -v state="${3:-}" '
        function number(address) { sub(/.*:/, "", address); return address }
        $1 ~ /^tcp/ && (ends ~ /own/ && number($4) == port || ends ~ /other/ && number($5) == port) {
            end = $6 == "LISTEN" ? NR : $4 " " $5
            if (!(end in row)) at[++count] = end
            row[end] = $0
            is[end] = $6
        }
        END { for (i = 1; i <= count; i++) if (state == "" || is[at[i]] == state) print row[at[i]] }'
}
netstat_rows() { select_rows own,other "$@"; }
rows_at() { select_rows own "$@"; }
rows_to() { select_rows other "$@"; }
# The rows of the port, and if there are none another look, for up to two seconds: a single look may also miss a row.
look_at() { look_until some rows_at "$@"; }
look_to() { look_until some rows_to "$@"; }
look_until() { # some|NUMBER rows_at|rows_to PORT [STATE]
    local rows=''
    wait_for -t 2 has_so_many "$@" || true
    [ -z "$rows" ] || echo "$rows"
}
has_so_many() {
    rows=$("${@:2}")
    if [ "$1" = some ]; then [ -n "$rows" ]; else [ "$(grep -c . <<<"$rows")" -eq "$1" ]; fi
}
has_state() { [ -n "$(netstat_rows "$1" "$2")" ]; }
lacks_state() { ! has_state "$1" "$2"; }

listening_ports() {
    local ids
    ids=$(session_members "$1" | tr '\n' ' ')
    netstat -antpW 2>/dev/null | awk -v ids=" $ids" '
        $6 == "LISTEN" { split($7, owner, "/"); if (index(ids, " " owner[1] " ")) { sub(/.*:/, "", $4); print $4 } }' |
        sort -u
}

free_port() {
    local keeper="$T/port.$BASHPID.$RANDOM"
    "$TOOLS/keep_port" "${1:-tcp}" $$ >"$keeper" 2>&1 3>&- </dev/null &
    echo $! >>"$T/keepers"
    wait_for -t 10 test -s "$keeper" || fail "no free port: keep_port said nothing" >&2 || return
    cat "$keeper"
}

# ---- asserting

fail() {
    printf '%s\n' "$@"
    return 1
}

assert_equal() {
    [ "$1" = "$2" ] || fail "${3:-value}: expected '$2', got '$1'"
}
assert_match() {
    [[ $1 =~ $2 ]] || fail "${3:-text}: expected something that matches '$2', got:" "$1"
}
assert_file() {
    cmp -s "$1" "$2" || fail "${3:-$1}: not the bytes that were expected" "expected ($(wc -c <"$2") bytes):" \
        "$(head -c 300 "$2" | od -An -c | head -n 12)" "got ($(wc -c <"$1") bytes):" \
        "$(head -c 300 "$1" | od -An -c | head -n 12)" "$(cmp "$1" "$2" 2>&1)"
}
assert_empty() {
    [ ! -s "$1" ] || fail "${2:-$1}: expected nothing, got:" "$(head -c 2000 "$1")"
}
assert_not_empty() {
    [ -s "$1" ] || fail "${2:-$1}: expected something, and it is empty"
}
