# lesson_fixtures.bash: what the tests of tests/lesson share: lessons that are right, and mutants of them.

# bats sets status and output.
# shellcheck disable=SC2154

setup() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
    FIXTURES=$ROOT/tests/fixtures/lessons
    cd "$ROOT" || return
}

# run_fixture ARGUMENT...: the runner, with the programs of the fixtures.
run_fixture() {
    run tests/lesson --bin "$FIXTURES/bin" "$@"
    echo "$output"
}

# mutant FIXTURE PERL: makes $LESSON of the fixture by this substitution, which has to change it.
mutant() {
    LESSON=$BATS_TEST_TMPDIR/$1
    perl -0pe "$2" "$FIXTURES/$1" >"$LESSON"
    run ! cmp -s "$FIXTURES/$1" "$LESSON"
}

# rejected FIXTURE PERL TEXT...: the mutant has to fail, and each TEXT to stand in what is said about it.
rejected() {
    mutant "$1" "$2"
    shift 2
    # Who is impatient may have been too impatient for what comes before the mistake: then with more patience.
    until run_fixture "$LESSON" && [ "$status" -eq 1 ] && says_all "$@"; do
        case ${NETSTEP_TIMEOUT_SCALE:-} in
            0.2) NETSTEP_TIMEOUT_SCALE=1 ;;
            1) NETSTEP_TIMEOUT_SCALE=5 ;;
            *) return 1 ;;
        esac
    done
}
says_all() { # TEXT...
    local text
    for text; do
        [[ "$output" == *"$text"* ]] || return
    done
}

# As in helper.bash, which is not needed here.
beyond_sample() {
    [ -n "${NETSTEP_WHOLE:-}${NETSTEP_LONG:-}" ] || skip 'beyond the sample: .ci/run and make check-long take it'
}

# For mutants that are only known to fail when the time is up.
impatient() {
    export NETSTEP_TIMEOUT_SCALE=0.2
}
