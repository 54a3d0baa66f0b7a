#!/usr/bin/env bats
# The starters of the lessons, lessons/NN-topic/starter: they compile, untouched they are worth nothing, and whoever fills
# their holes gets full marks. What belongs into the holes stands in tests/starters/NN-topic/PROGRAM.holes: lines
# "== hole N", and behind each the code.

load helper

@test "lesson 01: untouched" { untouched 01; }
@test "lesson 01: filled" { filled 01; }
@test "lesson 02: untouched" { untouched 02; }
@test "lesson 02: filled" { filled 02; }
@test "lesson 03: untouched" { untouched 03; }
@test "lesson 03: filled" { filled 03; }
@test "lesson 04: untouched" { untouched 04; }
@test "lesson 04: filled" { filled 04; }
@test "lesson 05: untouched" { untouched 05; }
@test "lesson 05: filled" { filled 05; }
@test "lesson 06: untouched" { untouched 06; }
@test "lesson 06: filled" { filled 06; }
@test "lesson 07: untouched" { untouched 07; }
@test "lesson 07: filled" { filled 07; }
@test "lesson 08: untouched" { untouched 08; }
@test "lesson 08: filled" { filled 08; }
@test "lesson 09: untouched" { untouched 09; }
@test "lesson 09: filled" { filled 09; }
@test "lesson 10: untouched" { untouched 10; }
@test "lesson 10: filled" { filled 10; }
@test "lesson 11: untouched" { untouched 11; }
@test "lesson 11: filled" { filled 11; }
@test "lesson 12: untouched" { untouched 12; }
@test "lesson 12: filled" { filled 12; }
@test "lesson 13: untouched" { untouched 13; }
@test "lesson 13: filled" { filled 13; }

@test "each starter has its lines above, and for each hole a comment, a solution and two hints or more" {
    local starter topic solutions lesson file program
    for starter in "$ROOT"/lessons/[0-9][0-9]-*/starter; do
        topic=$(basename "$(dirname "$starter")") lesson=${starter%/*}
        solutions=$ROOT/tests/starters/$topic
        grep -q "{ untouched ${topic%%-*}; }" "$BATS_TEST_FILENAME" || fail "no test of $topic here"
        grep -q "{ filled ${topic%%-*}; }" "$BATS_TEST_FILENAME" || fail "no test of $topic here"
        for file in "$starter"/*.c "$solutions"/*.holes; do
            program=$(basename "${file%.*}")
            [ -f "$starter/$program.c" ] && [ -f "$solutions/$program.holes" ] || fail "$topic: $program.c or $program.holes is missing"
        done
        for file in "$starter"/*.c; do
            program=$(basename "$file" .c)
            assert_equal "$(holes_called "$file")" "$(numbers_up_to "$file")" "$topic: holes of $program, from 1 without a gap"
            assert_equal "$(sed -n 's/.*Hole \([0-9]*\): .*/\1/p' "$file" | sort -n)" "$(numbers_up_to "$file")" \
                "$topic: comments of the holes of $program"
            assert_equal "$(sed -n 's/^== hole //p' "$solutions/$program.holes")" "$(numbers_up_to "$file")" \
                "$topic: holes in $program.holes"
            hints_are_there "$lesson/hints.md" "$program" "$(numbers_up_to "$file")"
        done
    done
}
holes_called() { sed -n 's/^ *hole(\([0-9]*\));$/\1/p' "$1" | sort -n; }
numbers_up_to() { seq 1 "$(holes_called "$1" | tail -n 1)"; }

hints_are_there() { # FILE PROGRAM NUMBERS
    local number items
    [ -f "$1" ] || fail "$1 is missing" || return
    for number in $3; do
        items=$(awk -v heading="## $2: hole $number" '/^#/ { inside = $0 == heading } inside && /^- / { n++ } END { print n + 0 }' "$1")
        [ "$items" -ge 2 ] || fail "${1#"$ROOT/"}: $items hints for hole $number of $2" || return
    done
}

# ---- a copy of a lesson's starter, $T/work

copy_starter() { # NN
    starter=$(echo "$ROOT/lessons/$1"-*/starter)
    [ -d "$starter" ] || skip "lesson $1 has no starter"
    cp -r "$starter" "$T/work"
    mapfile -t programs < <(cd "$T/work" && ls ./*.c | sed 's/^..//; s/\.c$//')
}

compile() {
    make -s -C "$T/work" clean
    make -s -C "$T/work" >"$T/compiled" 2>&1 || fail 'it does not compile' "$(cat "$T/compiled")" || return
    assert_empty "$T/compiled" 'what the compiler says'
}

# ---- untouched

untouched() { # NN
    local starter programs program
    graded_now "$1"
    copy_starter "$1"
    compile
    for program in "${programs[@]}"; do
        says_hole_1 "$program"
    done
    NETSTEP_TIMEOUT_SCALE=0.5 run "$ROOT/tests/grade" --lesson "$1" "$T/work"
    something_graded
    no_marks || fail "$output"
}

no_marks() {
    assert_equal "$status" 1 'exit status' &&
        assert_match "${lines[-1]}" '^0 passed, ' 'the last line' &&
        assert_match "$output" 'hole 1 .*is not filled' 'what the grader says'
}

# `make check` takes the first lesson alone.
graded_now() { [ "$1" = 01 ] || beyond_sample; }

# Where the lesson needs what this machine can't do all is skipped.
something_graded() { [[ ${lines[-1]} != '0 passed, 0 failed,'* ]] || skip "this machine can't grade this lesson: ${lines[-1]}"; }

# Run for the first time it falls into hole 1. A partner is there, for holes that need one.
says_hole_1() { # PROGRAM
    mkdir -p "$T/inbox" "$T/home"
    cd "$T/home" || return # a receiver puts its file where it stands
    echo 'all is well' >"$T/letter"
    case $1 in
        tcp_server) visited "$1" tcp_client 127.0.0.1 PORT hello ;;
        file_recv) visited "$1" file_send 127.0.0.1 PORT "$T/letter" ;;
        tcp_client)
            start_listening partner tcp_server -q 0
            start starter "$T/work/$1" 127.0.0.1 "$port" hello
            ;;
        file_send)
            start_listening partner file_recv -q -d "$T/inbox" 0
            start starter "$T/work/$1" 127.0.0.1 "$port" "$T/letter"
            ;;
        tcp_pool)
            start_listening partner tcp_server -q 0
            start starter "$T/work/$1" 127.0.0.1 "$port" --max 1 --workers 1 --calls 1
            ;;
        udp_echo) start starter "$T/work/$1" 127.0.0.1 "$(free_port udp)" hello ;;
        ws_chat) start starter "$T/work/$1" "$(free_port)" ;;
        *) fail "who is the partner of $1?" ;;
    esac
    wait_exit "$pid" || fail "$1 does not end in its first hole"
    assert_equal "$status $(wc -l <"$T/starter.err")" '1 1' "exit status and lines of $1"
    assert_match "$(cat "$T/starter.err")" "^$1: hole 1 is not filled: its comment .* make hint LESSON=[1-9]" "stderr of $1"
}

# A server that listens before it falls into its first hole needs a visitor.
visited() { # PROGRAM PARTNER HOST PORT [ARG]...
    local port server
    port=$(free_port)
    start starter "$T/work/$1" "$port"
    server=$pid
    wait_for listens_or_gone "$port" "$server"
    if running "$server"; then
        run_for 10 partner "$2" -q -t 5 "${@:3:1}" "$port" "${@:5}"
    fi
    pid=$server
}
listens_or_gone() { has_state "$1" LISTEN || ! running "$2"; }

# ---- filled

filled() { # NN
    local starter programs program
    graded_now "$1"
    copy_starter "$1"
    for program in "${programs[@]}"; do
        fill "$ROOT/tests/starters/$(basename "$(dirname "$starter")")/$program.holes" "$T/work/$program.c"
    done
    compile
    run "$ROOT/tests/grade" --lesson "$1" "$T/work"
    something_graded
    full_marks || fail "$output"
}

# What this machine can't grade is skipped, and its points are missing.
full_marks() {
    assert_equal "$status" 0 'exit status' &&
        assert_match "${lines[-1]}" '^[1-9][0-9]* passed, 0 failed, [0-9]+ skipped$' 'the last line' &&
        assert_match "$output" $'\ntotal .* ([0-9]+) of ([0-9]+)\n' 'what the grader says' &&
        { [ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ] || [[ ${lines[-1]} != *', 0 skipped' ]]; }
}

# Puts the code where the holes are called, and takes out what the file says is to go then.
fill() { # SOLUTIONS FILE
    perl -e '
        use strict;
        my ($solutions, $file) = @ARGV;
        local $/;
        open my $in, "<", $solutions or die "$solutions: $!\n";
        my (undef, %code) = split /^== hole (\d+)\n/m, <$in>;
        open $in, "<", $file or die "$file: $!\n";
        my $text = <$in>;
        for (sort keys %code) {
            $text =~ s/^ *hole\($_\);\n/$code{$_}/m or die "$file calls no hole($_)\n";
        }
        $text =~ s{^ *\(void\)\w+; /\* take th.*\n(?: *\(void\)\w+;\n)*}{}mg;
        $text =~ s{^/\* When no hole is left.*\nstatic void hole.*\n(?s:.*?)^\}\n\n}{}m or die "$file: no function hole\n";
        $text !~ /\bhole\(/ or die "$file: a hole is left\n";
        open my $out, ">", $file or die "$file: $!\n";
        print $out $text;
    ' "$1" "$2"
}
