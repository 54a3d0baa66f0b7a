# grading_many.bash: what the check of lesson 11 needs: several clients of one server at once. Load it behind grading.bash.
#
#   four_idle                       four clients, idle1 to idle4, who are connected, silent, and go on when $T/go is there
#   four_done                       lets them go on, and judges them
#   own_bytes NAME                  as done_with, where other bytes than that client's own mean that clients are mixed up
#   clients N                       N clients, one after another; the transcript has only their number
#   open_descriptors, zombies       how many the student's server has, all its processes together

# grading.bash and helper.bash set what is read here.
# shellcheck disable=SC2154,SC2034

four_idle() {
    visit idle1 "await $T/go" 'send first' 'expect first' half-close eof close
    visit idle2 "await $T/go" half-close eof close
    visit idle3 'send one' 'expect one' "await $T/go" 'send three' 'expect three' half-close eof close
    visit idle4 'send two' 'expect two' "await $T/go" half-close eof close
    for i in 1 2 3 4; do
        reached "idle$i" '^holding' || return
    done
    step "four clients are connected and say nothing: two never did, two have had an answer"
}

four_done() {
    go_on "$T/go"
    for i in 1 2 3 4; do
        own_bytes "idle$i" || return
    done
}

own_bytes() { # NAME
    local id="peer_$1"
    wait_exit "${!id}" 60 || true
    if grep -Eq '^reason: \[(wrong-bytes|wrong-length)\]' "$T/$1.out"; then
        tell_peer "$1"
        because "[mixes-clients] a client got other bytes than its own, with others connected. If that does not happen to one" \
            "alone: do two clients share a buffer, or a variable that says how much is in it?" || return
    fi
    done_with "$1"
}

clients() { # N
    local before i
    before=$(<"$transcript")
    for ((i = 0; i < $1; i++)); do
        talk "send client $i" "expect client $i" half-close eof close || return
    done
    printf '%s\n' "$before" >"$transcript"
    step "$1 clients, one after another, each served and gone"
}

# All of its processes: a script may be a shell's child.
session_states() { ps -o stat= -s "$(session_id "$server_pid")"; }
zombies() { session_states | grep -c '^Z' || true; }
open_descriptors() {
    local id sum=0 count
    for id in $(session_members "$server_pid"); do
        count=$(find "/proc/$id/fd" -mindepth 1 2>/dev/null | wc -l)
        sum=$((sum + count))
    done
    echo "$sum"
}
