#!/usr/bin/env bats
# The lessons and the README: what they show is what happens, they have one form, their links lead somewhere. The runner
# of their commands, tests/lesson, is tested in lesson_runner.bats.
bats_require_minimum_version 1.5.0

setup() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
    cd "$ROOT" || return
}

# The course: the directories lessons/NN-topic, in the order of their numbers.
lessons() {
    local directory
    for directory in "$ROOT"/lessons/[0-9][0-9]-*/; do
        [ ! -d "$directory" ] || echo "lessons/$(basename "$directory")/lesson.md"
    done
}

# Lesson NN: its form, and its commands. Each lesson has a test of its own below, so that a failure names it.
lesson() {
    local file
    file=$(lessons | grep "^lessons/$1-" || :)
    [ -e "$file" ] || skip "no lesson $1 yet"
    tests/lesson --form "$file"
    tests/lesson "$file"
}

@test "lesson 01" { lesson 01; }
@test "lesson 02" { lesson 02; }
@test "lesson 03" { lesson 03; }
@test "lesson 04" { lesson 04; }
@test "lesson 05" { lesson 05; }

@test "lessons: numbered from 01 without a gap, and each has its line above" {
    local number=0 file
    for file in $(lessons); do
        number=$((number + 1))
        echo "$file: should be number $number, with a line here: @test \"lesson $(printf %02d $number)\" ..."
        [[ "$file" == "lessons/$(printf %02d $number)-"* ]]
        grep -q "^@test \"lesson $(printf %02d $number)\" { lesson $(printf %02d $number); }" "$BATS_TEST_FILENAME"
    done
}

@test "README: its run is a real one" {
    run "$ROOT/tests/lesson" "$ROOT/README.md"
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
}
