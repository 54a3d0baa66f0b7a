#!/usr/bin/env bats
# No flakes: correct programs get full marks however busy the machine is. By itself, since the hundred take hours.

# bats sets status, output and lines.
# shellcheck disable=SC2154

load helper

@test "a hundred gradings of correct programs on a busy machine: full marks each time" {
    [ -n "${NETSTEP_LONG:-}" ] || skip "takes hours: make check-long, or tests/repeat 100"
    run "$ROOT/tests/repeat" 100
    assert_equal "$status" 0 "exit status" || fail "$output"
    assert_equal "${lines[-1]}" '100 runs, 0 flakes'
}

@test "tests/repeat tells a run that was not full marks" {
    beyond_sample
    mkdir "$T/half"
    ln -s "$ROOT/tests/reference/perl/tcp_client" "$T/half"
    run "$ROOT/tests/repeat" 2 "$T/half" --lesson 1 --only 'wrong and missing'
    assert_equal "$status" 1 "exit status"
    assert_equal "${lines[-1]}" '2 runs, 2 flakes'
    assert_match "$output" 'there is no program tcp_server'
    run "$ROOT/tests/repeat" 1 "$T/half" --lesson 1 --only 'nobody listens'
    assert_equal "$status" 0 "exit status"
    run "$ROOT/tests/repeat" many
    assert_equal "$status" 2 "exit status"
}
