#!/usr/bin/env bats
# What students work with: make exercise, its variants, make hint, make lab. (That the starters can be filled and are graded
# rightly: starter.bats.) Each test has a tree of its own, so that nobody's work/ is touched.

load helper

setup() {
    setup_started
    tree=$T/tree
    mkdir -p "$tree/lessons" "$tree/tests"
    ln -s "$ROOT/bin" "$tree/bin"
    # The scripts go by where they stand, the folders stay ours: nothing is written there.
    for file in "$ROOT"/tests/*; do
        if [ -d "$file" ]; then ln -s "$file" "$tree/tests"; else cp "$file" "$tree/tests"; fi
    done
    cp -r "$ROOT"/lessons/[0-9][0-9]-* "$tree/lessons"
    cd "$tree" || return
    PATH=${PATH#*/libexec/bats-core:} # who runs a grader wants bats itself, not its inner parts
}

one_line() { # STATUS REGEX: of what `run` ran
    assert_equal "$status" "$1" 'exit status' || return
    assert_equal "${#lines[@]}" 1 'lines' || return
    assert_match "$output" "$2"
}

# A lesson 77 with two programs, whose hints and holes are known.
lesson_77() {
    mkdir -p lessons/77-test/starter
    cat >lessons/77-test/starter/alpha.c <<'C'
/* hole(9); is only spoken of */
static void hole(int number) { (void)number; }
int main(void) { const char *text = "hole(8);"; hole(2); hole(1); return text == 0; }
C
    echo 'int main(void) { hole(1); }' >lessons/77-test/starter/beta.c
    printf 'all:\nclean:\n' >lessons/77-test/starter/Makefile
    cat >lessons/77-test/hints.md <<'MD'
# Hints
Prose - and no hint.

## beta: hole 1
- look at beta

## alpha: hole 1
- gentle
  and goes on
- nearly: `the line`

## alpha: hole 2

1. only one
MD
}

# ---- exercise

@test "exercise copies the starter of every lesson that has one, as it is" {
    local starter number
    for starter in lessons/*/starter; do
        number=${starter#lessons/}
        number=${number%%-*}
        run tests/exercise "$number"
        assert_equal "$status" 0 "exit status for lesson $number" || fail "$output"
        assert_equal "${#lines[@]}" 5 lines
        diff -r "$starter" "work/$number"
    done
    [ -n "$number" ]
}

@test "exercise says the commands, and they are right" {
    run tests/exercise 1
    assert_match "$output" 'make -C work/01 .*make check BIN=work/01 LESSON=1 .*make hint LESSON=1 .*lessons/01-sockets/lesson.md'
    make -s -C work/01 >"$T/said" 2>&1
    assert_empty "$T/said" 'what the compiler says'
    run ! work/01/tcp_server 7000
    assert_match "$output" "^tcp_server: hole 1 is not filled: .*make hint LESSON=1$"
}

@test "exercise never touches what is there" {
    mkdir -p work/01
    echo mine >work/01/tcp_server.c
    run tests/exercise 1
    one_line 1 '^exercise: work/01 is there already: .*mv work/01 work/01.old'
    assert_equal "$(cat work/01/*)" mine
    rm -r work/01
    ln -s nowhere work/01
    run tests/exercise 1
    one_line 1 'is there already'
}

@test "exercise: wrong usage is one line, and nothing is made" {
    run tests/exercise
    one_line 2 'which lesson\? make exercise LESSON=N.*01 '
    run tests/exercise x
    one_line 2 'not a number'
    run tests/exercise 99
    one_line 1 'lesson 99 has no programs with holes'
    run tests/exercise 1 $'two\nlines'
    one_line 2 'a seed is one line'
    rm lessons/01-sockets/starter/variant.h
    run tests/exercise 1 ada
    one_line 1 'no variants'
    assert_equal "$(find . -path './work/*')" '' 'in work/'
}

@test "exercise leaves out what somebody has compiled in starter/" {
    make -s -C lessons/01-sockets/starter
    tests/exercise 1
    [ -x lessons/01-sockets/starter/tcp_server ]
    [ ! -e work/01/tcp_server ]
}

@test "exercise with a seed: that variant's constants stand in variant.h, and nothing else differs" {
    local number name value found
    for number in 01 09 12 13; do
        tests/exercise "$number" "o'hara \$x" >"$T/said"
        grep -qF "SEED=o\\'hara\\ \\\$x" "$T/said"
        found=''
        while IFS='=' read -r name value; do
            name=${name#NETSTEP_}
            grep -q "^#define $name" "lessons/$number"-*/starter/variant.h || continue
            grep -Fqx -e "#define $name \"$value\"" -e "#define $name $value" "work/$number/variant.h"
            found=1
        done < <(tests/variant "$number" "o'hara \$x")
        [ -n "$found" ]
        run diff -rq "$(echo "lessons/$number"-*/starter)" "work/$number"
        assert_equal "${#lines[@]}" 1 'files that differ'
        make -s -C "work/$number" >"$T/said" 2>&1
        assert_empty "$T/said" 'what the compiler says'
    done
}

# ---- variant

@test "variant: the same for a seed always, other for others, never what it is without a seed" {
    local number seed shifts=() answers=() states=() calls=() rooms=() ends=()
    local word='([bdfglmrstvz][a-z]{2,5})'
    assert_equal "$(tests/variant 3 ada)" "$(tests/variant 03 ada)"
    assert_equal "$(tests/variant 1 ada)" "$(tests/variant 10 ada)"
    assert_equal "$(tests/variant 1 ada)" "$(tests/variant 13 ada)"
    run tests/variant 14 ada
    one_line 0 '^# lesson 14 has no variants'
    # Students have it in their programs: what it says of a seed must never change.
    assert_equal "$(tests/variant 1 ada | tr '\n' ' ')" \
        'NETSTEP_SHIFT=16 NETSTEP_ANSWER=lube NETSTEP_STATE=FIN_WAIT2 NETSTEP_CALL=gab NETSTEP_ROOM=ribi NETSTEP_END=, '
    for number in {1..60}; do
        seed=student$number
        run tests/variant 1 "$seed"
        assert_equal "${#lines[@]}" 6 lines
        [[ ${lines[0]} =~ ^NETSTEP_SHIFT=([0-9]+)$ ]]
        [ "${BASH_REMATCH[1]}" -ge 1 ] && [ "${BASH_REMATCH[1]}" -le 255 ]
        shifts+=("${BASH_REMATCH[1]}")
        [[ ${lines[1]} =~ ^NETSTEP_ANSWER=$word$ ]] # neither ok nor no
        answers+=("${BASH_REMATCH[1]}")
        [[ ${lines[2]} =~ ^NETSTEP_STATE=(CLOSE_WAIT|FIN_WAIT2|LAST_ACK)$ ]]
        states+=("${BASH_REMATCH[1]}")
        [[ ${lines[3]} =~ ^NETSTEP_CALL=$word$ ]]
        calls+=("${BASH_REMATCH[1]}")
        [[ ${lines[4]} =~ ^NETSTEP_ROOM=$word$ ]]
        rooms+=("${BASH_REMATCH[1]}")
        [[ ${lines[5]} =~ ^NETSTEP_END=([+:@,/_.])$ ]]
        ends+=("${BASH_REMATCH[1]}")
    done
    [ "$(printf '%s\n' "${calls[@]}" | sort -u | wc -l)" -gt 40 ]
    [ "$(printf '%s\n' "${rooms[@]}" | sort -u | wc -l)" -gt 40 ]
    [ "$(printf '%s\n' "${ends[@]}" | sort -u | wc -l)" -eq 7 ]
    [ "$(printf '%s\n' "${states[@]}" | sort -u | wc -l)" -eq 3 ]
    [ "$(printf '%s\n' "${shifts[@]}" | sort -u | wc -l)" -gt 40 ]
    [ "$(printf '%s\n' "${answers[@]}" | sort -u | wc -l)" -gt 50 ]
}

@test "variant: wrong usage is one line and exit status 2" {
    run tests/variant
    one_line 2 '^variant: usage'
    run tests/variant 1
    one_line 2 '^variant: usage'
    run tests/variant 0 ada
    one_line 2 "lesson '0'"
    run tests/variant 100 ada
    one_line 2 "lesson '100'"
    run tests/variant 1 ''
    one_line 2 'a seed is'
}

# ---- hint

@test "hint: one more each time, for the first open hole, in the order of hints.md" {
    lesson_77
    run tests/hint 77
    one_line 1 'there is no work/77 .*make exercise LESSON=77'
    tests/exercise 77
    run tests/hint 77
    assert_equal "$status" 0
    assert_match "$output" 'Holes filled: 0 of 3\. Next: work/77/beta\.c, hole 1\..*look at beta.*Hint 1 of 1 .*the last one'
    run tests/hint 77
    assert_match "$output" 'look at beta.*That was the last hint'

    sed -i 's/hole(1);//' work/77/beta.c
    run tests/hint 77
    assert_match "$output" 'filled: 1 of 3\. Next: work/77/alpha\.c, hole 1\..*gentle.*and goes on.*Hint 1 of 2 .*1 left'
    [[ $output != *'the line'* ]]
    run tests/hint 77
    assert_match "$output" 'nearly: `the line`.*Hint 2 of 2'
    [[ $output != *gentle* ]]

    sed -i 's/hole(1);/ \/\/ hole(1);\n/' work/77/alpha.c # what is in a comment is no open hole
    run tests/hint 77
    assert_match "$output" 'filled: 2 of 3\. Next: work/77/alpha\.c, hole 2\..*only one'
    sed -i 's/hole(2);//' work/77/alpha.c
    run tests/hint 77
    one_line 0 'Holes filled: 3 of 3\. Now: make -C work/77, then make check BIN=work/77 LESSON=77'
}

@test "hint: what it has shown is kept for each hole; a file that can't be read begins anew" {
    lesson_77
    tests/exercise 77
    tests/hint 77
    sed -i 's/hole(1);//' work/77/beta.c
    tests/hint 77
    tests/hint 77 | grep -q 'Hint 2 of 2'
    echo 'int main(void) { hole(1); }' >work/77/beta.c
    tests/hint 77 | grep -q 'That was the last'
    printf 'nonsense \0\n' >work/77/.hints
    run tests/hint 77
    assert_match "$output" 'look at beta.*Hint 1 of 1'
}

@test "hint: a lesson without hints, a hole without, wrong usage: one line" {
    run tests/hint
    one_line 2 'which lesson'
    run tests/hint 99
    one_line 2 'no lesson 99'
    lesson_77
    tests/exercise 77
    sed -i '/^## beta/,/^$/d' lessons/77-test/hints.md
    rm work/77/alpha.c
    run tests/hint 77
    one_line 1 'no hint is written for beta, hole 1'
    rm lessons/77-test/hints.md
    run tests/hint 77
    one_line 1 'lesson 77 has no hints'
}

@test "hint: every hole of every lesson's starter has hints, and every section of hints.md a hole" {
    local starter number holes sections
    for starter in lessons/*/starter; do
        number=${starter#lessons/}
        number=${number%%-*}
        [ -f "${starter%starter}hints.md" ] || fail "lesson $number has no hints.md"
        holes=$(cd "$starter" && grep -Eo '^ *hole\([0-9]+\);' /dev/null ./*.c | sed -E 's/^.*\/([a-z_]+)\.c: *hole\(([0-9]+).*/\1: hole \2/' | sort)
        sections=$(sed -n 's/^## //p' "${starter%starter}hints.md" | sort)
        assert_equal "$sections" "$holes" "lesson $number: sections of hints.md, and holes"
    done
}

# ---- lab

needs_python() { command -v python3 >/dev/null || skip "python3, in which these programs are written, is missing"; }

@test "lab: hands out a program that does not tell its mistake, with correct partners; the answer tells it" {
    needs_python
    run tests/lab 1
    assert_equal "$status" 0 'exit status' || fail "$output"
    assert_match "$output" 'with one mistake.*netstat.*Where to begin: lesson [01][0-9], "'
    local name program
    name=$(base64 -d <work/lab/.choice)
    program=$(cd "tests/mutants/$name" && echo *_*)
    [ -x "work/lab/$program" ]
    [ ! -L "work/lab/$program" ]
    run ! grep -rniE "mistake|$name" work/lab
    [ "$(find work/lab -type f -perm -u+x | wc -l)" -ge 2 ]

    run tests/lab answer
    assert_equal "$status" 0 'exit status'
    assert_match "$output" "^$program has one mistake: "
    [[ $output == *"$(sed -n 's/.*with one mistake: \(.*\)"""$/\1/p' "tests/mutants/$name/$program")"* ]]
    assert_match "$output" 'make check says so in these tests:.*  lesson [01][0-9]  .*Read: lessons/.*#.*See it yourself'
    assert_match "$output" 'make check BIN=work/lab LESSON=[0-9]'
}

@test "lab: a seed hands out the same again, others others; without one it is chance" {
    needs_python
    local seed choices=()
    for seed in {1..12} 1; do
        tests/lab "$seed" >/dev/null
        choices+=("$(cat work/lab/.choice)")
        rm -r work/lab
    done
    assert_equal "${choices[0]}" "${choices[12]}"
    [ "$(printf '%s\n' "${choices[@]}" | sort -u | wc -l)" -gt 5 ]
    tests/lab
    [ -s work/lab/.choice ]
}

@test "lab: one at a time; no lab, a spoilt one and wrong usage are one line" {
    needs_python
    run tests/lab answer
    one_line 1 'no lab is handed out'
    tests/lab 1
    run tests/lab 2
    one_line 1 'is there already'
    echo '../../etc' | base64 >work/lab/.choice
    run tests/lab answer
    one_line 1 "can't be read any more"
    run tests/lab 1 2
    one_line 2 'usage'
}

@test "lab: every mistake that can be handed out can be told, and its program runs and says nothing of it" {
    needs_python
    local name file
    tests/lab list >"$T/list"
    [ "$(wc -l <"$T/list")" -gt 50 ]
    run ! grep -E 'takes-any-port|hides-errors|silent' "$T/list" # wrong usage makes dull labs
    rm tests/mutants # our link
    is_whole || sed -i -n '0~20p' "$T/list" # some of them
    while read -r name; do
        mkdir tests/mutants # for each, as if chance had chosen it
        cp -r "$ROOT/tests/mutants/$name" tests/mutants
        tests/lab >"$T/task"
        assert_equal "$(base64 -d <work/lab/.choice)" "$name"
        for file in work/lab/*_*; do
            ! grep -n '#[^!]' "$file" || fail "$name: a comment is left in $file"
        done
        ! grep -i mistake work/lab/*_* || fail "$name: the mistake is named"
        python3 -c 'import ast, sys; [ast.parse(open(name).read()) for name in sys.argv[1:]]' work/lab/*_*
        tests/lab answer >"$T/answer"
        grep -q '^Read: lessons/' "$T/answer" || fail "$name: no section to read" "$(cat "$T/answer")"
        rm -r work/lab tests/mutants
    done <"$T/list"
}

@test "lab: the grader finds the mistake in work/lab, where the answer says" {
    beyond_sample
    needs_python
    rm tests/mutants # our link
    mkdir tests/mutants
    cp -r "$ROOT/tests/mutants/server-never-closes" tests/mutants
    tests/lab >"$T/task"
    tests/lab answer >"$T/answer"
    local lesson
    lesson=$(sed -n 's/.*make check BIN=work\/lab LESSON=//p' "$T/answer")
    NETSTEP_TIMEOUT_SCALE=0.5 run "$ROOT/tests/grade" --lesson "$lesson" --only "answers the client's FIN" work/lab
    assert_equal "$status" 1 'exit status'
    assert_match "$output" 'CLOSE_WAIT'
    grep -q 'CLOSE_WAIT' "$T/answer"
}
