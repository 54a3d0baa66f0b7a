# grading_refusals.bash: programs that have to end with an error. Loaded by grading.bash.
#
#   refuses NAME PROGRAM ARG...        it has to end with an error, and not to listen
#   refuse_later NAME PROGRAM ARG...   one of several that are started together;  refused  judges them all

# helper.bash sets what is read here.
# shellcheck disable=SC2154

refuse_later() { # NAME PROGRAM [ARG]...
    launch "$@" || return
    refusal_pids[${#refusal_pids[@]}]=$pid
    refusal_names[${#refusal_names[@]}]=$1
    refusal_commands[${#refusal_commands[@]}]=$(shown_command "${@:2}")
}

refused() {
    local i in_order=()
    # `large` first: connected to somebody who says nothing it may give up soon, as if it had refused.
    for ((i = 0; i < ${#refusal_pids[@]}; i++)); do
        if [ "${refusal_names[i]}" = large ]; then in_order=("$i" "${in_order[@]}"); else in_order+=("$i"); fi
    done
    for i in "${in_order[@]}"; do
        refused_one "${refusal_pids[i]}" "${refusal_names[i]}" "${refusal_commands[i]}" || return
    done
}

refuses() {
    refusal_pids=() refusal_names=() refusal_commands=()
    refuse_later "$@" && refused
}

refused_one() { # PID NAME COMMAND
    local listening
    wait_for -t 5 ended_or_goes_on "$1" "$2" || true
    # It would time out some day, and end as if it had refused.
    ! reaches_somebody "$1" "$2" ||
        because "[loose-arguments] '$3' is connected to port $port: it has to be refused. Numbers: check the whole word and the range (strtol, not atoi)" || return
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

ended_or_goes_on() { # PID NAME
    ! running "$1" || [ -n "$(listening_ports "$1")" ] || reaches_somebody "$@"
}

# `large` is the number of a listener and 65536.
reaches_somebody() { # PID NAME
    [ "$2" = large ] && running "$1" || return
    netstat -antpW 2>/dev/null | awk -v ids=" $(session_members "$1" | tr '\n' ' ')" -v port=":$port\$" '
        $6 ~ /^(ESTABLISHED|FIN_WAIT)/ && $5 ~ port { split($7, owner, "/"); if (index(ids, " " owner[1] " ")) found = 1 }
        END { exit !found }'
}
