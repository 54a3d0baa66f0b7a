#!/usr/bin/env bats
# The figures in the lessons are what the scenarios draw today; and which lessons use the wire.

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

@test "README, wire(1) and wire.c name the lessons that use the wire: by their commands, or by their checks alone" {
    local shown without page text
    shown=$(cd "$ROOT/lessons" && grep -lE '^```console.*wire~' [0-9]*/lesson.md | cut -c 1-2 | xargs)
    without=$(cd "$ROOT/lessons" && grep -LE 'needs_hosts|on_the_wire|start_wire' [0-9]*/check.bats | xargs)
    assert_equal "$shown" '02 03 04 05 07' 'lessons that show it'
    assert_equal "$without" '' 'lessons whose checks do not use it'
    for page in README.md wire/wire.1 wire/wire.c; do
        text=$(sed 's/^ \* //' "$ROOT/$page" | tr '\n' ' ')
        assert_match "$text" '[Ll]essons 02 to 05 and 07' "$page" && assert_match "$text" 'checks of all' "$page" || return
    done
}
