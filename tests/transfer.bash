# transfer.bash: what the tests of file_send and file_recv share.
#
#   receiver [OPTION]...        starts file_recv on any port; it puts files into $T/in. Sets $port and $receiver_pid
#   classic [-r BYTES] STEP...  plays a sender (tests/peers/peer says the steps), to its end
#   sends STATUS FILE...        file_send sends these, and ends with that status. Its lines: $T/send.out, $T/send.err.
#                               Options in the array `send_options`
#   kept NAME FILE              NAME is in $T/in, and is FILE
#   nothing_but NAME...         $T/in holds these, and no temporary file
#   told REGEX                  the receiver says such a line, on stdout or stderr
#   content NAME SIZE           makes $T/NAME of random bytes

load helper

# helper.bash sets pid, port, status.
# shellcheck disable=SC2154,SC2034

setup() {
    setup_started
    mkdir -p "$T/in"
    send_options=()
}

receiver() {
    start_listening receiver file_recv -d "$T/in" "$@" 0
    # shellcheck disable=SC2034
    receiver_pid=$pid
}
classic_in_background() {
    local options=()
    while [[ $1 == -* ]]; do
        options+=("$1" "$2")
        shift 2
    done
    start classic "$ROOT/tests/peers/peer" "${options[@]}" connect 127.0.0.1 "$port" "$@"
}
classic() {
    classic_in_background "$@"
    wait_exit "$pid" 20 || fail 'the played sender does not end' "$(tail -n 5 "$T/classic.out")" || return
    [ "$status" -eq 0 ] || fail "the played sender: $(status_text "$status")" "$(tail -n 5 "$T/classic.out" "$T/classic.err")"
}
sends() {
    local wanted=$1
    shift
    run_for 60 send file_send "${send_options[@]}" 127.0.0.1 "$port" "$@" || return
    assert_equal "$(status_text "$status")" "exit status $wanted" "file_send $*" || fail "$(cat "$T/send.err")"
}
kept() { assert_file "$T/in/$1" "$2"; }
entries() { find "$T/in" -mindepth 1 -printf '%f\n' | LC_ALL=C sort; }
nothing_but() { assert_equal "$(entries)" "$(printf '%s\n' "$@" | LC_ALL=C sort)" 'files of the receiver'; }
told() {
    wait_for grep -Eqs -- "$1" "$T/receiver.out" "$T/receiver.err" ||
        fail "the receiver does not tell '$1'" "$(cat "$T/receiver.out" "$T/receiver.err")"
}
content() { head -c "$2" /dev/urandom >"$T/$1"; }
# No socket of $port stays in CLOSE_WAIT, and nothing waits to be sent.
no_socket_stays() { wait_no_state "$port" CLOSE_WAIT && wait_no_state "$port" LAST_ACK; }
