# grading.bash: what the lessons' check.bats share: a student's programs, black box, core only (lessons/CONTRACT.md).
#
#     load ../../tests/grading         everything in helper.bash, and:
#
# A test's name begins with its points: @test "[2] tcp_server: ...". A test fails through `because`, so that the student
# reads a cause, not a line of bash. What was done and seen is collected and shown after a failure.
#
#   launch NAME PROGRAM [ARG]...    starts a program of the student's, if it is there. Sets $pid
#   step TEXT                       a line of the transcript
#   because "[ID] REASON"           the failure's reason, and the diagnosis: an id of tests/diagnoses
#   end_id STATUS ID                the diagnosis when a program has ended, "[ID]";  ending STATUS  how, in words
#   answer_to FILE                  prints FILE's bytes as the student's server has to answer them: SHIFT is added
#   other_variant CAME SENT         prints the reason if the bytes of CAME answer SENT with another SHIFT
#
# With a seed (tests/variant) $SHIFT is what the student's server adds to each byte, and $ANSWER the word that stands in
# place of ok. The peers take SHIFT off what they read.
#
# The rest by subject, loaded from here; the comment at the head of each lists what there is:
#
#   grading_tcp.bash         tcp_server and tcp_client, and the peers that talk to them
#   grading_refusals.bash    programs that have to end with an error
#   grading_transfer.bash    file_send and file_recv
#   grading_wire.bash        both programs on hosts of their own, packet by packet
#
# and, for the checks that load it themselves:
#
#   grading_scenes.bash      one program and a partner on such hosts, in a scene that the check makes up

# pid and status are set by helper.bash.
# shellcheck source=tests/helper.bash disable=SC2154
load "${BASH_SOURCE[0]%/*}/helper.bash"
load "${BASH_SOURCE[0]%/*}/grading_tcp.bash"
load "${BASH_SOURCE[0]%/*}/grading_refusals.bash"
load "${BASH_SOURCE[0]%/*}/grading_transfer.bash"
load "${BASH_SOURCE[0]%/*}/grading_wire.bash"

# More than that on stdout or stderr is an endless loop.
export NETSTEP_OUTPUT_KIB=16384

# Lessons read these.
# shellcheck disable=SC2034
SHIFT=${NETSTEP_SHIFT:-0} ANSWER=${NETSTEP_ANSWER:-ok}
answer_to() { perl "$ROOT/tests/peers/variant.pl" answered "$1"; }
other_variant() { perl "$ROOT/tests/peers/variant.pl" other "$1" "$2"; }

setup() {
    setup_started
    transcript=$T/transcript
    : >"$transcript"
    export NETSTEP_WATCH=$T/watched
    : >"$NETSTEP_WATCH"
    mkdir -p "$T/home" "$T/open/inbox"
    open_to_submission
    cd "$T/home" || return
    # shellcheck disable=SC2034 # the parts read these
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
    [ -n "${BATS_TEST_COMPLETED:-}" ] || ! filled_up || has_filled_up || true
    [ -n "${BATS_TEST_COMPLETED:-}" ] && [ "$result" -eq 0 ] || show_transcript
    end_started
    # What it has filled is free for the next test.
    if [ -n "${NETSTEP_CONFINE:-}" ]; then
        rm -rf "${T:?}/home" "${T:?}/open"
        find "$T" -maxdepth 1 -type f -size +1024k -delete
    fi
    return "$result"
}

# Is there no room left in this test's directory? Then the test may break off anywhere, without a reason.
filled_up() { [ "$(stat -f -c %a "$T")" -lt 16 ]; }
has_filled_up() {
    local written
    written=$(du -cm "$T/home" "$T/open" | tail -n 1 | cut -f 1)
    end_started
    rm -rf "${T:?}/home" "${T:?}/open" # before anything can be said
    echo "reason: [fills-disk] your program writes files without end: they had $written MiB"
    return 1
}

# What a starter's program says (the wire moves it to its side), and with it why the test fails: "2 of tcp_server".
open_hole() { sed -nE '/^ *([a-z_]+): hole ([0-9]+) is not filled(:.*)?$/{s//\2 of \1/p;q}' "$T"/*.err "$T/wire.out" 2>/dev/null || true; }

step() { printf '%s\n' "$*" >>"$transcript"; }

because() {
    local file hole
    ! filled_up || has_filled_up || return
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
        rows=$(netstat_rows "$port" | grep -v TIME_WAIT; netstat -anuW 2>/dev/null | grep ":$port ")
        [ -n "$rows" ] || [ -z "$(netstat_rows "$port")" ] || rows="only TIME_WAIT with port $port"
        : "${rows:=no row with port $port}"
        printf '  netstat: %s\n' "${rows//$'\n'/$'\n  netstat: '}"
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

# ---- how a program ended

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
