#!/usr/bin/env bats
# The lessons and the README: what they show is what happens, they have one form, their links lead somewhere. The runner
# of their commands, tests/lesson, is tested in lesson_runner.bats and lesson_compare.bats.
bats_require_minimum_version 1.5.0

setup() {
    export NETSTEP_TIMEOUT_SCALE=${NETSTEP_TIMEOUT_SCALE:-6} # these are bounds; on a busy machine all takes longer
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

# They wait more than they compute: three at a time. The last ones take the longest.
setup_file() {
    export NETSTEP_TIMEOUT_SCALE=${NETSTEP_TIMEOUT_SCALE:-6}
    cd "$BATS_TEST_DIRNAME/.." || return
    export results="$BATS_FILE_TMPDIR"
    # shellcheck disable=SC2016 # for that shell
    ls -d lessons/[0-9][0-9]-*/ | sort -r | xargs -P 3 -I DIR bash -c '
        name=$(basename DIR)
        # first_pool of lesson 12 loses memory on purpose: SAN=1 looks for all else there.
        [[ $name != 12-* ]] || export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
        tests/lesson DIR/lesson.md >"$results/${name%%-*}.out" 2>&1
        echo $? >"$results/${name%%-*}.status"' 3>&-
}

# Lesson NN: its form, and its commands. Each lesson has a test of its own below, so that a failure names it.
lesson() {
    local file output
    file=$(lessons | grep "^lessons/$1-" || :)
    [ -e "$file" ] || skip "no lesson $1 yet"
    tests/lesson --form "$file"
    output=$(cat "$results/$1.out")
    echo "$output"
    [ "$(cat "$results/$1.status")" -eq 0 ]
    # Of lesson 07 nothing is left then.
    [[ $output != *": 0 commands, "*"left out: wire: no hosts can be made: "* ]] || skip "${output##*left out: wire: }"
}

@test "lesson 01" { lesson 01; }
@test "lesson 02" { lesson 02; }
@test "lesson 03" { lesson 03; }
@test "lesson 04" { lesson 04; }
@test "lesson 05" { lesson 05; }
@test "lesson 06" { lesson 06; }
@test "lesson 07" { lesson 07; }
@test "lesson 08" { lesson 08; }
@test "lesson 09" { lesson 09; }
@test "lesson 10" { lesson 10; }
@test "lesson 11" { lesson 11; }
@test "lesson 12" { lesson 12; }
@test "lesson 13" { lesson 13; }

@test "lessons: numbered from 01 without a gap, and each has its line above" {
    local expected=(01 02 03 04 05 06 07 08 09 10 11 12 13) number=0 file
    for file in $(lessons); do
        echo "$file: should be number ${expected[number]}, with a line here: @test \"lesson ${expected[number]}\" ..."
        [[ "$file" == "lessons/${expected[number]}-"* ]]
        grep -q "^@test \"lesson ${expected[number]}\" { lesson ${expected[number]}; }" "$BATS_TEST_FILENAME"
        number=$((number + 1))
    done
}

@test "errors in the course: the experiments show what the page says" {
    unshare -Urn true 2>/dev/null || skip "one of them needs a network of its own, which is forbidden here"
    tests/lesson lessons/ERRATA.md
}

@test "README: its run is a real one" {
    run "$ROOT/tests/lesson" "$ROOT/README.md"
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
}
