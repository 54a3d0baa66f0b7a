#!/usr/bin/env bats
# udp_echo: its arguments, its calls, what it makes of strangers, with netstat as the witness.

# udp.bash sets pid, port, address, status and full.
# shellcheck disable=SC2154,SC2034

load udp

# ---- arguments

@test "bad input: one line on stderr that says what and why, exit status 2, nothing is sent" {
    server # what is sent to it would be seen
    local h=127.0.0.1
    refused 2 '-l PORT, or which HOST, PORT and MESSAGE'
    refused 2 'which PORT' $h
    refused 2 'which MESSAGE, or how many' $h "$port"
    refused 2 "one MESSAGE, please: 'there' is too much" $h "$port" hello there
    refused 2 "'--quiet' is too much .*options stand before HOST" $h "$port" hello --quiet
    refused 2 "payload is made by us, 'hello' is too much" --count 3 $h "$port" hello
    refused 2 "'8000' is too much" -l "$port" 8000
    refused 2 "option requires an argument -- 'l'" -l
    refused 2 "port '': empty" -l ''
    refused 2 "port '0x50': not a decimal number" -l 0x50
    refused 2 "port '-1': not a decimal number" -l -1
    refused 2 "port '65536': too large, ports end at 65535" -l 65536
    refused 2 "port 'http': not a decimal number" -l http
    refused 2 "port '': empty" $h '' x
    refused 2 "port '65536': too large" $h 65536 x
    refused 2 'port 0: no server can be there' $h 0 x
    refused 2 "unrecognized option '--nosuch'" --nosuch $h "$port" x
    refused 2 "invalid option -- 'z'" -z $h "$port" x
    refused 2 "--buffer '0': too small" --buffer 0 -l 0
    refused 2 "--buffer '65537': too large" --buffer 65537 -l 0
    refused 2 "--rate '-1': not a decimal number" --rate -1 -l 0
    refused 2 "--max '0': too small" --max 0 -l 0
    refused 2 "--timeout 'soon': not a" --timeout soon $h "$port" x
    refused 2 "--tries '0': too small" --tries 0 $h "$port" x
    refused 2 "--local '70000': too large" --local 70000 $h "$port" x
    refused 2 "--count '0': too small" --count 0 $h "$port"
    refused 2 "--count '1000001': too large" --count 1000001 $h "$port"
    refused 2 "--interval '1,5': not a" --count 2 --interval 1,5 $h "$port"
    refused 2 "--size '15': too small" --count 2 --size 15 $h "$port"
    refused 2 "--size '65508': too large" --count 2 --size 65508 $h "$port"
    refused 2 '--count is for the client' --count 3 -l 0
    refused 2 '--tries is for the client' --tries 3 -l 0
    refused 2 '--rate is for the server' --rate 3 $h "$port" x
    refused 2 '--tries and --count' --tries 3 --count 3 $h "$port"
    refused 2 '--json needs --count' --json $h "$port" x
    refused 2 '--step and --quiet' --step --quiet -l 0
    refused 2 '--step and --count' --step --count 2 $h "$port"
    run ! grep -q '^recvfrom.* = ' "$T/server.out"
}

@test "the world refuses: one line on stderr that says what and why, exit status 1" {
    refused 1 "host 'nosuch\.invalid': (Name or service not known|Temporary failure in name resolution|No address)" \
        -q nosuch.invalid 7000 x
    refused 1 'bind 192\.0\.2\.1 port 0: Cannot assign requested address \(no address of this machine\)' -q -b 192.0.2.1 -l 0
    server
    refused 1 "bind 127\.0\.0\.1 port $port: Address already in use \(another socket has it: netstat -anup \| grep :$port\)" -q -l "$port"
    refused 1 "bind our port for 127\.0\.0\.1 port 9: Address already in use \(--local: that port is taken\)" -q --local "$port" 127.0.0.1 9 x
    refused 1 "send 65508 bytes to 127\.0\.0\.1 port $port: Message too long" -q 127.0.0.1 "$port" "$(printf '%065508d' 0)"
    assert_equal "$(udp_rows own "$port" | wc -l)" 1 'sockets on the port'
}

@test "help and version: on stdout, exit status 0" {
    run --separate-stderr "$BIN/udp_echo" --help
    assert_equal "$status:$stderr" 0:
    assert_match "$output" '^usage: udp_echo \[options\] -l PORT'
    for option in listen bind buffer rate max timeout tries local count interval size json step quiet; do
        assert_match "$output" "--$option" '--help'
        grep -q "Fl $option" "$ROOT/udp_echo/udp_echo.1" || fail "the man page has no --$option"
    done
    run --separate-stderr "$BIN/udp_echo" --version
    assert_equal "$status:$stderr" 0:
    assert_match "$output" '^udp_echo \(netstep\) [0-9]'
}

# ---- one datagram

@test "netstat: one unconnected socket serves many clients, and it is the only one on the port" {
    server
    for name in one two three four five six; do
        udp_peer "$name" "send I am $name" "expect I am $name" "await $T/go" "send still $name" "expect still $name" 'quiet 0.1'
        started[${#started[@]}]=$pid
    done
    for name in one two three four five six; do
        reached "$name" '^holding'
    done
    assert_match "$(udp_rows own "$port")" "^udp +0 +0 127\.0\.0\.1:$port +0\.0\.0\.0:\* *$"
    assert_equal "$(netstat -anu | grep -c ":$port ")" 1 'rows of netstat -anu'
    : >"$T/go"
    for id in "${started[@]}"; do
        succeeds "$id" 'a client'
    done
    wait_for lines_say 12 '^sendto\(3, .* to 127' "$T/server.out" || fail 'answers on descriptor 3' "$(cat "$T/server.out")"
}

@test "netstat: the client's row is ESTABLISHED, though no packet but its datagram was sent" {
    serve_udp 'expect hello' "await $T/go" 'send HELLO' 'quiet 0.1'
    client -t 60 127.0.0.1 "$port" hello
    reached peer '^holding'
    row=$(udp_rows other "$port")
    assert_match "$row" "^udp +0 +0 127\.0\.0\.1:([0-9]+) +127\.0\.0\.1:$port +ESTABLISHED *$"
    assert_match "$(netstat -anu | grep "127.0.0.1:$port ")" 'ESTABLISHED'
    said client.err "^connect\(3, 127\.0\.0\.1:$port\) += 0 +nothing is sent; our end is $(awk '{ print $4 }' <<<"$row")$"
    said client.err '^send\(3, message, 5\) += 5 +one datagram$'
    : >"$T/go"
    wait_exit "$client_pid"
    assert_equal "$status:$(cat "$T/client.out")" 0:HELLO
    served
    said client.err '^recv\(3, buffer, 65536\) += 5 '
    wait_for row_count other "$port" 0 || fail 'a row is left' "$(udp_rows other "$port")"
}

@test "bytes: UTF-8, a dash, a newline, nothing at all, 65,507 of them; each as one datagram" {
    server
    echoes 'Hé, 世界! 🎓'
    echoes --quiet
    echoes $'a\nb'
    echoes ''
    echoes "$(printf '%065507d' 7)"
    run_for 15 client udp_echo -q --count 2 --interval 0.05 --size 65507 127.0.0.1 "$port"
    assert_equal "$status" 0 '--size 65507'
    said server.out '^recvfrom\(3, buffer, 65536\) += 0 +from 127'
    said server.out '^sendto\(3, buffer, 0\) += 0 +to 127'
    said server.out '^recvfrom\(3, buffer, 65536\) += 65507 '
    plays_client 'send a' send 'send b' 'expect a' expect 'expect b' 'quiet 0.1'
}

@test "IPv6: ::1, and :: which serves IPv4 as well; one row, udp6" {
    grep -qs '^0\{31\}1 ' /proc/net/if_inet6 || skip 'no IPv6 here'
    server -b ::1
    assert_equal "$address" '[::1]'
    assert_match "$(udp_rows own "$port")" "^udp6 .* ::1:$port +:::\*"
    echoes six ::1
    said server.out '^recvfrom.* = 3 +from \[::1\]:[0-9]+$'
    stop_process "$server_pid"
    server -b ::
    assert_equal "$address" '[::]'
    echoes six ::1
    [ "$(cat /proc/sys/net/ipv6/bindv6only)" = 0 ] || return 0
    echoes four 127.0.0.1
    said server.out 'from \[::ffff:127\.0\.0\.1\]:[0-9]+$'
    echoes 'by name' localhost # ::1 or 127.0.0.1, whichever answers
}

@test "a refused port is one clear line and exit status 1, at once; another address of the name is tried" {
    port=$(free_port udp)
    refused 1 "127\.0\.0\.1 port $port: Connection refused \(an ICMP error came back: nobody has that port\)" -q 127.0.0.1 "$port" x
    refused 1 "127\.0\.0\.1 port $port: Connection refused" -q --count 100 127.0.0.1 "$port"
    run_for 5 client udp_echo 127.0.0.1 "$port" x
    assert_equal "$status" 1
    said client.err '^recv\(3, buffer, 65536\) += -1 +Connection refused'
    getent ahosts localhost | grep -q ::1 || return 0
    server # on 127.0.0.1 only
    echoes 'second address' localhost
}

@test "no answer: three tries, then one line and exit status 1; --tries, --timeout" {
    serve_udp 'expect hello' 'expect hello' 'expect hello' 'quiet 0.5'
    refused 1 "127\.0\.0\.1 port $port: no answer to 3 tries of 0\.2 s" -q -t 0.2 127.0.0.1 "$port" hello
    served
    serve_udp 'expect hello' 'quiet 0.4'
    refused 1 'no answer to 1 try of 0\.1 s' -q --tries 1 -t 0.1 127.0.0.1 "$port" hello
    served
    serve_udp 'expect x' 'expect x' 'send at last' 'quiet 0.1'
    client_gives 0 $'at last\n' -t 3 127.0.0.1 "$port" x
    served
    said client.err '^recv.* blocks +no answer has come'
    said client.err '^recv.* given up +no answer in 3 s'
    assert_equal "$(grep -c '^send' "$T/client.err")" 2 'datagrams'
}

@test "only HOST:PORT is believed: an answer from another port does not arrive" {
    serve_udp 'expect hello' 'stray forged' "await $T/go" 'send true'
    client -t 60 127.0.0.1 "$port" hello
    reached peer '^holding'
    wait_for blocked "$client_pid" || fail 'it does not wait'
    assert_empty "$T/client.out"
    : >"$T/go"
    wait_exit "$client_pid"
    assert_equal "$status:$(cat "$T/client.out")" 0:true
}

@test "a server on every address answers from one: who asked another does not hear it" {
    server -b 0.0.0.0
    echoes hello
    refused 1 'no answer to 1 try' -q --tries 1 -t 0.3 127.0.0.2 "$port" hello
    stop_process "$server_pid"
    server -b 127.0.0.2
    echoes hello 127.0.0.2
}

@test "--local: our port is the one asked for" {
    local_port=$(free_port udp)
    server
    client_gives 0 $'hello\n' --local "$local_port" 127.0.0.1 "$port" hello
    said client.err "^bind\(3, 0\.0\.0\.0:$local_port\) += 0 +our port$"
    said server.out "^recvfrom.* = 5 +from 127\.0\.0\.1:$local_port$"
    client_gives 0 $'again\n' -q --local "$local_port" 127.0.0.1 "$port" again # no TIME_WAIT
}

@test "--step: each call waits for Enter, and two datagrams wait meanwhile as two" {
    mkfifo "$T/enter"
    exec 8<>"$T/enter"
    port=$(free_port udp)
    STDIN=$T/enter start server udp_echo --step -l "$port"
    said server.out '^socket\(AF_INET, SOCK_DGRAM, 0\) +Enter calls it$'
    echo >&8
    said server.out "^bind\(3, 127\.0\.0\.1:$port\) +Enter calls it$"
    assert_equal "$(udp_rows own "$port")" ''
    echo >&8
    said server.out '^recvfrom\(3, buffer, 65536\) +Enter calls it$'
    udp_peer peer 'send one' 'send three' 'expect one' 'expect three'
    reached peer '^sent "three"'
    [ "$(udp_rows own "$port" | awk '{ print $2 }')" -gt 8 ] || fail 'Recv-Q' "$(udp_rows own "$port")"
    for _ in 1 2 3 4; do echo >&8; done
    succeeds "$pid" peer
    said server.out '^recvfrom\(3, buffer, 65536\) += 3 '
    said server.out '^recvfrom\(3, buffer, 65536\) += 5 '
    exec 8>&-
}

@test "--buffer: a datagram that is cut is seen, said and answered with what is left" {
    server --buffer 8
    plays_client 'send 12345678' 'expect 12345678' 'send 123456789' 'expect 12345678' 'send abc' 'expect abc'
    said server.out '^recvfrom\(3, buffer, 8\) += 9 +from 127\.0\.0\.1:[0-9]+: 1 bytes cut off$'
    said server.out '^sendto\(3, buffer, 8\) += 8 '
    assert_match "$(cat "$T/server.err")" 'from 127\.0\.0\.1:[0-9]+: a datagram of 9 bytes, room for 8: the rest is lost \(--buffer\)$'
    assert_equal "$(wc -l <"$T/server.err")" 1 'lines on stderr'
}

@test "--max: so many datagrams, then exit status 0; --quiet: only the line \"listening on\"" {
    server -q --max 3
    plays_client 'send 1' 'expect 1' 'send 2' 'expect 2' 'send 3' 'expect 3'
    wait_exit "$server_pid"
    assert_equal "$status" 0
    assert_equal "$(cat "$T/server.out")" "listening on 127.0.0.1:$port"
    assert_empty "$T/server.err"
}

@test "a client that is gone: its ICMP error does not end the server" {
    server
    for word in one two three; do
        plays_client "send $word, and gone"
    done
    said server.out '^recvfrom.* = 15 '
    echoes 'still there'
    running "$server_pid"
}

@test "stdout is gone: an error, not a death by SIGPIPE" {
    server -q
    # shellcheck disable=SC2016
    shell client 'exec 9> >(exec true); wait $!; "$1" -q 127.0.0.1 "$2" x >&9' "$BIN/udp_echo" "$port"
    wait_exit "$pid"
    assert_equal "$(status_text "$status")" 'exit status 1'
    assert_match "$(cat "$T/client.err")" 'write standard output: Broken pipe'
}

# ---- what UDP does, though it does little

@test "a datagram whose checksum is wrong does not arrive; one without a checksum does" {
    unshare -rn true 2>/dev/null || skip 'no network namespaces for this user here'
    # shellcheck disable=SC2016
    run unshare -rn /usr/bin/perl -MSocket -e '
        system("ip link set lo up") == 0 or die;
        socket my $in, PF_INET, SOCK_DGRAM, 0 or die; bind $in, pack_sockaddr_in(7000, INADDR_LOOPBACK) or die "bind: $!";
        socket my $raw, PF_INET, SOCK_RAW, 17 or die "raw: $!";
        for ([0x1234, "damaged"], [0, "unchecked"]) {
            send $raw, pack("n4", 7001, 7000, 8 + length $_->[1], $_->[0]) . $_->[1], 0, pack_sockaddr_in(0, INADDR_LOOPBACK) or die;
        }
        alarm 10; recv $in, my $bytes, 100, 0; print "$bytes\n";
        open my $snmp, "<", "/proc/net/snmp"; my @rows = grep { /^Udp:/ } <$snmp>;
        my %count; @count{ split " ", $rows[0] } = split " ", $rows[1]; print "$count{InCsumErrors}\n"'
    assert_equal "$status" 0 "$output"
    assert_equal "${lines[0]} ${lines[1]}" 'unchecked 1' 'what arrived, and the errors counted'
}
