#!/usr/bin/env bash
# stage.bash SNIPPET DIRECTORY: runs a question's `run` part (tests/predict) with the words below and all of
# tests/helper.bash: start, wait_state, free_port ... DIRECTORY is its scratch directory ($T); the snippet runs in
# an empty one. What it prints is what settles the question. However it ends, what it has begun is ended.
#
#   begin NAME COMMAND      shows COMMAND and starts it in the background; `type NAME TEXT` gives it input (\n is
#                           Enter), `enter NAME N` presses Enter N times, `eof NAME` ends its input. Sets $pid.
#   serve NAME COMMAND      the same for a server that says "listening on ADDR:PORT", which is awaited. Sets $port
#   hold NAME STATE         begins `tcpstate hold STATE` and waits until it does. Sets $port
#   look COMMAND            shows COMMAND, runs it here and prints what it prints; its exit status does not matter
#   look_until N REGEX COMMAND   look, again and again until N of its lines match REGEX, 3 s at most: what is printed is
#                           what it printed last
#   rows [COMMAND]          look: netstat's rows of $port, through COMMAND if there is one
#   said NAME [REGEX]       prints what the program NAME has said (lines that match REGEX), as "NAME> line"
#   until_seen COMMAND...   waits until COMMAND succeeds, 3 s at most. If it never does, the run goes on: what is
#                           then looked at decides
#   until_said NAME REGEX   the same until NAME has said a line like this
#   row REGEX               whether netstat -ant has such a row of $port: until_seen row FIN_WAIT2
#   end NAME [SIGNAL]       ends the program NAME with all that it started (TERM)
#   ended_by_itself NAME    until NAME has ended; prints "NAME: exit status N"
set -u
bats_require_minimum_version() { :; }
here=${BASH_SOURCE[0]%/*}
BATS_TEST_TMPDIR=$2
# shellcheck source=tests/helper.bash
. "$here/../../helper.bash"
declare -A pid_of keys_of
port=

begin() {
    local fd
    printf '$ %s\n' "$2"
    mkfifo "$T/$1.keys"
    exec {fd}<>"$T/$1.keys"
    keys_of[$1]=$fd
    STDIN=$T/$1.keys start "$1" "$BASH" -c "$2"
    pid_of[$1]=$pid
}

serve() {
    begin "$@"
    wait_for -t 5 listens_or_ended "$T/$1.out" "$pid"
    port=$(sed -n 's/^listening on .*://p' "$T/$1.out")
    said "$1" '^listening'
    [ -n "$port" ] || { said "$1"; return 1; }
}

type() {
    printf '%s< %s\n' "$1" "${2//\\n/⏎}"
    printf '%b' "$2" >&"${keys_of[$1]}"
}
enter() {
    local keys
    printf -v keys '%*s' "$2" ''
    type "$1" "${keys// /\\n}"
}
eof() {
    local fd=${keys_of[$1]}
    printf '%s< ^D\n' "$1"
    exec {fd}>&-
}

hold() {
    begin "$1" "tcpstate hold $2"
    wait_line "$T/$1.out" '^Held until' 5
    port=$(sed -n 's/^look: .*grep ://p' "$T/$1.out")
}

look() {
    printf '$ %s\n' "$1"
    eval "$1" 2>&1 || true
}
look_until() {
    local seen=''
    printf '$ %s\n' "$3"
    until_seen shows_lines "$@"
    printf '%s\n' "$seen"
}
shows_lines() { seen=$(eval "$3" 2>&1) && [ "$(grep -cE -- "$2" <<<"$seen")" -eq "$1" ]; }
rows() { look "netstat -ant | grep ':$port '${1:+ | $1}"; }
row() { netstat -ant 2>/dev/null | grep ":$port " | grep -Eq -- "$1"; }

said() { cat "$T/$1.out" "$T/$1.err" | grep -aE -- "${2:-.}" | sed "s/^/$1> /" || true; }
until_seen() { wait_for -t 3 "$@" || true; }
until_said() { until_seen said_it "$@"; }
said_it() { grep -aEqs -- "$2" "$T/$1.out" "$T/$1.err"; }

end() {
    printf '%s< SIG%s\n' "$1" "${2:-TERM}"
    pkill "-${2:-TERM}" -s "${pid_of[$1]}" || true
    { wait_exit "${pid_of[$1]}" 3; } 2>/dev/null # bash would report that it was killed
}
ended_by_itself() {
    wait_exit "${pid_of[$1]}" 5 || return
    echo "$1: exit status $status"
}

setup_started
end_all() {
    trap '' INT TERM HUP
    trap - EXIT
    [ -z "$port" ] || echo "$port" >"$T/port"
    # One that has just been forked is in no session of its own yet, and not in the list that end_started knows.
    local jobs
    mapfile -t jobs < <(jobs -p)
    [ ${#jobs[@]} -eq 0 ] || kill -KILL "${jobs[@]}" 2>/dev/null || true
    end_started
}
trap end_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
# Not helper.bash's `read -t`: a trap runs within it, and when the time is over bash leaves the trap where it is and goes on
# behind the read.
pause_for() { sleep "$1"; }
PATH=$BIN:$PATH
mkdir "$T/desk"
cd "$T/desk" || exit
set -e
# shellcheck disable=SC1090
. "$1"
