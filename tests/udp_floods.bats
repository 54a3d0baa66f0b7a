#!/usr/bin/env bats
# udp_echo with many datagrams, and ended in the middle of them: floods, --count, signals in every phase.

# udp.bash sets pid, port, status and full, and reads phase.
# shellcheck disable=SC2154,SC2034

load udp

# ---- floods

@test "two echo servers pointed at each other: the cap ends the flood, and is said once a second at most" {
    server -q --rate 20
    udp_peer bouncing 'send for ever' 'bounce 0.5'
    succeeds "$pid" bouncing 30
    assert_match "$(cat "$T/server.err")" '^([^ ]*/)?udp_echo: from 127\.0\.0\.1:[0-9]+: more than 20 datagrams in a second, the rest goes unanswered \(--rate\)$'
    assert_equal "$(wc -l <"$T/server.err")" 1 'lines on stderr'
    bounced=$(sed -n 's/^sent back \([0-9]*\) datagrams.*/\1/p' "$T/bouncing.out")
    ((bounced >= 20 && bounced % 20 == 0)) || fail "sent back: $bounced"
    wait_for answered_again 2>"$T/noise" || fail 'it does not answer after that second'
}
answered_again() { "$BIN/udp_echo" -q --tries 1 -t 0.2 127.0.0.1 "$port" hello >"$T/again" 3>&-; }

@test "the default cap ends a loop as well; another address is answered meanwhile" {
    server -q
    sends=() # several at once: one alone goes round no thousand times a second on a busy machine
    for ((i = 0; i < 50; i++)); do sends+=('send for ever'); done
    udp_peer bouncing "${sends[@]}" 'bounce 0.5'
    bouncing=$pid
    start other "$ROOT/tests/peers/udp_peer" -s 127.0.0.3 connect 127.0.0.1 "$port" 'send me too' 'expect me too'
    succeeds "$pid" other
    succeeds "$bouncing" bouncing 60
    said server.err 'more than 1000 datagrams in a second'
}

@test "--rate 0: no cap; --rate N: N answers to an address, from whatever ports, in a second" {
    server -q --rate 5 --max 40
    start many /usr/bin/perl -MIO::Socket::INET -e '
        my @sockets = map { IO::Socket::INET->new(Proto => "udp", PeerAddr => "127.0.0.1:$ARGV[0]") or die } 1 .. 8;
        for my $round (1 .. 5) { $_->send("x") for @sockets }' "$port"
    wait_exit "$server_pid"
    assert_equal "$status" 0
    assert_match "$(cat "$T/server.err")" 'more than 5 datagrams in a second'
    server -q --rate 0
    run_for 30 client udp_echo -q --json --count 3000 --interval 0 127.0.0.1 "$port"
    assert_empty "$T/server.err"
    assert_equal "$(json sent)" 3000
}

@test "many addresses at once: a table that is full still bounds each of them" {
    server -q --rate 1 --max 6000
    start many /usr/bin/perl -MSocket -e '
        my $to = pack_sockaddr_in($ARGV[0], inet_aton("127.0.0.1"));
        for my $i (0 .. 1999) {
            socket my $fh, PF_INET, SOCK_DGRAM, 0 or die;
            bind $fh, pack_sockaddr_in(0, inet_aton("127.1." . int($i / 200) . "." . ($i % 200 + 1))) or die "bind: $!";
            send $fh, "x", 0, $to for 1 .. 3;
            if ($i % 20 == 19) { 1 until all_read() } # the receive buffer is not what is tested
        }
        # The row of the server in /proc/net/udp: "  12: 0100007F:1B58 00000000:0000 07 00000000:00000300 ...", tx and rx queue.
        sub all_read {
            select undef, undef, undef, 0.001;
            my $own = sprintf ":%04X", $ARGV[0];
            open my $rows, "<", "/proc/net/udp" or die;
            while (<$rows>) { my @field = split; return $field[4] =~ /:0+$/ if $field[1] =~ /$own$/ }
            return 1;
        }
        ' "$port"
    succeeds "$pid" many 30
    wait_for many_told || fail "only $(grep -c 'more than 1 datagrams' "$T/server.err") addresses were told of"
}
many_told() { [ "$(grep -c 'more than 1 datagrams' "$T/server.err")" -gt 500 ]; }

# ---- --count

@test "--count: the summary, in words and as JSON" {
    server -q
    run_for 15 client udp_echo --count 5 --interval 0.01 127.0.0.1 "$port"
    assert_equal "$status" 0
    assert_match "$(head -n 1 "$T/client.out")" "^127\.0\.0\.1:$port: 5 sent, 5 received, 0 lost \(0\.0 %\), 0 out of order, 0 duplicated$"
    assert_match "$(tail -n 1 "$T/client.out")" '^round trip: min [0-9]+\.[0-9]{3} ms, median [0-9]+\.[0-9]{3} ms, p99 [0-9]+\.[0-9]{3} ms, max [0-9]+\.[0-9]{3} ms$'
    assert_equal "$(wc -l <"$T/client.out")" 2
    said client.err '^send\(3, number 4, 64\) += 64 +one datagram$'
    said client.err '^recv\(3, buffer, 65536\) += 64 +number 4 after [0-9]+\.[0-9]{3} ms$'
    run_for 15 client udp_echo -q --json --count 3 --interval 0.01 --size 100 127.0.0.1 "$port"
    assert_match "$(cat "$T/client.out")" "^\{\"server\":\"127\.0\.0\.1:$port\",\"size\":100,\"sent\":3,\"received\":3,\"lost\":0,\"out_of_order\":0,\"duplicated\":0,\"strange\":0,\"round_trip_ms\":\{\"min\":[0-9.]+,\"median\":[0-9.]+,\"p99\":[0-9.]+,\"max\":[0-9.]+\}\}$"
    assert_empty "$T/client.err"
}

@test "--count: lost, out of order and duplicated, as a peer played them" {
    serve_udp take take take take take 'back 2' 'back 0' 'back 0' 'back 2' 'back 4' 'quiet 0.1'
    run_for 15 client udp_echo -q --json -t 3 --count 5 --interval 0.01 127.0.0.1 "$port"
    assert_equal "$status" 0
    served
    assert_equal "$(json sent) $(json received) $(json lost)" '5 3 2'
    assert_equal "$(json out_of_order) $(json duplicated) $(json strange)" '1 2 0'
}

@test "--count: what was never sent is counted as strange, and believed in nothing" {
    serve_udp take take 'back-as short 0' 'back-as long 0' 'back-as changed 0' 'back-as never 0' 'back-as late 0' \
        'back-as foreign 0' send 'send x' 'back 1' 'stray nobody hears this' 'quiet 0.1'
    run_for 15 client udp_echo --count 2 -t 3 --interval 0.01 127.0.0.1 "$port"
    assert_equal "$status" 0
    served
    assert_match "$(head -n 1 "$T/client.out")" ': 2 sent, 1 received, 1 lost \(50\.0 %\), 0 out of order, 0 duplicated$'
    assert_equal "$(tail -n 1 "$T/client.out")" '8 strange: too short, too long, changed, or a number never sent'
    assert_equal "$(grep -c 'strange: we have not sent that$' "$T/client.err")" 8
}

@test "--count: nothing comes back: the summary, one line, exit status 1" {
    serve_udp take take 'quiet 0.5'
    run_for 15 client udp_echo -q --json -t 0.2 --count 2 --interval 0.01 127.0.0.1 "$port"
    assert_equal "$status" 1
    assert_equal "$(json sent) $(json lost)" '2 2'
    assert_match "$(cat "$T/client.out")" '"round_trip_ms":null}$'
    assert_match "$(cat "$T/client.err")" "127\.0\.0\.1 port $port: nothing came back$"
    served
}

@test "--count: a server that goes away and comes back: what was sent meanwhile is lost" {
    server -q
    client -t 0.5 --count 100000 --interval 0.01 127.0.0.1 "$port"
    said client.err '^recv.* number 3 after'
    stop_process "$server_pid"
    said client.err "^udp_echo: .* 127\.0\.0\.1 port $port: Connection refused$|^[^ ]*udp_echo: .*Connection refused$"
    lost=$(grep -c '^send.* = 64' "$T/client.err")
    start again udp_echo -q -l "$port"
    wait_for -t 20 hears_again || fail 'it does not hear the server that came back' "$(tail -n 3 "$T/client.err")"
    stop_process "$client_pid" INT
    assert_equal "$status" 0
    [ "$(grep -c '^[^ ]*udp_echo:' "$T/client.err")" -eq 1 ] || fail 'refusals are said once' "$(grep udp_echo: "$T/client.err")"
    assert_match "$(head -n 1 "$T/client.out")" ' [1-9][0-9]* lost '
}
# A number has been answered that was sent well after the server's end.
hears_again() { [ "0$(sed -n 's/^recv.* number \([0-9]*\) after.*/\1/p' "$T/client.err" | tail -n 1)" -gt $((lost + 20)) ]; }

# ---- signals

@test "the server ends at once, with 0, in every phase: waiting, in --step, under a flood, stdout or stderr full" {
    for signal in TERM INT; do
        phase=waiting
        server
        said server.out '^recvfrom.* blocks'
        ends_server "$signal"
        said server.out "^ended by SIG$signal$"
        phase='in a flood'
        server -q
        start flood "$ROOT/tests/peers/udp_peer" connect 127.0.0.1 "$port" 'send x' 'bounce 5'
        start flood /usr/bin/perl -MIO::Socket::INET -e '
            my $s = IO::Socket::INET->new(Proto => "udp", PeerAddr => "127.0.0.1:$ARGV[0]") or die; $s->send("x") while 1' "$port"
        wait_line "$T/server.err" 'more than'
        ends_server "$signal"
        stop_process "$pid"
    done
    full_pipe
    phase='stdout is full'
    port=$(free_port udp)
    # shellcheck disable=SC2016 # that shell's variables
    shell server 'exec "$1" -l "$2" >"$3"' "$BIN/udp_echo" "$port" "$full"
    server_pid=$pid
    wait_for blocked "$server_pid"
    ends_server TERM
    phase='stderr is full'
    # shellcheck disable=SC2016
    shell server 'exec "$1" -q --buffer 1 -l "$2" 2>"$3"' "$BIN/udp_echo" "$port" "$full"
    server_pid=$pid
    wait_for row_count own "$port" 1
    plays_client 'send long' 'expect l'
    ends_server TERM
    phase='in --step'
    mkfifo "$T/enter"
    exec 8<>"$T/enter"
    STDIN=$T/enter start server udp_echo --step -l "$port"
    server_pid=$pid
    echo >&8
    said server.out '^bind.*Enter'
    ends_server INT
    exec 8>&- 9>&-
}
ends_server() { # SIGNAL
    stop_process "$server_pid" "$1" 2 || fail "$phase: it still runs 2 s after SIG$1" "$(cat "/proc/$server_pid/wchan")"
    assert_equal "$(status_text "$status")" 'exit status 0' "$phase, SIG$1" || return
    assert_equal "$(udp_rows own "$port")" '' "$phase: sockets left"
}

@test "the client dies of the signal at once: in recv, with stdout full, in --step" {
    serve_udp take "await $T/never"
    for signal in TERM INT; do
        client -t 60 127.0.0.1 "$port" x
        said client.err '^recv.* blocks'
        dies "$signal"
    done
    full_pipe
    server -q
    # shellcheck disable=SC2016
    shell client 'exec "$1" -q 127.0.0.1 "$2" x >"$3"' "$BIN/udp_echo" "$port" "$full"
    client_pid=$pid
    wait_for blocked "$client_pid"
    dies TERM
    # shellcheck disable=SC2016
    shell client 'exec "$1" 127.0.0.1 "$2" x 2>"$3"' "$BIN/udp_echo" "$port" "$full"
    client_pid=$pid
    wait_for blocked "$client_pid"
    dies INT
    mkfifo "$T/enter"
    exec 8<>"$T/enter"
    STDIN=$T/enter start client udp_echo --step 127.0.0.1 "$port" x
    client_pid=$pid
    echo >&8
    said client.err '^connect.*Enter'
    dies TERM
    exec 8>&- 9>&-
}
dies() { # SIGNAL
    stop_process "$client_pid" "$1" 2 || fail "it still runs 2 s after SIG$1" "$(cat "/proc/$client_pid/wchan")"
    assert_equal "$(status_text "$status")" "killed by SIG$1" || return
    assert_equal "$(udp_rows other "$port")" '' 'rows left'
}

@test "--count ends with its summary on SIGINT and SIGTERM: between two, in the last wait, as fast as they go" {
    server -q --rate 0
    for signal in INT TERM; do
        client --count 10 --interval 60 127.0.0.1 "$port"
        said client.err '^recv.* number 0 after'
        ends_with_summary "$signal" 0 ': 1 sent, 1 received, 0 lost'
        client --count 1000000 --interval 0 127.0.0.1 "$port"
        said client.err '^recv.* number [0-9]+ after'
        ends_with_summary "$signal" 0 ': [0-9]+ sent, [0-9]+ received, [0-9]+ lost'
    done
    serve_udp take take "await $T/never"
    client -q -t 60 --count 2 --interval 0.01 127.0.0.1 "$port"
    reached peer '^holding'
    ends_with_summary INT 1 ': 2 sent, 0 received, 2 lost \(100\.0 %\)'
}
ends_with_summary() { # SIGNAL STATUS REGEX
    stop_process "$client_pid" "$1" 3 || fail "it still runs 3 s after SIG$1"
    assert_equal "$(status_text "$status")" "exit status $2" "SIG$1" || return
    assert_match "$(head -n 1 "$T/client.out")" "$3"
}
