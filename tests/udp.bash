# udp.bash: what udp_echo.bats and udp_floods.bats share: udp_echo and a peer for it, and what is looked at.
#
# faults.bash sets pid, port, address, status and full, and reads phase.
# shellcheck disable=SC2154,SC2034

load faults
UNDER_TEST=udp_echo

# ---- the other end


# As start_listening, which looks for TCP's old connections on the port; UDP has none.
start_bound() { # NAME PROGRAM [ARG]...: sets $pid, $address and $port
    start "$@"
    wait_for listens_or_ended "$T/$1.out" "$pid" || true
    address=$(sed -n 's/^listening on \(.*:[0-9]*\)$/\1/p;/^listening on/q' "$T/$1.out")
    [ -n "$address" ] || fail "$2 never said 'listening on ADDR:PORT'" "$(cat "$T/$1.err")" || return
    port=${address##*:} address=${address%:*}
}
server() { # ARGUMENT...: in the background, on any port. Sets $server_pid, $port and $address
    start_bound server udp_echo "$@" -l 0
    server_pid=$pid
}
client() { # ARGUMENT...: in the background. Sets $client_pid
    start client udp_echo "$@"
    client_pid=$pid
}
# client_gives STATUS OUTPUT ARGUMENT...: it ends with that status, and its stdout is exactly OUTPUT
client_gives() {
    run_for 15 client udp_echo "${@:3}" || return
    assert_equal "$status" "$1" "exit status of udp_echo ${*:3}" || fail "$(tail -n 3 "$T/client.err")" || return
    printf %s "$2" >"$T/wanted"
    assert_file "$T/client.out" "$T/wanted" "stdout of udp_echo ${*:3}"
}
echoes() { client_gives 0 "$1"$'\n' -q "${2:-127.0.0.1}" "$port" "$1"; }
udp_peer() { # NAME STEP...: plays a client of the server
    start "$1" "$ROOT/tests/peers/udp_peer" connect 127.0.0.1 "$port" "${@:2}"
}
plays_client() { # STEP...: the same, to its end
    udp_peer peer "$@"
    succeeds "$pid" peer 20
}
serve_udp() { # STEP...: plays a server. Sets $port and $peer_pid
    start_bound peer "$ROOT/tests/peers/udp_peer" listen 0 "$@"
    peer_pid=$pid
}
# One line of narration of the server (stdout) or the client (stderr).
said() { wait_line "$T/$1" "$2" || fail "$1 does not say '$2':" "$(head -n 40 "$T/$1")"; }
udp_rows() { # own|other PORT: netstat's rows with that port at that end
    netstat -anuW 2>/dev/null | awk -v end="$1" -v port="$2" '
        $1 ~ /^udp/ { address = end == "own" ? $4 : $5; sub(/.*:/, "", address); if (address == port) print }'
}
row_count() { [ "$(udp_rows "$1" "$2" | wc -l)" -eq "$3" ]; }
json() { sed -n "s/.*\"$1\":\([^,}]*\).*/\1/p" "$T/client.out"; }
