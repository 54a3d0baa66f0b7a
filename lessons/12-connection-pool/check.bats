#!/usr/bin/env bats
# Lesson 12, core: a pool of connections: kept and used again, never more than allowed, no place lost, no dead one used.

# grading.bash sets port and its like; each test is a subshell.
# shellcheck disable=SC2154,SC2034,SC2030,SC2031

load ../../tests/grading
load ../../tests/grading_pool
load ../../tests/grading_scenes

# With which a call begins, and the byte that ends it; with a seed others, the student's own.
CALL=${NETSTEP_CALL:-call} END=${NETSTEP_END:-$'\n'}
[ -z "${NETSTEP_END:-}" ] && ending='a newline' || ending="'$END'"

@test "[3] tcp_pool: one call after another: connections are kept and used again, and no place gets lost" {
    watching calls 10 connects 3 max 3 most 1
    pool 3 1 10
    all_answered
}

@test "[2] tcp_pool: as many calls at once as workers and connections allow" {
    watching calls 12 max 3 most 3 at-once 3
    pool 3 3 12
    all_answered
    watching calls 6 max 4 most 2 at-once 2
    pool 4 2 6
    all_answered
}

@test "[3] tcp_pool: more workers than connections wait, and all calls are answered" {
    watching calls 30 max 2 connects 2 at-once 2
    pool 2 5 30
    all_answered
}

@test "[3] tcp_pool: a connection that the server closed meanwhile is replaced, not used" {
    watching calls 6 max 1 fin-with 1,2,4
    pool 1 1 6
    all_answered
}

@test "[2] tcp_pool: netstat shows no CLOSE_WAIT that is kept, and no more connections than allowed" {
    watching calls 6 max 2 at-once 2 fin-with 1,2 hold "2,$T/go"
    pool 2 2 6
    pool_holds
    wait_for -t 2 none_in_close_wait || true
    rows=$(rows_to "$port")
    step "netstat: ${rows//$'\n'/$'\n'netstat: }"
    none_in_close_wait ||
        because "[pool-keeps-close-wait] two new connections are in use, and the two that the server had closed are still there, in" \
            "CLOSE_WAIT: close() what you replace"
    [ "$(look_until 2 rows_to "$port" ESTABLISHED | wc -l)" -eq 2 ] ||
        because "[pool-too-many] two calls are under way, and netstat does not show two connections in ESTABLISHED"
    go_on "$T/go"
    all_answered
}
none_in_close_wait() { [ -z "$(rows_to "$port" CLOSE_WAIT)" ]; }

@test "[1] tcp_pool: a kept connection that ends instead of an answer: the call is made again on another" {
    watching calls 5 max 1 drop 3
    pool 1 1 5
    all_answered
}

@test "[2] tcp_pool: a connection is put back when the whole answer has been read, not before" {
    watching calls 4 max 1 slow 0.3
    pool 1 2 4
    all_answered
    watching calls 4 max 1 split 0.5
    pool 1 2 4
    all_answered
}

@test "[2] tcp_pool: a server that is down: an error, also with more calls than connections" {
    program tcp_pool
    port=$(free_port)
    pool 2 1 6
    pool_fails "connects that were refused"
    pool 1 3 6
    pool_fails "connects that were refused"
}

@test "[1] tcp_pool: an answer that is another line is an error" {
    watching calls 1 wrong 1
    pool 1 1 1
    pool_fails "an answer that is not what it had sent"
}

@test "[1] tcp_pool: refuses wrong and missing arguments" {
    watching calls 1
    pool 1 1 1
    all_answered
    watching calls 100 stay 1 # it is there, and would answer
    refusal_pids=()
    refuse_later none tcp_pool
    refuse_later alone tcp_pool 127.0.0.1
    refuse_later large tcp_pool 127.0.0.1 70000 --max 1 --workers 1 --calls 1
    refuse_later zero tcp_pool 127.0.0.1 "$port" --max 0 --workers 1 --calls 1
    refuse_later word tcp_pool 127.0.0.1 "$port" --max 1 --workers two --calls 1
    refused
}

@test "[1] on the wire: the server's FIN and the next call cross: the call is made again on another connection" {
    needs_hosts tcp_pool
    patient server "$ROOT/tests/peers/peer" -b 10.0.0.2 listen 7000 accept "expect $CALL 1$END" "send $CALL 1$END" close \
        accept "expect $CALL 2$END" "send $CALL 2$END" eof close
    host pool tcp_pool 10.0.0.2 7000 --max 1 --workers 1 --calls 2
    : >"$T/nobody.out"
    partner=nobody # what it would say is of a client with a MESSAGE; the scene knows more
    play <<END
title A call meets a FIN on its way
timers still
run server exec bash server.sh
state server LISTEN
run client exec bash pool.sh
why [pool-wrong-call] your program has to connect, and to send its first call
pass until DATA from client
deliver
why [pool-wrong-call] the first call has to be "$CALL 1" and $ending
pass until DATA from server
keep answer
pass until FIN from server
keep fin
deliver answer
why [pool-leaks-place] the first call is answered, and no second one comes: its connection, and its place, have to be given back
pass until DATA from client
why [pool-no-reuse] the first call is answered; no FIN has come, so the next call goes on the same connection
states ESTABLISHED FIN_WAIT1
keep call
why [pool-loses-call] the FIN came after the call had gone, and no answer: make the call again, on a new connection
deliver fin
deliver call
pass until SYN from client
free
exit client 0
exit server 0
END
    came_true
}
