#!/usr/bin/env bats
# tests/predict: each lesson's questions are settled by a run as their authors believe; what is not settled is said.
load helper

bats_require_minimum_version 1.5.0

# What each lesson's author believes, question by question.
declare -gA RIGHT=(
    [1]=cbdbd [2]=acdbc [3]=cbbcbdd [4]=bccdca [5]=cbcad
    [6]=dcdcbc [7]=cbbdcba [8]=cbdcbdb [9]=dcacbab [10]=aabcbdabc
    [11]=ccacbb [12]=bdacbc [13]=cdbacba
)

# A lesson of our own, with questions that are settled at once: $LESSONS/01-small.
setup() {
    setup_started
    LESSONS=$T/lessons
    mkdir -p "$LESSONS/01-small" "$T/tmp"
    export TMPDIR=$T/tmp
    export NETSTEP_TIMEOUT_SCALE=6 # a run has a minute; one test says less
    cat >"$LESSONS/01-small/lesson.md" <<'end'
# Small
## Predict
Two files lie there.

1. What does `echo` print
   here?
2. What is CLOSED?
## Run
end
    cat >"$LESSONS/01-small/predict" <<'end'
# A comment.
question 1
a one
    ^one$
b two
    ^two$
    !^one
run
    look 'echo two'
why It prints what "it" is told.
section Run

question 2
a no state, and
    no row
b a \ state
right b
by RFC 9293, 3.3.2
why So it says.
section Run
end
}

# ask_small [LINE]...: asks our own lesson, answered by these lines. Sets $status and $output.
ask_small() {
    run --separate-stderr tests_predict "$@"
    echo "$output$stderr"
}
tests_predict() { printf '%s\n' "$@" | "$ROOT/tests/predict" --lessons "$LESSONS" --json "$T/small.json" 1; }

# refused PERL TEXT: our lesson's data file, changed by this substitution, can't be used, and TEXT is said.
refused() {
    local before
    before=$(<"$LESSONS/01-small/predict")
    perl -0pi -e "$1" "$LESSONS/01-small/predict"
    [ "$before" != "$(<"$LESSONS/01-small/predict")" ]
    ask_small a a
    [ "$status" -eq 1 ]
    [[ $stderr == *"$2"* ]]
    printf '%s\n' "$before" >"$LESSONS/01-small/predict"
}

# ask_lesson NAME N LETTERS: asks lesson N in the background, answered by LETTERS. Output: NAME.out, NAME.json
ask_lesson() {
    grep -o . <<<"$3" >"$T/$1.in"
    STDIN=$T/$1.in start "$1" "$ROOT/tests/predict" --json "$T/$1.json" "$2"
}

# check_answers NAME LETTERS RIGHT: each line of NAME.json says that the answer of LETTERS was given, and that the one
# of RIGHT is true; or that there are no hosts, if there are none.
check_answers() {
    perl -MJSON::PP -e '
        my ($file, $letters, $right, $hosts) = @ARGV;
        open my $in, "<", $file or die "$file: $!\n";
        my $n = 0;
        while (<$in>) {
            my $said = decode_json($_);
            my ($letter, $truth) = (substr($letters, $n, 1), substr $right, $n++, 1);
            $said->{question} == $n or die "line $n: $_";
            next if !$hosts && $said->{settled} eq "hosts" && !defined $said->{right};
            $said->{settled} =~ /^(run|text)$/ && $said->{truth} eq $truth && $said->{answer} eq $letter
                && length $said->{choice} && $said->{right} == ($letter eq $truth) or die "wanted $letter, $truth: $_";
        }
        $n == length $right or die "$n questions\n";' "$T/$1.json" "$2" "$3" "$hosts"
}

# Asks lesson N twice at once, once with the right letters, once with the next ones.
settled_as_believed() {
    [[ $1 == 1 ]] || beyond_sample
    local right=${RIGHT[$1]} wrong hosts=1
    wrong=$(tr abcde bcaae <<<"$right") # a letter that every question has, and the wrong one
    "$BIN/wire" -q --free -c true >/dev/null 2>&1 || hosts=
    for _ in 1 2 3; do # a machine that stood still in a measurement leaves a question open: it is asked again
        ask_lesson right "$1" "$right"
        local first=$pid
        ask_lesson wrong "$1" "$wrong"
        wait_exit "$first" 100
        assert_equal "$status" 0 'exit status'
        wait_exit "$pid" 600
        assert_equal "$status" 0 'exit status'
        grep -q '"settled":"no"' "$T/right.json" "$T/wrong.json" || break
    done
    cat "$T/right.out"
    check_answers right "$right" "$right"
    check_answers wrong "$wrong" "$right"
    run ! grep -q '^✗' "$T/right.out"
    run ! grep -q '^✓' "$T/wrong.out"
    assert_empty "$T/right.err"
    assert_empty "$T/wrong.err"
    # A question has its number at the beginning of a line, or behind the one before.
    assert_equal "$(sed -n '/^## Predict/,/^## Run/p' "$ROOT"/lessons/"$(printf %02d "$1")"-*/lesson.md |
        grep -oE '(^| )[1-9]\. ' | wc -l)" ${#right} questions
    assert_equal "$(ls -A "$TMPDIR")" '' "what is left behind"
}

@test 'lesson 01 is settled as its author believes, a wrong letter is told' { settled_as_believed 1; }
@test 'lesson 02 is settled as its author believes, a wrong letter is told' { settled_as_believed 2; }
@test 'lesson 03 is settled as its author believes, a wrong letter is told' { settled_as_believed 3; }
@test 'lesson 04 is settled as its author believes, a wrong letter is told' { settled_as_believed 4; }
@test 'lesson 05 is settled as its author believes, a wrong letter is told' { settled_as_believed 5; }
@test 'lesson 06 is settled as its author believes, a wrong letter is told' { settled_as_believed 6; }
@test 'lesson 07 is settled as its author believes, a wrong letter is told' { settled_as_believed 7; }
@test 'lesson 08 is settled as its author believes, a wrong letter is told' { settled_as_believed 8; }
@test 'lesson 09 is settled as its author believes, a wrong letter is told' { settled_as_believed 9; }
@test 'lesson 10 is settled as its author believes, a wrong letter is told' { settled_as_believed 10; }
@test 'lesson 11 is settled as its author believes, a wrong letter is told' { settled_as_believed 11; }
@test 'lesson 12 is settled as its author believes, a wrong letter is told' { settled_as_believed 12; }
@test 'lesson 13 is settled as its author believes, a wrong letter is told' { settled_as_believed 13; }

@test 'every lesson has its questions, and four of five are settled by a run' {
    local file folder questions=0 runs=0
    for file in "$ROOT"/lessons/*/lesson.md; do
        grep -q '^## Predict' "$file"
        folder=${file%/lesson.md}
        questions=$((questions + $(grep -c '^question ' "$folder/predict")))
        runs=$((runs + $(grep -c '^run$' "$folder/predict")))
        [ -n "${RIGHT[$((10#$(basename "$folder" | cut -c 1-2)))]}" ]
    done
    echo "$runs of $questions"
    [ $((runs * 100)) -ge $((questions * 80)) ]
    [ "$questions" -ge 60 ]
}

@test 'a question is asked with its choices, settled, explained and counted' {
    ask_small b a
    [ "$status" -eq 0 ]
    [[ $output == *'Two files lie there.'* ]]
    [[ $output == *'1. What does `echo` print here?'*'a) one'*'b) two'* ]]
    [[ $output == *$'    $ echo two\n    two\n✓ right: b) two\n  It prints what "it" is told. (lesson.md, "Run")'* ]]
    [[ $output == *$'no run settles it, but RFC 9293, 3.3.2:\n✗ not a but b) a \\ state'* ]]
    [[ $output == *'predict: 1 of 2 right (50 %)'*'once more'*'2. b) a \ state ("Run")'* ]]
    assert_equal "$(sed 's/"seconds":[0-9.]*/"seconds":S/' "$T/small.json")" \
'{"lesson":1,"question":1,"answer":"b","choice":"two","truth":"b","right":true,"settled":"run","seconds":S}
{"lesson":1,"question":2,"answer":"a","choice":"no state, and","truth":"b","right":false,"settled":"text","seconds":S}'
}

@test 'Enter skips, other words are asked again, q ends and the end of the input too' {
    ask_small '' c 17 ' B '
    [ "$status" -eq 0 ]
    [[ $output == *'predict: 1 of 1 right (100 %), 1 skipped'* ]]
    grep -q '^{"lesson":1,"question":1,"right":null,"settled":"skipped",' "$T/small.json"
    [[ $output != *'echo two'* ]]
    ask_small q
    [ "$status" -eq 0 ]
    [[ $output == *'predict: no answers yet'* ]]
    assert_empty "$T/small.json"
    ask_small b
    [ "$status" -eq 0 ]
    [[ $output == *'predict: 1 of 1 right (100 %)'* ]]
}

@test 'patterns that fit no choice, or more than one, settle nothing' {
    perl -pi -e 's/\^two\$/^three\$/' "$LESSONS/01-small/predict"
    ask_small b q
    [ "$status" -eq 0 ]
    [[ $output == *'    two'*'? This run did not settle it: it fits no choice'* ]]
    [[ $output == *'predict: no answers yet, 1 not settled'* ]]
    grep -q '"answer":"b","choice":"two","right":null,"settled":"no"' "$T/small.json"
    perl -pi -e 's/\^(one|three)\$/^t/' "$LESSONS/01-small/predict"
    ask_small b q
    [[ $output == *'? This run did not settle it: it fits a and b'* ]]
}

@test 'patterns that fit nothing settle nothing in a real lesson either' {
    cp -r "$ROOT/lessons/08-arguments" "$LESSONS/01-real"
    rm -r "$LESSONS/01-small"
    perl -pi -e 's/^    (?=\^|LISTEN)/    nothing has this in it/' "$LESSONS/01-real/predict"
    ask_small c b d c b d b
    [ "$status" -eq 0 ]
    [[ $output == *'predict: no answers yet, 7 not settled'* ]]
    assert_equal "$(grep -c '"right":null,"settled":"no"' "$T/small.json")" 7
}

@test 'the lines that show commands and keys settle nothing' {
    perl -pi -e "s/look 'echo two'/look ': one'; begin x 'cat'; type x 'one'; echo two/" "$LESSONS/01-small/predict"
    ask_small b q
    [[ $output == *'$ : one'*'x< one'*'✓ right: b) two'* ]]
}

@test 'a run that breaks off settles nothing, whatever it printed' {
    perl -pi -e "s/look 'echo two'/echo two; false; true/" "$LESSONS/01-small/predict"
    ask_small b q
    [[ $output == *'? This run did not settle it: it broke off'* ]]
}

@test 'a run that hangs is ended, with all that it has begun' {
    perl -pi -e "s/look 'echo two'/begin s 'tcp_server -q 0'; echo two; wait_for -t 900 false/" \
        "$LESSONS/01-small/predict"
    export NETSTEP_TIMEOUT_SCALE=0.2
    ask_small b q
    export NETSTEP_TIMEOUT_SCALE=6
    [[ $output == *'? This run did not settle it: it was ended after 2 s'* ]]
    assert_equal "$(ls -A "$TMPDIR")" '' "what is left behind"
    wait_for no_marks_left || fail "processes that are left: $(marks_left)"
}
# Processes that were begun by a run of ours, by the directory in their environment.
no_marks_left() { [ -z "$(marks_left)" ]; }
marks_left() { grep -lzs "^NETSTEP_TEST=$TMPDIR/" /proc/[0-9]*/environ || true; }

@test 'Ctrl-C and SIGTERM leave no process and no file, and the score is told' {
    local signal
    perl -pi -e "s/look 'echo two'/serve s 'tcp_server -q 0'; begin c \"tcp_client --hold 600 127.0.0.1 \\\$port\"
        wait_for -t 900 false/" "$LESSONS/01-small/predict"
    for signal in INT TERM; do
        echo b >"$T/keys"
        STDIN=$T/keys start predict "$ROOT/tests/predict" --lessons "$LESSONS" --json "$T/small.json" 1
        wait_line "$T/predict.out" 'tcp_client --hold'
        [ -n "$(marks_left)" ]
        kill -s "$signal" -- -"$pid" # to the whole group, as the terminal does
        wait_exit "$pid" 60
        assert_equal "$status" $((128 + $(kill -l "$signal")))
        grep -q '^predict: no answers yet' "$T/predict.out"
        assert_equal "$(ls -A "$TMPDIR")" '' "what is left behind"
        wait_for no_marks_left || fail "processes that are left: $(marks_left)"
    done
}

@test 'Ctrl-C at the question ends it too, and what was answered stays in the file' {
    mkfifo "$T/keys"
    exec 5<>"$T/keys"
    STDIN=$T/keys start predict "$ROOT/tests/predict" --lessons "$LESSONS" --json "$T/small.json" 1
    echo b >&5
    wait_line "$T/predict.out" '^2\. '
    kill -s INT -- -"$pid"
    wait_exit "$pid" 60
    exec 5>&-
    assert_equal "$status" 130
    grep -q 'predict: 1 of 1 right' "$T/predict.out"
    assert_equal "$(grep -c '"right":true' "$T/small.json")" 1
}

@test 'where no hosts can be made, a question that needs them is left out, with the reason' {
    mkdir "$T/bin"
    ln -s "$BIN"/* "$T/bin"
    rm "$T/bin/wire"
    printf '#!/bin/sh\necho "wire: no hosts can be made: unshare" >&2\nexit 1\n' >"$T/bin/wire"
    chmod +x "$T/bin/wire"
    perl -pi -e 's/^run$/needs hosts\nrun/' "$LESSONS/01-small/predict"
    NETSTEP_BIN=$T/bin ask_small b
    [ "$status" -eq 0 ]
    [[ $output == *"left out, since it needs the wire's hosts: wire: no hosts can be made: unshare"* ]]
    [[ $output == *'predict: 1 of 1 right (100 %), 1 left out'* ]]
    grep -q '"question":1,"right":null,"settled":"hosts"' "$T/small.json"
    needs_wire
    ask_small b b
    [[ $output == *'predict: 2 of 2 right (100 %)'* ]]
}

@test 'a row of netstat is looked for at its own end or at the other one' {
    cat >"$LESSONS/01-small/predict" <<'end'
question 1
a the server's
    {server 6 * CLOSE_WAIT}
    !{client * * CLOSE_WAIT}
b the client's
    {client * * FIN_WAIT1|FIN_WAIT2}
    !{client 6 * [A-Z]}
    !{server * * FIN_WAIT[12]}
run
    port=7000
    echo 'tcp        6      0 127.0.0.1:7000          127.0.0.1:43688         STATE_A'
    echo 'tcp        0      0 127.0.0.1:43688         127.0.0.1:7000          STATE_B'
why Because.
section Run
question 2
a one
b two
right a
by RFC
why So.
section Run
end
    sed -i 's/STATE_A/CLOSE_WAIT/; s/STATE_B/LAST_ACK/' "$LESSONS/01-small/predict"
    ask_small a q
    [[ $output == *'✓ right: a)'* ]]
    sed -i '/^    echo/s/CLOSE_WAIT/LISTEN/; s/LAST_ACK/FIN_WAIT2/' "$LESSONS/01-small/predict"
    ask_small b q
    [[ $output == *'✓ right: b)'* ]]
}

@test 'a data file that does not fit the lesson, or is not understood, is refused' {
    refused 's/question 2\n.*//s' 'no entry for question 2 of lesson.md'
    refused 's/\z/question 3\na x\nb y\nright a\nby z\nwhy w\nsection Run\n/' \
        'an entry for question 3, which lesson.md does not ask'
    refused 's/question 2/question 1/' 'question 1 for the second time'
    refused 's/b two/c two/' 'choice c is not in its place'
    refused 's/    \^one\$\n//' 'choice a needs a pattern'
    refused 's/\^one\$/(one/' 'not a pattern: (one'
    refused 's/right b\n//' "a run, or 'right LETTER' and 'by SOURCE'"
    refused 's/right b/right c/' 'no choice c'
    refused 's/section Run/section Walk/' "lesson.md has no section 'Walk'"
    refused 's/why So it says.\n//' "there is no line 'why'"
    refused 's/^run$/needs luck\nrun/m' 'needs hosts, or nothing'
    refused 's/^run$/rum/m' 'not understood: rum'
    rm "$LESSONS/01-small/predict"
    ask_small
    [ "$status" -eq 1 ]
    [[ $stderr == *'No such file'* ]]
}

@test 'wrong arguments, and a file that cannot be written' {
    local words
    for words in '' '4 5' four 99 '--what 4'; do
        # shellcheck disable=SC2086
        run --separate-stderr "$ROOT/tests/predict" $words </dev/null
        [ "$status" -eq 2 ]
        [ -n "$stderr" ]
    done
    run --separate-stderr "$ROOT/tests/predict" --json /nowhere/x.json 1 </dev/null
    [ "$status" -eq 1 ]
    [[ $stderr == *'/nowhere/x.json: No such file or directory'* ]]
    run "$ROOT/tests/predict" --help
    [ "$status" -eq 0 ]
    [[ $output == usage:* ]]
    run "$ROOT/tests/predict" --manual
    [ "$status" -eq 0 ]
    [[ $output == *'What settles a question'*'Answers for a teacher'* ]]
}
