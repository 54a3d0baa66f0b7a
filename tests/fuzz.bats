#!/usr/bin/env bats
# Every decoder of foreign bytes under libFuzzer with its corpus: one in make check, all in .ci/run, longer in check-long.

load helper

fuzz() { # NAME SOURCE...
    local name=$1 runs=20000 seed=1 # the same inputs each time; check-long's are new ones (0: by the clock)
    [ "$name" = packet ] || beyond_sample
    shift
    [ -z "${NETSTEP_LONG:-}" ] || runs=5000000 seed=0
    command -v clang >/dev/null || skip "clang is not installed (./setup --dev)"
    cd "$ROOT" || return
    clang -std=c11 -D_POSIX_C_SOURCE=200809L -I. -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
        -o "$T/$name" "tests/fuzz/$name.c" "$@" 2>"$T/build" ||
        { grep -q 'libclang_rt' "$T/build" && skip "clang has no libFuzzer here (./setup --dev)"; fail "$(cat "$T/build")"; }
    cp -r "tests/fuzz/corpus/$name" "$T/corpus"
    run timeout 600 "$T/$name" -runs="$runs" -seed="$seed" -max_len=600 -close_fd_mask=2 -artifact_prefix="$T/" "$T/corpus"
    assert_equal "$status" 0 "exit status of the fuzzer ($(tail -n 30 <<<"$output"))"
}

@test "fuzz: lines of /proc/net/tcp" {
    fuzz proc_line common/socket_table_proc.c common/socket_table.c common/socket_table_diag.c common/address.c \
        common/report.c common/await.c common/tcp_state.c tcpstate/row_text.c
}

@test "fuzz: numbers, seconds, states and filters" {
    fuzz words common/number.c common/option.c common/report.c common/await.c common/tcp_state.c tcpstate/filter.c
}

@test "fuzz: what a sender says to file_recv" {
    [ -d /dev/shm ] && [ -w /dev/shm ] || skip "/dev/shm can't be written to"
    fuzz transfer file_recv/transfer.c file_recv/name.c file_recv/store.c file_recv/confirm.c common/report.c common/await.c
}

@test "fuzz: frames that come to the wire" {
    fuzz packet wire/packet.c wire/packet_ip.c wire/packet_tcp.c wire/packet_icmp.c wire/frame_text.c common/tcp_state.c
}

@test "fuzz: .wire scripts" {
    fuzz script wire/script.c wire/frame_text.c wire/packet.c wire/packet_ip.c wire/packet_tcp.c wire/packet_icmp.c \
        common/number.c common/option.c common/report.c common/await.c common/tcp_state.c
}

@test "fuzz: frames and messages of WebSocket" {
    fuzz ws_frames ws_chat/message.c ws_chat/frame.c ws_chat/utf8.c
}

@test "fuzz: requests to ws_chat" {
    fuzz ws_http ws_chat/http.c ws_chat/upgrade.c ws_chat/sha1.c ws_chat/base64.c ws_chat/plain.c ws_chat/utf8.c
}
