#!/usr/bin/env bats
# The figures in the lessons are what the scenarios draw today.

load helper

@test "each figure of a lesson is the one that its scenario draws" {
    needs_wire
    count=0
    for figure in "$ROOT"/lessons/*/figures/*.svg; do
        scenario=$ROOT/wire/scenarios/$(basename "$figure" .svg).wire
        drawn_again "$figure" "$scenario" || fail "${figure#"$ROOT"/} is not what ${scenario#"$ROOT"/} draws: make figures"
        count=$((count + 1))
    done
    [ "$count" -ge 5 ]
}

# What a program prints may come before or after a packet of the other host: one of a few drawings is the same.
drawn_again() { # FIGURE SCENARIO
    local try
    for try in {1..25}; do
        "$BIN/wire" -q --svg "$T/$try.svg" "$2" >/dev/null || return
        ! cmp -s "$T/$try.svg" "$1" || return 0
    done
    return 1
}

@test "each figure is shown in its lesson" {
    for figure in "$ROOT"/lessons/*/figures/*.svg; do
        grep -q "](figures/${figure##*/})" "${figure%/figures/*}/lesson.md" || fail "nobody shows ${figure#"$ROOT"/}"
    done
}
