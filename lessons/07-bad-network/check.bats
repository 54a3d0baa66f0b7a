#!/usr/bin/env bats
# Lesson 07, core: the programs of lessons 01, 06 and 09 on two hosts, with a network between them that loses, doubles
# and reorders. wire(1) decides about each packet; what is judged is what arrived, never how long it took.

# grading.bash sets port and its like; each test is a subshell.
# shellcheck disable=SC2154,SC2034,SC2030,SC2031

load ../../tests/grading
load ../../tests/grading_scenes

BAD=(--delay 2 --loss 5 --duplicate 5 --reorder 10 --seed 11)

# through_bad_network SERVER CLIENT: both commands, and the network between them.
through_bad_network() {
    step "a network that loses 5 %, doubles 5 % and reorders 10 % of the packets"
    start_wire -q "${BAD[@]}" --server "bash $1.sh; echo \$? >$1.status" --client "bash $2.sh; echo \$? >$2.status"
    await_wire
    client_status=$(cat "$2.status" 2>/dev/null || true) # '': it never ended
}
# The student's udp client: its output is exactly TEXT and a newline.
printed() {
    [ "$(cat "$T/asking.out"; echo .)" = "$1"$'\n.' ] && return
    step "it printed: $(head -c 200 "$T/asking.out" | printable)"
    because "[inexact-output] your client has to print the answer and a newline: '$1'"
}
numbers() { seq 1 "$1" >"$T/sent"; }

# ---- UDP: lost is lost, and who wants an answer asks again

@test "[2] udp_echo: the first answer is lost on its way: it asks again, and the second is printed" {
    needs_hosts udp_echo
    udp_host server "$ROOT/bin/udp_echo" -q -b 10.0.0.2 -l 7000
    host asking udp_echo 10.0.0.2 7000 hello
    play <<'END'
run server exec bash server.sh
output server ready
run client exec bash asking.sh
expect UDP from client len 5
deliver
expect UDP from server len 5
drop
expect UDP from client len 5 within 5
deliver
expect UDP from server len 5
deliver
exit client 0 within 10
END
    case $wire_said in
        '') ;;
        *'len 5 within 5'*) because "[no-retry] the first answer was lost, and your client does not ask again: 3 tries, a second each" || return ;;
        'expect UDP from client'*) because "[ignores-message] your client does not send its message as one datagram of 5 bytes: $wire_said" || return ;;
        *) because "[wrong-exit-status] its second question was answered, but your client did not end with 0: $wire_said" || return ;;
    esac
    printed hello
}

@test "[2] udp_echo: a stranger's answer comes, the server's is lost: it asks again, and prints the server's" {
    needs_hosts udp_echo
    udp_host server "$ROOT/tests/peers/udp_peer" -b 10.0.0.2 listen 7000 \
        'expect hello' 'stray forged' 'send lost on its way' 'expect hello' 'send the true answer'
    host asking udp_echo 10.0.0.2 7000 hello
    play <<'END'
run server exec bash server.sh
output server ready
run client exec bash asking.sh
expect UDP from client len 5
deliver
expect UDP from server len 6
deliver
expect UDP from server len 15
drop
pass until UDP from client len 5 within 5
deliver
expect UDP from server len 15
deliver
exit client 0 within 10
END
    ! grep -q forged "$T/asking.out" ||
        because "[wrong-udp-peer] your client printed an answer from another port: connect() the socket, or compare the sender's address" || return
    case $wire_said in
        '') ;;
        'pass until'*) because "[no-retry] no answer of its server came, and your client does not ask again" || return ;;
        *) because "[wrong-exit-status] your client was answered, and did not end with 0: $wire_said" || return ;;
    esac
    printed 'the true answer'
}

@test "[2] udp_echo -l: one datagram overtakes another, which comes twice: each is answered, as it comes" {
    needs_hosts udp_echo
    udp_host server udp_echo -b 10.0.0.2 -l 7000
    host asking "$ROOT/tests/peers/udp_peer" -s 10.0.0.1 connect 10.0.0.2 7000 \
        'send one' 'send three' 'expect three' 'expect one' 'expect one'
    play <<'END'
run server exec bash server.sh
output server ready
run client exec bash asking.sh
expect UDP from client len 3
keep one
expect UDP from client len 5
deliver
expect UDP from server len 5 within 5
deliver
duplicate one
expect UDP from server len 3 within 5
deliver
deliver one
expect UDP from server len 3 within 5
deliver
exit client 0 within 10
END
    case $(sed -n 's/^reason: //p' "$T/asking.out") in
        '[wrong-variant]'*) because "$(sed -n 's/^reason: //p' "$T/asking.out")" || return ;;
    esac
    case $wire_said in
        '') ;;
        *'port unreachable'*) because "[stops-serving] your server is gone, or has closed its socket, after the first datagram: it goes on receiving" || return ;;
        *'within 5: instead'*) because "[wrong-bytes] your server's answer is not what came, to the byte: $wire_said" || return ;;
        *'len 5 within 5'*) because "[wrong-udp-peer] your server does not answer the datagram that came first (the one sent first came later)" || return ;;
        *'len 3 within 5'*) because "[not-reading] your server does not answer each datagram: one came twice, so two answers are right" || return ;;
        'output server ready'*) because "[not-listening] your server has no UDP socket on port 7000 of 10.0.0.2: $(said server)" || return ;;
        *) because "$(sed -n 's/^reason: //p' "$T/asking.out" | grep . || echo "[wrong-packets] $wire_said")" || return ;;
    esac
}

# ---- TCP: every byte, once, in order

# The student's client or sender has ended, and with 0.
ended_well() { # WHO WHAT TO DO
    [ -n "$client_status" ] || because "[ignores-eof] your $1 hangs: $2" || return
    ! by_signal "$client_status" || because "$(end_id "$client_status" crash) your $1 did not come to its end ($(ending "$client_status"))" || return
    [ "$client_status" -eq 0 ] || because "[wrong-exit-status] your $1 ended with $(status_text "$client_status"), though the network was only slow: $(said client)"
}

# What our client got back from the student's server.
came_back() {
    local got size sent reason
    got=$T/back.out
    answer_to "$T/sent" >"$T/right"
    if cmp -s "$got" "$T/right"; then
        [ "$client_status" = 0 ] ||
            because "[never-closes] every byte came back, and then your server did not close: read() that returns 0 is the end of file; close then"
        return
    fi
    step "our client: $(said back)"
    reason=$(other_variant "$got" "$T/sent")
    [ -z "$reason" ] || because "$reason" || return
    size=$(stat -c %s "$got") sent=$(stat -c %s "$T/sent")
    if [[ $(cat server.status 2>/dev/null) == 13[24569] ]]; then
        because "$(end_id "$(cat server.status)" crash) your server crashed ($(ending "$(cat server.status)"))"
    elif grep -q 'refused' "$T/back.err"; then
        because "[ignores-address] your server does not listen on port 7000 of 10.0.0.2, which is the ADDR it was given: $(said server)"
    elif [ "$size" -lt "$sent" ] && cmp -s -n "$size" "$got" "$T/right"; then
        because "[one-read] $size of $sent bytes came back: read() returns less at a time on such a network; loop until it returns 0, and" \
            "send all that it returned"
    elif [ "$size" -gt "$sent" ] && cmp -s -n "$sent" "$got" "$T/right"; then
        because "[wrong-length] more came back than was sent, $size bytes instead of $sent: send as many bytes as read() returned"
    else
        because "[wrong-bytes] other bytes came back than were sent, $size for $sent: send as many bytes as read() returned, and no others"
    fi
}

@test "[2] tcp_server: on a bad network every byte comes back once and in order" {
    needs_hosts tcp_server
    numbers 5000
    host server tcp_server -b 10.0.0.2 7000
    STDIN=$T/sent host back "$ROOT/bin/tcp_client" -q -t 15 10.0.0.2 7000
    through_bad_network server back
    came_back
}

@test "[2] tcp_client: on a bad network it sends and prints every byte once and in order" {
    needs_hosts tcp_client
    numbers 5000
    host server "$ROOT/bin/tcp_server" -q -b 10.0.0.2 7000
    STDIN=$T/sent host client tcp_client 10.0.0.2 7000
    through_bad_network server client
    ended_well client "read until read() returns 0, then close and exit"
    client_printed "$T/sent"
}

# ---- files

@test "[2] file_send: through a bad network the file arrives whole" {
    needs_hosts file_send
    numbers 20000
    cp "$T/sent" numbers
    host server "$ROOT/bin/file_recv" -q --classic -b 10.0.0.2 -d "$T/open/inbox" --once 7000
    # Ours know one word, ok.
    [ "$ANSWER" = ok ] || patient server "$ROOT/tests/peers/file_peer" -b 10.0.0.2 listen 7000 \
        accept 'name numbers' "answer $ANSWER" "keep $T/open/inbox/numbers" finish
    host client file_send 10.0.0.2 7000 numbers
    echo ': >received' >>server.sh
    # It may close and end at once; its kernel goes on repeating what was lost, as long as the host is there.
    # shellcheck disable=SC2016 # for that file's shell
    printf 'status=$?\nfor ((i = 0; i < %d; i++)); do [ ! -e received ] || break; sleep 0.02; done\n(exit $status)\n' $((10 * SCALE)) >>client.sh
    through_bad_network server client
    arrived
    ended_well sender "when all is sent, close and exit"
}

@test "[2] file_recv: through a bad network the file arrives whole" {
    needs_hosts file_recv
    numbers 20000
    cp "$T/sent" numbers
    IN=$T/open/inbox host server file_recv -b 10.0.0.2 7000
    host client "$ROOT/bin/file_send" -q --classic --confirm 10 10.0.0.2 7000 numbers
    [ "$ANSWER" = ok ] || patient client "$ROOT/tests/peers/file_peer" connect 10.0.0.2 7000 \
        'name numbers' ok 'send numbers' half-close end close
    through_bad_network server client
    arrived
}

arrived() {
    local got=$T/open/inbox/numbers reason
    reason=$(sed -n 's/^reason: //p' "$T/server.out" "$T/client.out" | head -n 1)
    [ "$ANSWER" = ok ] || [ -z "$reason" ] || because "$reason" || return
    [ -f "$got" ] ||
        because "[no-file] the file did not arrive; $(find "$T/open/inbox" -mindepth 1 -printf '%P ' | sed 's/^/what is there: /' | grep . || echo 'nothing did')." \
            "The sender: $(said client). The receiver: $(said server)" || return
    cmp -s "$got" "$T/sent" || because "[no-loop-on-write] the file is not what was sent: $(stat -c %s "$got") bytes of $(stat -c %s "$T/sent")." \
        "On such a network read() returns less at a time and write() blocks: loop over both until the end"
}
