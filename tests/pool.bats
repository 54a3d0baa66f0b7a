#!/usr/bin/env bats
# The connection pool, common/pool.h: in a program of a student's, and under the sanitizers. What it does: tests/unit/pool_test.c
# and pool_threads_test.c.

# shellcheck disable=SC2154 # bats sets output and status

load helper

FLAGS=(-std=c11 -D_POSIX_C_SOURCE=200809L -pthread -g -O1)

compiled() { # NAME SANITIZER
    local cc=${CC:-cc}
    (cd "$ROOT" && "$cc" "${FLAGS[@]}" -I. "-fsanitize=$2" -fno-sanitize-recover=all common/pool*.c "tests/unit/$1.c" -o "$T/$1") \
        >"$T/$1.cc" 2>&1 || skip "$cc makes no program with -fsanitize=$2: $(tail -n 1 "$T/$1.cc")"
}
can_run() { # SANITIZER: whether its programs run at all on this machine
    echo 'int main(void) { return 0; }' >"$T/empty.c"
    "${CC:-cc}" "-fsanitize=$1" "$T/empty.c" -o "$T/empty" 2>/dev/null || skip "no compiler with -fsanitize=$1"
    "$T/empty" 2>/dev/null || skip "programs with -fsanitize=$1 do not run here"
}

@test "it stands alone: header and source in a program of a student's, and nothing else" {
    cp "$ROOT"/common/pool*.[ch] "$T"
    cat >"$T/mine.c" <<'C'
#include "pool.h"
#include <stdio.h>
#include <sys/socket.h>
static int connect_fn(void *arg)
{
    int pair[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 ? *(int *)arg = pair[1], pair[0] : -1;
}
int main(void)
{
    int other;
    struct pool *pool = pool_new(2, 30, connect_fn, &other);
    struct pool_conn *conn = pool_get(pool, 1000);
    printf("%d", conn != NULL && !pool_reused(conn));
    pool_put(conn);
    conn = pool_get(pool, 1000);
    printf("%d", pool_reused(conn));
    pool_put(conn);
    printf("%d\n", pool_free(pool));
}
C
    cd "$T"
    cc "${FLAGS[@]}" -Wall -Wextra -o mine mine.c pool*.c >"$T/said" 2>&1 || fail "$(cat "$T/said")"
    assert_empty "$T/said" 'what the compiler says'
    run ./mine
    assert_equal "$output" 110
}

# The number of get and put all together; ten million in check-long.
@test "ThreadSanitizer has nothing to say about 16 threads" {
    can_run thread
    compiled pool_threads_test thread
    run timeout 3000 "$T/pool_threads_test" stress 16 "$([ -n "${NETSTEP_LONG:-}" ] && echo 10000000 || echo 40000)"
    [ "$status" -eq 0 ] || fail "$(status_text "$status")" "$output"
    [[ $output != *ThreadSanitizer* ]] || fail "$output"
    run timeout 100 "$T/pool_threads_test"
    [ "$status" -eq 0 ] || fail "$(status_text "$status")" "$output"
    [[ $output != *ThreadSanitizer* ]] || fail "$output"
}

@test "AddressSanitizer has nothing to say, and nothing leaks" {
    can_run address
    compiled pool_test address,undefined
    compiled pool_threads_test address,undefined
    for test in pool_test pool_threads_test; do
        run timeout 100 "$T/$test"
        [ "$status" -eq 0 ] || fail "$test: $(status_text "$status")" "$output"
    done
}
