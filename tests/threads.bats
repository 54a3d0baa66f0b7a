#!/usr/bin/env bats
# tcp_pool and tcp_server's models under ThreadSanitizer: two threads that touch the same without an order between them
# are found though nothing has gone wrong. The pool alone, with more threads: pool.bats.

# shellcheck disable=SC2154 # bats sets output and status

load helper

# A copy of the sources, so that what is built here stays as it is.
copy_sources() { # DIRECTORY
    local file
    mkdir "$1"
    for file in "$ROOT"/*; do
        case ${file##*/} in bin | build | work) ;; *) cp -r "$file" "$1" ;; esac
    done
}

@test "ThreadSanitizer has nothing to say about tcp_pool, nor about tcp_server's models" {
    beyond_sample
    echo 'int main(void) { return 0; }' >"$T/empty.c"
    "${CC:-gcc}" -fsanitize=thread "$T/empty.c" -o "$T/empty" 2>/dev/null || skip 'no compiler with -fsanitize=thread'
    "$T/empty" 2>/dev/null || skip 'programs with -fsanitize=thread do not run here'
    copy_sources "$T/source"
    mkdir "$T/reports"
    unset MAKEFLAGS MFLAGS MAKELEVEL NETSTEP_BIN # of the make that has started us
    make -C "$T/source" CC="${CC:-gcc}" SAN=thread >"$T/made" 2>&1 || fail "$(tail -n 20 "$T/made")"
    # Each process that finds something writes a file: also one whose exit status nobody sees. At its end it waits for
    # 100 ms, not a second, for threads that should have ended.
    TSAN_OPTIONS="log_path=$T/reports/of atexit_sleep_ms=100" NETSTEP_SAN=thread \
        NETSTEP_TIMEOUT_SCALE=${NETSTEP_TIMEOUT_SCALE:-3} \
        run "$T/source/tests/run" "$T/source"/tests/{tcp_pool,tcp_server_models}.bats 3>&-
    [ -z "$(ls "$T/reports")" ] || fail "$(cat "$T/reports"/* | head -n 60)" "$output"
    [ "$status" -eq 0 ] || fail "$(status_text "$status")" "$output"
}
