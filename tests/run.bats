#!/usr/bin/env bats
# tests/run: what it counts, and what is left when it is ended.

# helper.bash sets pid; bats sets status, output and lines.
# shellcheck disable=SC2154,SC2030,SC2031

load helper

@test "tests/run that is ended, also as make hands it on, or while its files begin, leaves neither processes nor files" {
    mkdir "$T/tmp"
    local mark=$((300000 + RANDOM)) begun
    # shellcheck disable=SC2016 # for that file's shell
    printf '@test "sleeps" { touch "$BEGUN"; sleep %s; }\n' "$mark" | tee "$T"/sleeps{1,2,3}.bats >/dev/null
    for begun in "$T/begun" 0 0.02 0.05 0.1 0.2; do
        rm -f "$T/begun"
        TMPDIR=$T/tmp BEGUN=$T/begun start ended "$ROOT/tests/run" "$T"/sleeps*.bats
        # shellcheck disable=SC2016 # for that look
        wait_for eval '[ "$(ls "$T/tmp")" ]'
        if [ "$begun" = "$T/begun" ]; then wait_for [ -e "$begun" ]; else sleep "$begun"; fi # any moment: this is what is tried
        kill -TERM -- -"$pid"
        for _ in 1 2 3 4 5 6; do kill -TERM "$pid" 2>/dev/null && sleep 0.004 || break; done
        wait_exit "$pid" 10 || fail "$begun: it still runs"
        assert_equal "$status $(ls -A "$T/tmp")" '143 ' "ended at $begun"
        wait_for nothing_like "^sleep $mark" || fail "$begun: a test still runs"
        wait_for nothing_like "bats .*$T/sleeps" || fail "$begun: bats still runs"
    done
}

@test "tests/run counts what passed, failed and was skipped; a file that dies or has no test is a failure" {
    mkdir "$T/files"
    cd "$T/files"
    printf '@test "fine" { true; }\n@test "later" { skip "no time"; }\n' >good.bats
    printf '@test "wrong" { echo seen; false; }\n' >bad.bats
    # shellcheck disable=SC2016 # for that file's shell
    printf '@test "fine" { true; }\n@test "dies" { kill -KILL $PPID $$; }\n' >dies.bats
    echo '# nothing' >empty.bats
    run "$ROOT/tests/run" good.bats
    assert_equal "$status" 0 "exit status"
    assert_equal "${lines[-1]}" '1 passed, 0 failed, 1 skipped'
    assert_match "$output" 'skipped: later.*no time'
    run "$ROOT/tests/run" good.bats bad.bats
    assert_equal "$status" 1 "exit status"
    assert_equal "${lines[-1]}" '1 passed, 1 failed, 1 skipped'
    assert_match "$output" 'FAILED: wrong.*seen'
    run "$ROOT/tests/run" dies.bats
    assert_equal "$status" 1 "exit status"
    run "$ROOT/tests/run" good.bats empty.bats
    assert_equal "$status" 1 "exit status"
    assert_equal "${lines[-1]}" '1 passed, 1 failed, 1 skipped'
}
nothing_like() { ! pgrep -f -- "$1" >/dev/null; }
