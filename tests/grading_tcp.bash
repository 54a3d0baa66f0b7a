# grading_tcp.bash: tcp_server and tcp_client, and the peers that talk to them. Loaded by grading.bash.
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
#   server_is_up                    the server must not have ended
#   connections                     netstat's rows of the server's connections; no_connections: has it none?
#   needs_time_wait                 skips the test where the kernel keeps no TIME_WAIT (after `program`: what is missing fails)

# helper.bash and grading.bash set what is read here.
# shellcheck disable=SC2154,SC2034

# ---- the server

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

listens_or_gone() { ! running "$server_pid" || both_show "$port" LISTEN; }

# What is strange about a server that runs and does not serve: " (100 processes)", " (it is stopped)".
what_of_it() {
    local members
    members=$(session_members "$server_pid" | wc -l)
    if grep -qs '^State:[[:space:]]*T' "/proc/$server_pid/status"; then
        echo ' (it is stopped)'
    elif [ "$members" -gt 4 ]; then
        echo " ($members processes)"
    fi
}

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
        because "[not-listening] your server runs$(what_of_it), but is not in LISTEN on port $port: call bind() with" \
            "the PORT given and listen()"
    elif [ "$other" = $(((port & 255) << 8 | port >> 8)) ]; then
        because "[swapped-port] your server listens on port $other, which is $port with its two bytes swapped: htons() is missing"
    else
        because "[wrong-port] your server listens on port $other, not on the PORT it was given, $port"
    fi
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
    sed "/^reason: /d; s/^/$who: /" "$T/$1.out" >>"$transcript"
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
