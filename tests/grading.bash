# grading.bash: what the lessons' check.bats share: a student's programs, black box, core only (lessons/CONTRACT.md).
#
#     load ../../tests/grading         everything in helper.bash, and:
#
# A test's name begins with its points: @test "[2] tcp_server: ...". A test fails through `because`, so that the student
# reads a cause, not a line of bash. What was done and seen is collected and shown after a failure.
#
#   serve [-b ADDR]                 starts the student's tcp_server on a free port, until the kernel shows LISTEN.
#                                   Sets $port and $server_pid
#   talk [OPTION]... STEP...        plays a client against it (the steps: tests/peers/peer), to the end
#   visit NAME [OPTION]... STEP...  the same in the background;  $T/NAME.out tells how far it is
#   answer NAME [OPTION]... STEP... plays a server in the background and sets $port
#   reached NAME LINE               waits until that peer has told LINE (a regex), or fails with its reason
#   go_on FILE                      lets a peer go on that holds in `await FILE`
#   done_with NAME                  waits for a background peer's end, and fails with its reason if it has one
#   client [ARG]...                 starts the student's tcp_client. Sets $client_pid. STDIN=FILE client ...
#   client_ends NAME                waits for it and for the peer NAME, and judges both; the client's exit status has to be 0
#   client_printed FILE             compares what it printed
#   refuses WHAT PROGRAM ARG...     a program that has to end with an error, and not to listen (several: refuse_later first)
#   receive [-b ADDR]               starts the student's file_recv in $T/open/inbox on a free port (and stops the one before)
#   offer NAME STEP...              plays a sender in the background (tests/peers/file_peer);  hand_over STEP... to the end
#   take NAME [-r BYTES] STEP...    plays a receiver in the background and sets $port;  send_file ARG... starts file_send
#   partner_holds NAME              waits until that partner stands in `await`;  partner_done NAME waits for its end
#   sent NAME                       the partner is content, and file_send ended with 0;  not_sent WHAT  with an error
#   received NAME FILE              file_recv's file NAME has the bytes of FILE
#   on_the_wire FILE                both programs on hosts of their own, each packet as the .wire script says (wire(1)); skips
#                                   the test where no such hosts can be made
#   server_is_up                    the server must not have ended
#   connections                     netstat's rows of the server's connections; no_connections: has it none?
#   needs_time_wait                 skips the test where the kernel keeps no TIME_WAIT (after `program`: what is missing fails)
#   step TEXT                       a line of the transcript
#   because "[ID] REASON"           the failure's reason, and the diagnosis: an id of tests/diagnoses

#   answer_to FILE                  prints FILE's bytes as the student's server has to answer them: SHIFT is added
#   other_variant CAME SENT         prints the reason if the bytes of CAME answer SENT with another SHIFT
#
# With a seed (tests/variant) $SHIFT is what the student's server adds to each byte, and $ANSWER the word that stands in
# place of ok. The peers take SHIFT off what they read.

# pid and status are set by helper.bash.
# shellcheck source=tests/helper.bash disable=SC2154
load "${BASH_SOURCE[0]%/*}/helper.bash"

# More than that on stdout or stderr is an endless loop.
export NETSTEP_OUTPUT_KIB=16384

# Lessons read these.
# shellcheck disable=SC2034
SHIFT=${NETSTEP_SHIFT:-0} ANSWER=${NETSTEP_ANSWER:-ok}
answer_to() { perl "$ROOT/tests/peers/variant.pl" answered "$1"; }
other_variant() { perl "$ROOT/tests/peers/variant.pl" other "$1" "$2"; }

setup() {
    # bats notes each command's line for its messages, which costs half of the time. Here reasons say what was wrong.
    [ -z "${NETSTEP_CONFINE:-}" ] || trap - DEBUG
    setup_started
    transcript=$T/transcript
    : >"$transcript"
    export NETSTEP_WATCH=$T/watched
    : >"$NETSTEP_WATCH"
    mkdir -p "$T/home" "$T/open/inbox"
    open_to_submission
    cd "$T/home" || return
    server_pid='' client_pid='' port=''
}

# What a confined program may see and change (tests/peers/confine).
open_to_submission() {
    [ -n "${NETSTEP_CONFINE:-}" ] || return 0
    export NETSTEP_WRITABLE="$T/home"$'\n'"$T/open"
    [ -n "${NETSTEP_USER:-}" ] || return 0
    chmod go+x "$BATS_RUN_TMPDIR"
    chown -R "$NETSTEP_USER:$NETSTEP_USER" "$T/home" "$T/open"
}

teardown() {
    local result=0 written
    # A program with a hole ends with an error, which is no refusal.
    [ -z "${BATS_TEST_COMPLETED:-}" ] || [ -z "$(open_hole)" ] || because "[hole-open] a hole" || result=1
    if [ -z "${BATS_TEST_COMPLETED:-}" ] && filled_up; then
        written=$(du -cm "$T/home" "$T/open" | tail -n 1 | cut -f 1)
        end_started
        rm -rf "${T:?}/home" "${T:?}/open" # before anything can be said
        because "[fills-disk] your program writes files without end: they had $written MiB" || true
    fi
    [ -n "${BATS_TEST_COMPLETED:-}" ] && [ "$result" -eq 0 ] || show_transcript
    end_started
    [ -z "${NETSTEP_CONFINE:-}" ] || rm -rf "${T:?}/home" "${T:?}/open" # what it has filled is free for the next test
    return "$result"
}

# Is there no room left in the grader's directory? Then the test broke off somewhere, without a reason.
filled_up() { [ "$(stat -f -c %a "$T")" -lt 16 ]; }

# What a starter's program says, and with it why the test fails: "2 of tcp_server".
open_hole() { sed -nE 's/^([a-z_]+): hole ([0-9]+) is not filled$/\2 of \1/p' "$T"/*.err 2>/dev/null | head -n 1; }

step() { printf '%s\n' "$*" >>"$transcript"; }

because() {
    local file hole
    hole=$(open_hole)
    if [ -n "$hole" ]; then
        echo "reason: [hole-open] hole $hole is not filled yet"
        return 1
    fi
    for file in "$T"/*.out "$T"/*.err; do
        [ -f "$file" ] || continue
        if [ "$(stat -c %s "$file")" -ge $((NETSTEP_OUTPUT_KIB * 1000)) ]; then
            echo "reason: [endless-output] endless output: ${file##*/} had reached $((NETSTEP_OUTPUT_KIB / 1024)) MiB when it" \
                "was cut off. Does a loop go on after read() has returned 0 or -1?"
            return 1
        fi
    done
    printf 'reason: %s\n' "$*"
    return 1
}

show_transcript() {
    local file rows
    [ ! -s "$transcript" ] || echo "what was done and seen:"
    sed 's/^/  /' "$transcript"
    if [ -n "$port" ]; then
        rows=$(netstat_rows "$port" | grep -v TIME_WAIT)
        [ -z "$rows" ] || printf '  netstat: %s\n' "${rows//$'\n'/$'\n  netstat: '}"
    fi
    for file in server client second; do
        file=$T/$file.err
        [ ! -s "$file" ] || head -n 8 "$file" | head -c 1000 | printable | sed "s/^/  its stderr: /"
    done
}

# What a program wrote, fit for a terminal and for a results file.
printable() { tr '\000-\010\013-\037\177' '?' | iconv -c -f UTF-8 -t UTF-8 2>/dev/null; }

# ---- starting

# The program has to be there and to be executable.
program() {
    [ -e "$BIN/$1" ] || because "[missing-program] there is no program $1 in the directory that is graded" || return
    [ -x "$BIN/$1" ] && [ -f "$BIN/$1" ] || because "[not-executable] $1 is not an executable file (chmod +x $1)" || return
}

launch() { # NAME PROGRAM [ARG]...
    program "$2" || return
    step "\$ $(shown_command "${@:2}")"
    NETSTEP_SHOWN=$(shown_to "$@") start "$@"
    session_id "$pid" >>"$NETSTEP_WATCH"
}

# Of this test's files a confined program sees those that it is given.
shown_to() { # WORD...
    local word
    printf '%s\n' "${NETSTEP_SHOWN:-}"
    for word; do
        [[ $word != "$T"/* ]] || printf '%s\n' "$word"
    done
}

shown_command() {
    local word line=$1
    shift
    for word; do
        [ ${#word} -lt 60 ] || word="${word:0:57}..."
        [[ $word =~ ^[A-Za-z0-9_./:+-]+$ ]] || word="'$word'"
        line+=" $word"
    done
    echo "$line"
}

serve() {
    program tcp_server || return
    port=$(free_port)
    serve_at "$port" "$@"
}

# Again on a given port.
serve_at() { # PORT [-b ADDR]
    port=$1
    shift
    launch server tcp_server "$@" "$port" || return
    server_pid=$pid
    wait_for -t 5 listens_or_gone || true
    [ -z "$(rows_at "$port" LISTEN)" ] || ! running "$server_pid" || return 0
    explain_no_listener
}

listens_or_gone() { ! running "$server_pid" || [ -n "$(rows_at "$port" LISTEN)" ]; }

explain_no_listener() {
    local other
    if ! running "$server_pid"; then
        wait_exit "$server_pid"
        step "it ended: $(status_text "$status")"
        if grep -qi 'address already in use\|EADDRINUSE' "$T/server.err"; then
            because "[no-reuseaddr] your server could not bind port $port: address in use. Nobody listens there, only old" \
                "connections linger: set SO_REUSEADDR before bind()"
        else
            because "$(end_id "$status" stops-serving) your server ended at once ($(ending "$status")) and never" \
                "listened on port $port"
        fi
        return
    fi
    other=$(listening_ports "$server_pid" | head -n 1)
    if [ -z "$other" ]; then
        because "[not-listening] your server runs, but is not in LISTEN on port $port after 5 s: call bind() with" \
            "the PORT given and listen()"
    elif [ "$other" = $(((port & 255) << 8 | port >> 8)) ]; then
        because "[swapped-port] your server listens on port $other, which is $port with its two bytes swapped: htons() is missing"
    else
        because "[wrong-port] your server listens on port $other, not on the PORT it was given, $port"
    fi
}

# The diagnosis when a program has ended: a signal's own one, or else ID.
end_id() { # STATUS ID
    local id=$2
    case $1 in
        141) id=sigpipe ;;
        153) id=endless-output ;;
        137 | 152) id=killed ;;
        127) id=not-executable ;;
        *) ! by_signal "$1" || id=crash ;;
    esac
    echo "[$id]"
}

# The shell's status of a program that a signal ended. 255 is none: perl's die, exit(-1).
by_signal() { [ "$1" -gt 128 ] && [ "$1" -le 192 ]; }

# How a program ended, in words, with the usual cause of a signal.
ending() {
    local cause=''
    case $1 in
        141) cause=": it wrote to a connection that the other end had reset. Ignore SIGPIPE and look at what write() returns" ;;
        139) cause=": a bad pointer or a write beyond an array" ;;
        134) cause=": abort(), an assertion or a corrupted heap" ;;
        136) cause=": a division by zero" ;;
        153) cause=": its output had no end" ;;
        137 | 152) cause=": somebody ended it, or it took more time or memory than it may" ;;
        127) cause=": it can't be run at all, see its stderr" ;;
    esac
    echo "$(status_text "$1")$cause"
}

# The server's connections: its rows without LISTEN, and without what the kernel keeps after the end.
connections() { rows_at "$port" | awk '$6 != "LISTEN" && $6 != "TIME_WAIT"'; }
no_connections() { [ -z "$(connections)" ]; }

# The kernel drops TIME_WAIT when it has too many of them: then nothing can be said about it here.
needs_time_wait() {
    local most now
    most=$(cat /proc/sys/net/ipv4/tcp_max_tw_buckets 2>/dev/null || echo 1000000)
    now=$(sed -n 's/^TCP:.* tw \([0-9]*\).*/\1/p' /proc/net/sockstat 2>/dev/null)
    [ "${now:-0}" -lt $((most * 9 / 10)) ] || skip "this machine has no room for TIME_WAIT now ($now of $most)"
}

server_is_up() {
    running "$server_pid" && return
    wait_exit "$server_pid"
    step "tcp_server ended: $(status_text "$status")"
    because "$(end_id "$status" stops-serving) your server ended while it should have gone on serving ($(ending "$status"))"
}

# Skips the test where the wire can't make its hosts.
needs_wire() {
    local why
    [ -x "$ROOT/bin/wire" ] || skip "wire is not built: make"
    why=$("$ROOT/bin/wire" -q --free -c true 2>&1 >/dev/null </dev/null) || skip "$(sed -n '1s/^wire: //p' <<<"$why")"
}

# The wire itself is ours; but where there is a throw-away user all on its hosts is his.
start_wire() { # ARG...
    local as=()
    if [ -n "${NETSTEP_USER:-}" ]; then
        as=("$(command -v setpriv)" "--reuid=$NETSTEP_USER" "--regid=$NETSTEP_USER" --clear-groups --)
        "${as[@]}" test -x "$ROOT/bin/wire" || as=()
    fi
    start wire "${as[@]}" "$ROOT/bin/wire" "$@"
}

# The command that starts a submission's program on a host of the wire: for a shell, arguments may follow.
on_a_host() { # PROGRAM
    local runner=launch
    [ -z "${NETSTEP_CONFINE:-}" ] || runner=confine
    printf 'env NETSTEP_USER= perl %q %q' "$ROOT/tests/peers/$runner" "$1"
}

# Two hosts and the wire between them: the script waits for packets and states, not for times.
on_the_wire() { # FILE
    local why name command
    local -x ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # it has left its namespace of processes
    program tcp_server || return
    program tcp_client || return
    needs_wire
    step "\$ wire ${1#"$ROOT"/}"
    mkdir "$T/hosts"
    : >"$T/variant"
    [ -z "${NETSTEP_USER:-}" ] || chown "$NETSTEP_USER" "$T/variant"
    for name in tcp_server tcp_client; do
        command=$(on_a_host "$BIN/$name")
        # What comes back to the client is shifted; the script waits for what it sent.
        [ "$name" != tcp_client ] || [ "$SHIFT" -eq 0 ] ||
            command="perl $(printf '%q client %q' "$ROOT/tests/peers/variant.pl" "$T/variant") $command"
        printf '#!/bin/sh\nexec %s "$@"\n' "$command" >"$T/hosts/$name"
        chmod +x "$T/hosts/$name"
    done
    NETSTEP_BIN=$T/hosts start_wire -q "$1"
    echo "$pid" >>"$NETSTEP_WATCH"
    wait_exit "$pid" 120 || because "[hang] the wire did not come to its end in 120 s" || return
    [ "$status" -ne 0 ] || return 0
    printable <"$T/wire.out" | head -n 60 >>"$transcript"
    [ ! -s "$T/variant" ] || because "$(sed -n 1p "$T/variant")" || return
    # "wire: FILE:LINE: what was expected: what was there: what it means"
    why=$(sed -n 's/^wire: [^ ]*\.wire:[0-9]*: //p' "$T/wire.err" | head -n 1)
    because "[wrong-packets] packet by packet: ${why:-$(head -n 1 "$T/wire.err")}"
}

# ---- peers

peer_options() { # ARG...: sets options, steps
    options=() steps=()
    while [[ ${1:-} == -[srb] ]]; do
        options+=("$1" "$2")
        shift 2
    done
    steps=("$@")
}

talk() {
    visit talk "$@" && done_with talk
}

visit() {
    local name=$1 options steps to=${server_address:-127.0.0.1}
    shift
    peer_options "$@"
    start "$name" "$ROOT/tests/peers/peer" "${options[@]}" connect "$to" "$port" "${steps[@]}"
    printf -v "peer_$name" '%s' "$pid"
}

answer() {
    local name=$1 options steps
    shift
    peer_options "$@"
    program tcp_client || return
    start_listening "$name" "$ROOT/tests/peers/peer" "${options[@]}" listen 0 "${steps[@]}"
    printf -v "peer_$name" '%s' "$pid"
}

go_on() { : >"$1"; }

told_or_ended() { grep -Eq -- "$2" "$T/$1.out" || ! running "$3"; }

reached() {
    local id="peer_$1"
    wait_for -t 30 told_or_ended "$1" "$2" "${!id}" || true
    grep -Eq -- "$2" "$T/$1.out" || done_with "$1" || return
}

# How much a peer may take is its own affair: each of its steps is bounded.
done_with() {
    local id="peer_$1" name=$1 reason
    wait_exit "${!id}" 60 || because "[hang] the other end did not come to its end in 60 s" || return
    tell_peer "$name"
    [ "$status" -ne 0 ] || return 0
    reason=$(sed -n 's/^reason: //p' "$T/$name.out")
    [ -n "$reason" ] || fail "the grader's own peer failed: $(cat "$T/$name.err")" || return
    died && return 1
    because "$reason"
}

tell_peer() {
    local who=$1
    [ "$who" != talk ] || who='the other end'
    grep -v '^reason: ' "$T/$1.out" | sed "s/^/$who: /" >>"$transcript"
}

# A crash of the student's program is the better reason. The kernel tells the peer first, so the shell gets a moment to
# notice.
died() {
    local status
    if [ -n "$client_pid" ]; then
        wait_for -t 1 ended "$client_pid" || return 1
        wait_exit "$client_pid"
        step "tcp_client ended: $(status_text "$status")"
        by_signal "$status" || return 1
        because "$(end_id "$status" crash) your client did not come to its end ($(ending "$status"))" || true
        return
    fi
    [ -n "$server_pid" ] && wait_for -t 1 ended "$server_pid" || return 1
    wait_exit "$server_pid"
    step "tcp_server ended: $(status_text "$status")"
    because "$(end_id "$status" stops-serving) your server ended while it should have gone on serving ($(ending "$status"))" || true
}

# ---- the client

client() {
    launch client tcp_client "$@" || return
    client_pid=$pid
}

client_ends() {
    local id="peer_$1" reason
    client_status || return
    if by_signal "$status"; then
        step "tcp_client ended: $(status_text "$status")"
        because "$(end_id "$status" crash) your client did not come to its end ($(ending "$status"))"
        return
    fi
    local client_status=$status
    done_with "$1" || return
    step "tcp_client ended: $(status_text "$client_status")"
    [ "$client_status" -eq 0 ] || well_but "$client_status"
}

# All went well, and yet the client reports an error. Which one it means it may say itself.
well_but() { # STATUS
    [ ! -s "$T/client.err" ] ||
        because "[eof-as-error] your client got everything, and ended with $(status_text "$1") and a message: a read() that" \
            "returns 0 is the end of file and no error; only -1 is one" || return
    because "[wrong-exit-status] your client ended with $(status_text "$1"), though all went well: return 0 from main"
}

# Waits for the client's end: sets $status.
client_status() {
    local reason
    wait_exit "$client_pid" 12 && return
    tell_all_peers
    reason=$(sed -n 's/^reason: //p' "$T"/*.out | head -n 1)
    if [ -n "$reason" ]; then
        because "$reason"
    else
        because "[ignores-eof] your client hangs although the connection has ended: read() that returns 0 is the end of" \
            "file; close and exit"
    fi
}

tell_all_peers() {
    local file
    for file in "$T"/*.out; do
        file=${file##*/}
        case $file in client.out | server.out | second.out) ;; *) tell_peer "${file%.out}" ;; esac
    done
}

client_printed() {
    local got=$T/client.out
    cmp -s "$got" "$1" && return
    step "tcp_client printed $(stat -c %s "$got") bytes; $(stat -c %s "$1") had come back"
    step "printed: $(head -c 80 "$got" | printable)"
    if [ ! -s "$got" ]; then
        because "[prints-nothing] your client printed nothing of what came back: after the half-close it has to read up" \
            "to the end of file, and to write it to stdout"
    elif cmp -s -n "$(stat -c %s "$1")" "$got" "$1" && [ "$(stat -c %s "$got")" -gt "$(stat -c %s "$1")" ]; then
        because "[inexact-output] your client prints more than came back (a newline of its own, or narration," \
            "which belongs on stderr)"
    elif cmp -s -n "$(stat -c %s "$got")" "$got" "$1"; then
        because "[one-read] your client stopped printing after $(stat -c %s "$got") of $(stat -c %s "$1") bytes: read up" \
            "to the end of file, which is when read() returns 0; and a zero byte ends nothing"
    else
        because "[wrong-bytes] your client printed other bytes than those that came back:" \
            "$(cmp "$got" "$1" 2>&1 | sed 's/.*: //; s/.*differ: //')"
    fi
}

# ---- refusals: several are started together (refuse_later), then judged (refused); `refuses` is one alone

refuse_later() { # NAME PROGRAM [ARG]...
    launch "$@" || return
    refusal_pids[${#refusal_pids[@]}]=$pid
    refusal_names[${#refusal_names[@]}]=$1
    refusal_commands[${#refusal_commands[@]}]=$(shown_command "${@:2}")
}

refused() {
    local i
    for ((i = 0; i < ${#refusal_pids[@]}; i++)); do
        refused_one "${refusal_pids[i]}" "${refusal_names[i]}" "${refusal_commands[i]}" || return
    done
}

refuses() {
    refusal_pids=() refusal_names=() refusal_commands=()
    refuse_later "$@" && refused
}

refused_one() { # PID NAME COMMAND
    local listening
    wait_for -t 5 ended_or_listens "$1" || true
    listening=''
    ! running "$1" || listening=$(listening_ports "$1" | head -n 1)
    [ -z "$listening" ] ||
        because "$(refusal_id "$2" "$3") '$3' listens on port $listening: it has to be refused. Numbers: check the whole" \
            "word and the range (strtol, not atoi). Addresses: bind() to the one that was given, and look at what it returns" || return
    wait_exit "$1" 5 ||
        because "$(refusal_id "$2" "$3") '$3' did not end: it has to be refused with a message and an exit" \
            "status that is not 0. Arguments: check the whole word and the range. A port that is taken: look at what bind() returns" || return
    step "'$3' ended: $(status_text "$status")"
    [ "$status" -ne 0 ] || because "[hides-error] '$3' failed, and its exit status is 0, which means success" || return
    ! by_signal "$status" || because "$(end_id "$status" crash) '$3' crashed ($(ending "$status"))" || return
    [ -s "$T/$2.err" ] || because "[hides-error] '$3' says nothing on stderr: an error needs a message" || return
}

# The diagnosis when a program goes on that should refuse. `second` is one whose bind() has to fail, `client` one whose
# connect() has.
refusal_id() { # NAME COMMAND
    case $1 in
        second) [[ $2 == *'-b 192.0.2.1 '* ]] && echo '[ignores-address]' || echo '[ignores-bind-error]' ;;
        client) echo '[hang]' ;;
        *) echo '[loose-arguments]' ;;
    esac
}

ended_or_listens() { ! running "$1" || [ -n "$(listening_ports "$1")" ]; }

# ---- file transfer: file_send and file_recv (the partner's steps: tests/peers/file_peer)

receive() { # [-b ADDR]
    program file_recv || return
    [ -z "$server_pid" ] || ! running "$server_pid" || stop_process "$server_pid" KILL # how it ends has a test of its own
    mkdir -p "$T/open/inbox"
    cd "$T/open/inbox" || return
    port=$(free_port)
    launch server file_recv "$@" "$port" || return
    server_pid=$pid
    wait_for -t 5 listens_or_gone || true
    [ -z "$(rows_at "$port" LISTEN)" ] || ! running "$server_pid" || return 0
    explain_no_listener
}

offer() { # NAME STEP...
    start "$1" "$ROOT/tests/peers/file_peer" connect "${server_address:-127.0.0.1}" "$port" "${@:2}"
    printf -v "peer_$1" '%s' "$pid"
}

hand_over() { # STEP...
    offer sender "$@" && partner_done sender
}

take() { # NAME [-r BYTES] STEP...
    local name=$1 options=()
    shift
    [ "$1" != -r ] || { options=("$1" "$2"); shift 2; }
    program file_send || return
    : >"$NETSTEP_WATCH" # the partner would take the sender before for this one, and that has ended
    start_listening "$name" "$ROOT/tests/peers/file_peer" "${options[@]}" listen 0 "$@"
    printf -v "peer_$name" '%s' "$pid"
}

send_file() { # [ARG]...
    launch client file_send "$@" || return
    client_pid=$pid
}

partner_holds() { # NAME
    local id="peer_$1"
    wait_for -t 30 told_or_ended "$1" '^holding' "${!id}" || true
    grep -q '^holding' "$T/$1.out" || partner_done "$1"
}

partner_done() { # NAME
    local id="peer_$1" name=$1 reason
    wait_exit "${!id}" 60 || because "[hang] the other end did not come to its end in 60 s" || return
    tell_peer "$name"
    [ "$status" -ne 0 ] || return 0
    reason=$(sed -n 's/^reason: //p' "$T/$name.out")
    [ -n "$reason" ] || fail "the grader's own peer failed: $(cat "$T/$name.err")" || return
    transfer_crashed "$name" && return 1
    because "$reason"
}

# A crash is the better reason. That the program ended is none: a receiver may end after one transfer.
transfer_crashed() { # THE PARTNER'S NAME
    local who=${client_pid:-$server_pid}
    wait_for -t 1 ended "$who" || return 1
    wait_exit "$who"
    step "${client_pid:+file_send}${server_pid:+file_recv} ended: $(status_text "$status")"
    by_signal "$status" || return 1
    if grep -q '^sent the name ".*"\.\.\.$' "$T/$1.out"; then # more than 80 bytes of it
        because "[unbounded-name] your receiver did not survive a long name ($(status_text "$status")): 255 bytes may come, and" \
            "read() and every copy of the name have to be told how many the array holds" || true
        return
    fi
    because "$(end_id "$status" crash) your program did not come to its end ($(ending "$status"))" || true
}

sent() { # NAME
    partner_done "$1" || return
    wait_exit "$client_pid" 12 ||
        because "[hang] your sender hangs, though it has sent everything and the receiver has closed: close and exit" || return
    step "file_send ended: $(status_text "$status")"
    # It may have taken the word for a refusal; where there is no content only its message tells.
    [ "$status" -eq 0 ] || by_signal "$status" || [ "$ANSWER" = ok ] || [ ! -s "$T/client.err" ] ||
        ! grep -q '^read 0 bytes of content' "$T/$1.out" ||
        because "[wrong-variant] your sender ended with $(ending "$status") and a message, when it had been told to go on: in this" \
            "exercise's variant by the word $ANSWER (ANSWER in variant.h)" || return
    [ "$status" -eq 0 ] ||
        because "$(end_id "$status" wrong-exit-status) your sender ended with $(ending "$status"), though all went well: return 0 from main"
}

not_sent() { # WHAT HAPPENED
    wait_exit "$client_pid" 12 || because "[hang] your sender does not end after $1" || return
    step "file_send ended: $(status_text "$status")"
    ! by_signal "$status" || because "$(end_id "$status" crash) your sender crashed after $1 ($(ending "$status"))" || return
    [ "$status" -ne 0 ] || because "[hides-error] your sender ends with 0, which means success, after $1" || return
    [ -s "$T/client.err" ] || because "[hides-error] your sender says nothing on stderr after $1: an error needs a message"
}

received() { # NAME FILE
    local got=$T/open/inbox/$1
    [ -f "$got" ] || not_received "$1" || return
    cmp -s "$got" "$2" && return
    step "$1 has $(stat -c %s "$got") bytes; $(stat -c %s "$2") had been sent"
    if cmp -s -n "$(stat -c %s "$got")" "$got" "$2"; then
        ! wait_for -t 1 cmp -s "$got" "$2" ||
            because "[closes-early] when your receiver had closed the connection its file was not whole: a moment later it was." \
                "Close the file before the connection" || return
        because "[one-read] when your receiver had closed the connection its file was not whole: read until read() returns 0," \
            "write as many bytes as read() returned, and close the file before the connection"
    else
        because "[wrong-length] the file is not what was sent: write as many bytes as read() returned, from the" \
            "first one after the name on"
    fi
}

# There is no such file. What has been made instead tells why.
not_received() { # NAME
    local made what
    what="your receiver's directory has no file $1, but: $(find "$T/open/inbox" -mindepth 1 -printf '%P ' | grep . || echo nothing)"
    made=$(find "$T/open/inbox" -mindepth 1 -newer "$T/started" -printf '%P\n' | head -n 1) # since the partner was started
    [ -n "$made" ] ||
        because "[no-file] the connection is closed, and $what. Nothing was made: open() it when the name is known, though no" \
            "content may come" || return
    [[ $made != "$1"?* ]] ||
        because "[unterminated-name] the connection is closed, and $what. read() sets no zero byte behind the" \
            "name: name[n] = 0" || return
    because "[wrong-name] the connection is closed, and $what. All bytes of the first read() are the name, up to 255"
}
