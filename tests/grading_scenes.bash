# grading_scenes.bash: scenes on wire's hosts that a check makes up itself: on one host a program of the student's, on the
# other one a partner, and each packet as the scene says (wire(1), SCRIPTS).
#
#     load ../../tests/grading
#     load ../../tests/grading_scenes
#
#   needs_hosts PROGRAM       the program has to be there; skips the test where no hosts can be made
#   host NAME PROGRAM ARG...  a command for a host, `bash NAME.sh`: the student's PROGRAM, or a partner, with a slash.
#                             STDIN=FILE feeds it, IN=DIR is where it runs; its output goes to $T/NAME.out and .err
#   udp_host NAME ...         the same for a UDP server: it says "ready" when its socket is there
#   patient NAME ...          the same for a partner with steps (tests/peers), which may stand still for longer
#   play                      the scene on stdin; $wire_said is then '', or the line that did not come true, and why
#   came_true                 it did, and the partner is content; if not, fails with the partner's reason, or with what
#                             the scene says: `why [ID] REASON`
#   said NAME                 the first line that it has said on stderr

# helper.bash and grading.bash set what is read here; wire_status and wire_said are for the checks.
# shellcheck disable=SC2154,SC2034

# The program that is graded has to be there; where no hosts can be made, nothing more can be said.
needs_hosts() { # PROGRAM
    program "$1" || return
    needs_our_wire || return
    # The scripts of the hosts are ours: out of the programs' reach, though they run in this directory.
    mkdir "$T/stage"
    [ -z "${NETSTEP_USER:-}" ] || chown "$NETSTEP_USER" "$T/stage"
    cd "$T/stage" || return
    export NETSTEP_SHOWN="${NETSTEP_SHOWN:-}"$'\n'"$T/stage"
}

host() { # NAME PROGRAM [ARG]...
    local name=$1 program=$2 command
    shift 2
    if [[ $program != */* ]]; then
        step "\$ $(shown_command "$program" "$@")"
        command=$(on_a_host "$BIN/$program")
    else
        partner=$name
        printf -v command 'env %q %q' "$TOOLS/launch" "$program"
    fi
    : >"$T/$name.out"
    : >"$T/$name.err"
    [ -z "${NETSTEP_USER:-}" ] || chown "$NETSTEP_USER" "$T/$name.out" "$T/$name.err"
    {
        [ -z "${IN:-}" ] || printf 'cd %q\n' "$IN"
        printf 'ulimit -f %q\n' "$NETSTEP_OUTPUT_KIB"
        printf '%s' "$command"
        [ $# -eq 0 ] || printf ' %q' "$@"
        printf ' <%q >%q 2>%q\n' "${STDIN:-/dev/null}" "$T/$name.out" "$T/$name.err"
    } >"$name.sh"
}

# A UDP server has no LISTEN to wait for: netstat is asked again and again.
udp_host() { # NAME PROGRAM [ARG]...
    host "$@"
    mv "$1.sh" "$1.alone.sh"
    cat >"$1.sh" <<END
bash $1.alone.sh &
for ((i = 0; i < $((4 * SCALE)); i++)); do
    netstat -anu | grep -q ':7000 ' && { echo ready; wait; exit; }
    kill -0 \$! || break
    sleep 0.02
done
kill \$! 2>/dev/null
wait
END
}

patient() { # NAME PROGRAM [ARG]...
    host "$@"
    sed -i "s/^env /env NETSTEP_TIMEOUT_SCALE=$((SCALE * 6 / 100)) /" "$1.sh" # longer than the wire waits for a packet
    grep -q '^env NETSTEP_TIMEOUT_SCALE=' "$1.sh" || fail "the partner $1 has no patience: $1.sh begins it otherwise"
}

play() {
    cat >scene.wire
    start_wire -q scene.wire
    await_wire
}

await_wire() {
    wait_exit "$pid" 40 || { step "what was on its way after 40 s was given up"; stop_process "$pid" TERM; }
    wire_status=$status wire_said=$(sed 's/^wire: scene.wire:[0-9]*: //' "$T/wire.err" | head -n 1)
    [ -z "$wire_said" ] || step "the wire: $wire_said"
    [[ $wire_said != 'wire: no hosts can be made: '* ]] || skip "${wire_said#wire: }"
}

came_true() {
    local crash reason
    reason=$(sed -n 's/^reason: //p' "$T/$partner.out" | head -n 1)
    [ -n "$wire_said$reason" ] || return 0
    printable <"$T/wire.out" | head -n 60 >>"$transcript"
    crash=$(sed -nE 's/.*end: exit status (13[24569]|141)$/\1/p' "$T/wire.out" | head -n 1)
    [ -z "$crash" ] || because "$(end_id "$crash" crash) your program did not come to its end ($(ending "$crash"))" || return
    [ -z "$reason" ] || because "$reason" || return
    # "exit client 0 within 30: exit status 1: [ID] REASON"
    [[ ! $wire_said =~ ^exit\ [a-z]+\ 0.*:\ exit\ status\ ([0-9]+): ]] ||
        because "[wrong-exit-status] all went well up to there, and your program ended with exit status ${BASH_REMATCH[1]}: it has to be 0" || return
    # "expect FIN from client: what came instead: [ID] REASON"
    [[ ! $wire_said =~ ^(.*):\ (\[[a-z-]+\]\ .*)$ ]] ||
        reason="${BASH_REMATCH[2]} (packet by packet: ${BASH_REMATCH[1]})"
    [ -z "$reason" ] || because "$reason" || return
    because "[wrong-packets] packet by packet: $wire_said"
}

# The first line of what a program has said on stderr.
said() { head -n 1 "$T/$1.err" | printable | grep . || echo "it says nothing on stderr"; }
