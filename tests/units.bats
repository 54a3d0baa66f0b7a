#!/usr/bin/env bats
# The modules' unit tests: each tests/unit/NAME_test.c is a program that says what fails and exits with 1.

load helper

@test "unit tests: each is built, and passes" {
    for source in "$ROOT"/tests/unit/*_test.c; do
        program=$ROOT/build/tests/unit/$(basename "$source" .c)
        [ -x "$program" ] || fail "$program is not built: make check builds it"
        run "$program"
        assert_equal "$status" 0 "$(basename "$program"): $output"
    done
}
