#!/usr/bin/env bats
# Seeds: `make exercise SEED=ID` gives a student's variant of an exercise, `make check SEED=ID` grades it. The variant gets
# full marks by its own seed; by another, or by none, it doesn't, and the student reads that it is another variant.

load helper

# What `make exercise` needs, so that nobody's work/ is touched.
setup() {
    setup_started
    tree=$T/tree
    mkdir -p "$tree/tests"
    cp "$ROOT"/tests/{exercise,variant} "$tree/tests"
    PATH=${PATH#*/libexec/bats-core:} # who runs a grader wants bats itself, not its inner parts
}

# fill SOLUTIONS FILE, as it stands there: puts the code where the holes are called.
eval "$(sed -n '/^fill() {/,/^}/p' "${BATS_TEST_FILENAME%/*}/starter.bats")"

# The exercise of a lesson with that seed, filled but not yet compiled: $tree/work/NN.
exercise() { # NN SEED
    local topic file
    topic=$(basename "$ROOT/lessons/$1"-*)
    mkdir -p "$tree/lessons/$topic"
    cp -r "$ROOT/lessons/$topic/starter" "$tree/lessons/$topic"
    "$tree/tests/exercise" "$1" "$2" >"$T/exercise.out" || fail "exercise: $(cat "$T/exercise.out")" || return
    for file in "$ROOT/tests/starters/$topic"/*.holes; do
        fill "$file" "$tree/work/$1/$(basename "$file" .holes).c" || return
    done
}

compile() { # NN
    make -s -C "$tree/work/$1" >"$T/compiled" 2>&1 || fail 'it does not compile' "$(cat "$T/compiled")"
}

filled() { exercise "$1" "$2" && compile "$1"; } # NN SEED

# Sets status and output; results.json is $T/results/results.json.
grade() { # NN [OPTION]...
    rm -rf "$T/results"
    run "$ROOT/tests/grade" --lesson "$1" --out "$T/results" "${@:2}" "$tree/work/$1"
    [[ ${lines[-1]} != '0 passed, 0 failed,'* ]] || skip "this machine can't grade this lesson: ${lines[-1]}"
}

full_marks() { # NN [OPTION]...
    grade "$@"
    assert_equal "$status" 0 'exit status' || fail "$output"
}

# Some fail, and for this reason alone.
wrong_variant() { # NN [OPTION]...
    NETSTEP_TIMEOUT_SCALE=0.5 grade "$@"
    assert_equal "$status" 1 'exit status' || fail "$output" || return
    assert_equal "$(diagnoses)" wrong-variant 'diagnoses' || fail "$output"
}
diagnoses() {
    perl -MJSON::PP -e '
        local $/;
        my %of = map { $_->{extra_data}{diagnosis} // "none", 1 }
            grep { $_->{extra_data}{result} eq "failed" } @{ decode_json(<STDIN>)->{tests} };
        print join(" ", sort keys %of), "\n"' <"$T/results/results.json"
}

@test "lesson 01: full marks by its own seed; by another and by none it is another variant" {
    filled 01 ada
    full_marks 01 --seed ada
    wrong_variant 01 --seed bob --only 'tcp_server: echoes'
    wrong_variant 01 --only 'one client after another'
}

@test "lesson 03: by its own seed also on the wire; a plain echo is another variant" {
    beyond_sample
    filled 03 ada
    full_marks 03 --seed ada
    echo '#define SHIFT 0' >"$tree/work/03/variant.h"
    make -s -C "$tree/work/03" clean
    compile 03
    wrong_variant 03 --seed ada --only 'sends all that is left'
    wrong_variant 03 --seed ada --only 'on the wire' # the wire waits long for what never comes
}

@test "lesson 04: by its own seed, also where the last ACK is lost; not by another" {
    beyond_sample
    filled 04 ada
    full_marks 04 --seed ada
    wrong_variant 04 --seed bob --only 'LISTEN, ESTABLISHED'
}

@test "lesson 04: a connection stays in the state of the seed, and in no other one's" {
    local seed asked state waiting
    beyond_sample
    filled 04 ada
    for seed in ada bob dan; do # whose states are all there are
        asked=$("$ROOT/tests/variant" 4 "$seed" | sed -n 's/^NETSTEP_STATE=//p')
        [ "$asked" != CLOSE_WAIT ] || waiting=$seed
        for state in CLOSE_WAIT FIN_WAIT2 LAST_ACK; do
            has_constants_of "$seed" "$state"
            if [ "$state" = "$asked" ]; then
                full_marks 04 --seed "$seed" --only 'LISTEN, ESTABLISHED'
            else
                wrong_variant 04 --seed "$seed" --only 'LISTEN, ESTABLISHED'
                assert_match "$output" "brings your server's end of that connection to $asked .STATE" "the reason for $state"
            fi
        done
    done
    has_constants_of ada none # an echo, whoever asks
    wrong_variant 04 --seed ada --only 'LISTEN, ESTABLISHED'
    # It gets there, and does not stay.
    sed -i '/int result = echo(/i if (held != -1) { close(held); held = -1; }' "$tree/work/04/tcp_server.c"
    has_constants_of "$waiting" CLOSE_WAIT
    wrong_variant 04 --seed "$waiting" --only 'LISTEN, ESTABLISHED'
    assert_match "$output" 'has to stay there while the next client is served'
}
# The right SHIFT, so that nothing but STATE decides.
has_constants_of() { # SEED STATE
    "$ROOT/tests/variant" 4 "$1" | sed -n 's/^NETSTEP_SHIFT=/#define SHIFT /p' >"$tree/work/04/variant.h"
    printf '#define STATE "%s"\n#define ASK "state?"\n' "$2" >>"$tree/work/04/variant.h"
    make -s -C "$tree/work/04" clean
    compile 04
}

@test "lesson 05: by its own seed, not by another or none" {
    beyond_sample
    filled 05 ada
    full_marks 05 --seed ada
    wrong_variant 05 --seed bob --only 'reads in small pieces'
    wrong_variant 05 --only 'after the slow client'
}

@test "lesson 06: by its own seed, not by another or none" {
    beyond_sample
    filled 06 ada
    full_marks 06 --seed ada --only 'udp_echo -l'
    wrong_variant 06 --seed bob --only 'each datagram back'
    wrong_variant 06 --only 'zero bytes'
}

@test "lesson 07: by its own seed, not by another" {
    beyond_sample
    filled 07 ada
    full_marks 07 --seed ada
    wrong_variant 07 --seed bob --only overtakes
    wrong_variant 07 --seed bob --only 'every byte comes back'
    wrong_variant 07 --seed bob --only 'arrives whole'
}

@test "lesson 08: full marks by its own seed; the word of another, or ok, is another variant" { # without a seed all are right
    beyond_sample
    filled 08 ada
    full_marks 08 --seed ada
    wrong_variant 08 --seed bob --only 'a name with spaces'
    # One that goes on after both words, and one that knows ok alone.
    sed -i 's/int ready = /&(length == 2 \&\& memcmp(answer, "ok", 2) == 0) || /' "$tree/work/08/file_send.c"
    compile 08
    wrong_variant 08 --seed ada --only 'a name with spaces'
    assert_match "$output" 'takes the answer ok' reason
    echo '#define ANSWER "ok"' >"$tree/work/08/variant.h"
    make -s -C "$tree/work/08" clean
    compile 08
    wrong_variant 08 --seed ada --only 'a name with spaces'
}

@test "lesson 09: full marks by its own seed; the word of another, or ok, is another variant" {
    beyond_sample
    filled 09 ada
    full_marks 09 --seed ada
    wrong_variant 09 --seed bob --only empty
    NETSTEP_TIMEOUT_SCALE=0.5 grade 09 --only 'comes in pieces'
    assert_equal "$status" 1 'exit status without a seed'
    echo '#define ANSWER "ok"' >"$tree/work/09/variant.h"
    make -s -C "$tree/work/09" clean
    compile 09
    wrong_variant 09 --seed ada --only empty
    wrong_variant 09 --seed ada --only 'any answer but ok'
}

@test "lesson 10: by its own seed, not by another" {
    beyond_sample
    filled 10 ada
    full_marks 10 --seed ada
    wrong_variant 10 --seed bob --only 'a name of 255'
}

@test "lesson 12: by its own seed, not by another or none" {
    beyond_sample
    filled 12 ada
    full_marks 12 --seed ada
    wrong_variant 12 --seed bob --only 'one call after another'
    wrong_variant 12 --only 'one call after another'
    calls_end_with '\n' # the word is right
    wrong_variant 12 --seed ada --only 'one call after another'
    assert_match "$output" 'ends its calls with a newline' reason
    calls_end_with '=' # nobody's
    NETSTEP_TIMEOUT_SCALE=0.5 grade 12 --seed ada --only 'one call after another'
    assert_equal "$status $(diagnoses)" '1 pool-wrong-call' 'calls that end with ='
}
calls_end_with() { # BYTE, as C writes it
    grep -v END "$tree/work/12/variant.h" >"$T/variant.h"
    { cat "$T/variant.h"; printf '#define END "%s"\n' "$1"; } >"$tree/work/12/variant.h"
    make -s -C "$tree/work/12" clean
    compile 12
}

@test "lesson 13: by its own seed, not by another; at /ws there is no room then" {
    beyond_sample
    filled 13 ada
    full_marks 13 --seed ada
    wrong_variant 13 --seed bob --only 'every other one'
    NETSTEP_TIMEOUT_SCALE=0.5 grade 13 --only 'every other one'
    assert_equal "$status $(diagnoses)" '1 no-upgrade' 'without a seed'
    at_both='strcmp(slash + 1, ROOM) == 0 || slash != NULL \&\& strcmp(slash + 1, "ws") == 0'
    sed -i "s#strcmp(slash + 1, ROOM) == 0#$at_both#" "$tree/work/13/ws_chat.c"
    compile 13
    wrong_variant 13 --seed ada --only 'the path has to end'
}

@test "with a seed other mistakes keep their diagnoses" {
    beyond_sample
    exercise 01 ada
    cp "$tree/work/01/tcp_server.c" "$T/right.c"
    mistaken wrong-bytes 's/(char)(data\[at\] + SHIFT)/(char)((data[at] ^ 0x20) + SHIFT)/' # upper and lower case
    mistaken newline-added '/^static int write_all/,/^}/s/return 0;/return write(fd, "\\n", 1) == 1 ? 0 : -1;/'
    mistaken wrong-length 's/write_all(connection, buffer, got)/write_all(connection, buffer, got - 1)/'
    mistaken stops-at-zero 's/shift(buffer, got);/got = (ssize_t)strnlen(buffer, (size_t)got); &/; 1i #include <string.h>' 'echoes zero bytes'
}
mistaken() { # DIAGNOSIS SED [TEST]
    sed "$2" "$T/right.c" >"$tree/work/01/tcp_server.c"
    ! cmp -s "$T/right.c" "$tree/work/01/tcp_server.c" || fail "nothing changed: $2" || return
    make -s -C "$tree/work/01" clean
    compile 01
    NETSTEP_TIMEOUT_SCALE=0.5 grade 01 --seed ada --only "${3:-echoes what it reads}"
    assert_equal "$(diagnoses)" "$1" "$2" || fail "$output"
}
