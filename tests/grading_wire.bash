# grading_wire.bash: both programs on hosts of their own, packet by packet. Loaded by grading.bash.
#
#   on_the_wire FILE    runs tcp_server and tcp_client on wire's hosts, each packet as the .wire script says (wire(1)); skips
#                       the test where no such hosts can be made
#   needs_our_wire      skips the test there
#   start_wire ARG...   wire in the background
#   on_a_host PROGRAM   prints the command that starts a program of the student's on a host

# helper.bash sets what is read here.
# shellcheck disable=SC2154

# Skips the test where our wire can't make its hosts.
needs_our_wire() {
    [ -x "$ROOT/bin/wire" ] || skip "wire is not built: make"
    WIRE=$ROOT/bin/wire needs_wire
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
    local runner=("$TOOLS/launch")
    [ -z "${NETSTEP_CONFINE:-}" ] || runner=(perl "$ROOT/tests/peers/confine")
    printf 'env NETSTEP_USER='
    printf ' %q' "${runner[@]}" "$1"
}

# Two hosts and the wire between them: the script waits for packets and states, not for times.
on_the_wire() { # FILE
    local why name command
    program tcp_server || return
    program tcp_client || return
    needs_our_wire || return
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
