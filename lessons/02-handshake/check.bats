#!/usr/bin/env bats
# Lesson 02, core: -b ADDR; the kernel completes handshakes before anyone calls accept; refusals.

load ../../tests/grading

second_address() {
    program tcp_server || return
    perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(LocalAddr => "127.0.0.2", Listen => 1)' ||
        skip "this machine has no address 127.0.0.2"
}

@test "[2] tcp_server: -b 127.0.0.1 listens there and nowhere else" {
    second_address
    serve -b 127.0.0.1
    listens_only_at 127.0.0.1
    talk 'send hello' 'expect hello' close
    nobody_at 127.0.0.2
}

@test "[2] tcp_server: -b 127.0.0.2 listens there and nowhere else" {
    second_address
    serve -b 127.0.0.2
    listens_only_at 127.0.0.2
    server_address=127.0.0.2 talk 'send hello' 'expect hello' close
    nobody_at 127.0.0.1
}

listens_only_at() {
    local row
    row=$(look_at "$port" LISTEN)
    step "netstat: $row"
    [[ $row == *[\ :]"$1:$port "* ]] ||
        because "[ignores-address] with -b $1 your server does not listen on $1, but where this row says: $row"
}

nobody_at() {
    step "connecting to $1 port $port"
    ! perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Timeout => 5)' "$1" "$port" ||
        because "[ignores-address] your server also listens on $1: -b ADDR means that address alone, not INADDR_ANY"
}

@test "[3] a connection is ESTABLISHED before it is accepted, and its turn comes" {
    serve
    visit first 'send first' 'expect first' "await $T/go" close
    reached first '^holding'
    step "the first client is connected and silent; a second one comes and writes"
    visit second 'send second' "await $T/go" 'expect second' close
    reached second '^holding'
    waiting=$(sed -n 's/^connected to .* from port //p' "$T/second.out")
    wait_for -t 2 shows_second || true
    step "netstat: $row"
    [[ $row == *ESTABLISHED* ]] ||
        because "[stops-listening] the second client's connection is not ESTABLISHED at the server: the kernel makes it without accept(), so did your server close the listening socket, or the connection?"
    step "a third one comes, and the first one leaves"
    visit third 'send third' 'expect third' close
    go_on "$T/go"
    done_with first
    done_with second
    done_with third
    server_is_up
}

shows_second() {
    row=$(connections | awk -v peer=":$waiting\$" '$5 ~ peer')
    [ -n "$row" ]
}

@test "[2] tcp_client: is connected, and has sent all, before the server accepts" {
    answer server watch "await $T/go" accept 'expect hello' eof 'send hello' close
    client 127.0.0.1 "$port" hello
    reached server '^holding'
    wait_for -t 5 client_has_sent || true
    row=$(look_to "$port" | awk '$6 != "TIME_WAIT"')
    step "netstat: $row"
    if [ -z "$row" ] || [[ $row == *SYN_SENT* ]]; then
        because "[closes-altogether] your client's connection is gone before the server has accepted it: write, half-close, and wait in read()"
    fi
    go_on "$T/go"
    client_ends server
    printf hello >"$T/back"
    client_printed "$T/back"
}
# The message lies in the Recv-Q of a connection that nobody has accepted yet.
client_has_sent() { rows_at "$port" | awk '$6 != "LISTEN" && $2 >= 5 { found = 1 } END { exit !found }'; }

@test "[1] tcp_client: a port where nobody listens is an error, told on stderr" {
    port=$(free_port)
    step "nobody listens on port $port: the kernel answers the SYN with a reset"
    refuses client tcp_client 127.0.0.1 "$port" hello
    [ ! -s "$T/client.out" ] || because "[inexact-output] your client prints something on stdout though nothing came back: errors belong on stderr"
}

@test "[1] tcp_server: a port on which another program listens is an error, told on stderr" {
    program tcp_server
    start other "$ROOT/tests/peers/peer" -b 0.0.0.0 listen 0 "await $T/for-ever"
    wait_line "$T/other.out" '^listening on'
    port=$(sed -n 's/^listening on .*://p' "$T/other.out")
    step "another program listens on port $port"
    refuses second tcp_server "$port"
}

@test "[1] tcp_server: -b with an address that this machine does not have is an error" {
    program tcp_server
    [ "$(cat /proc/sys/net/ipv4/ip_nonlocal_bind 2>/dev/null)" != 1 ] || skip "this machine binds to any address (ip_nonlocal_bind)"
    port=$(free_port)
    refuses second tcp_server -b 192.0.2.1 "$port"
}

@test "[2] on the wire: three packets open the connection, and the echo comes back" {
    on_the_wire "${BATS_TEST_FILENAME%/*}/handshake.wire"
}
