# grading_transfer.bash: file_send and file_recv (the partner's steps: tests/peers/file_peer). Loaded by grading.bash.
#
#   receive [-b ADDR]               starts the student's file_recv in $T/open/inbox on a free port (and stops the one before)
#   offer NAME STEP...              plays a sender in the background;  hand_over STEP... to the end
#   take NAME [-r BYTES] STEP...    plays a receiver in the background and sets $port;  send_file ARG... starts file_send
#   partner_holds NAME              waits until that partner stands in `await`;  partner_done NAME waits for its end
#   sent NAME                       the partner is content, and file_send ended with 0;  not_sent WHAT  with an error
#   received NAME FILE              file_recv's file NAME has the bytes of FILE

# helper.bash and grading.bash set what is read here.
# shellcheck disable=SC2154,SC2034

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
    : >"$T/offered"
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
        ! wait_for -t 8 cmp -s "$got" "$2" ||
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
    made=$(find "$T/open/inbox" -mindepth 1 -newer "$T/offered" -printf '%P\n' | head -n 1) # since the partner was started
    [ -n "$made" ] ||
        because "[no-file] the connection is closed, and $what. Nothing was made: open() it when the name is known, though no" \
            "content may come" || return
    [[ $made != "$1"?* ]] ||
        because "[unterminated-name] the connection is closed, and $what. read() sets no zero byte behind the" \
            "name: name[n] = 0" || return
    because "[wrong-name] the connection is closed, and $what. All bytes of the first read() are the name, up to 255"
}
