#!/usr/bin/env bats
# The runner of the lessons' commands, tests/lesson: a lesson's form, its network, --update, --repeat, the end; what it
# takes for equal is in lesson_compare.bats.
bats_require_minimum_version 1.5.0

load lesson_fixtures

# Whether a process lives that has this text among its arguments.
lives() {
    local files
    mapfile -t files < <(printf '%s\n' /proc/[0-9]*/cmdline | grep -v -e "/$$/" -e "/$BASHPID/")
    grep -qsaF -- "$1" "${files[@]}"
}

await_life() {
    for _ in {1..500}; do
        ! lives "$1" || return 0
        read -rt 0.02 <> <(:) || :
    done
    return 1
}

# Waits for a background job, whose exit status has to be another one than 0. (`run` would ask a shell that isn't its parent.)
ended_badly() {
    local status=0
    wait "$1" || status=$?
    [ "$status" -ne 0 ]
}

await_death() {
    for _ in {1..500}; do
        lives "$1" || return 0
        read -rt 0.02 <> <(:) || :
    done
    return 1
}

@test "form: a lesson with every part is accepted" {
    run tests/lesson --form "$FIXTURES/form.md"
    echo "$output"
    [ "$status" -eq 0 ] && [ -z "$output" ]
}

@test "form: missing, misplaced, doubled and added parts, dead links and commands that are not run are named" {
    cp "$FIXTURES"/*.* "$BATS_TEST_TMPDIR"
    local change
    for change in 's/^# .*/Title/' 's/\*\*You will be able to/\*\*You can/' 's/## Look\n//' \
        's/## Run\n## Look/## Look\n## Run/' 's/(## Run\n)/$1$1/' 's/## Further/## The end\n## Further/' \
        's/## Further\n//' 's/\]\(excerpt\.c/](gone.c/' 's/#predict/#predicted/' 's/md#a-server/md#the-server/' \
        's/```text/```sh/' 's/(```text\n)/$1\$ netstat -an\n/' 's/#an-aside/#aside/' 's/```console/```text/; s/^\$ true/true/m' \
        's/return 0/return 1/' 's/(```c) .*/$1/; s/return 0/return 2/'; do
        mutant form.md "$change"
        run tests/lesson --form "$LESSON"
        echo "$change: $output"
        [ "$status" -eq 1 ]
        [[ "$output" =~ form.md:[0-9]+:\  ]]
    done
    rm "$LESSON"
    run tests/lesson --form "$LESSON"
    [ "$status" -eq 1 ] && [[ "$output" == *"form.md: missing" ]]
}

@test "without a network of its own, too, and several at once" {
    beyond_sample
    local pids=() pid failed=0
    for _ in 1 2 3; do
        NETSTEP_LESSON_NETWORK=shared tests/lesson --bin "$FIXTURES/bin" "$FIXTURES"/{two_terminals,forms}.md 3>&- &
        pids+=($!)
        tests/lesson --bin "$FIXTURES/bin" "$FIXTURES/two_terminals.md" 3>&- &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do
        wait "$pid" || failed=1
    done
    [ "$failed" -eq 0 ]
}

@test "without a network of its own, a failure says which port stood in" {
    export NETSTEP_LESSON_NETWORK=shared
    rejected two_terminals.md 's/socket\(\) = 3/socket() = 4/' 'no network of its own here: port 7000 is' '+socket() = 3'
}

@test "a process that the lesson has not shown is not killed" {
    rejected forms.md 's/kill 4711/kill 47110/' 'no line so far has shown a process 47110'
}

@test "--update writes what happens, tells it, and then agrees; what agreed stays" {
    beyond_sample
    mutant two_terminals.md 's/ESTABLISHED\n/CLOSED\n/g; s/^tcp.*LISTEN\n//m; s/hello\n```/```/'
    run_fixture --show "$LESSON"
    [ "$status" -eq 0 ]
    [[ "$output" != *CLOSED* && "$output" == *ESTABLISHED* && "$output" == *$'\n...\n^C'* ]]
    run_fixture --update "$LESSON"
    [ "$status" -eq 0 ]
    [[ "$output" == *"$LESSON:9: "*$'\n+hello\n'*' places updated'*' all agree'* ]]
    run diff <(sed '/netstat/,/```/d' "$LESSON") <(sed '/netstat/,/```/d' "$FIXTURES/two_terminals.md")
    [ "$status" -eq 0 ]
    [ "$(wc -l <"$LESSON")" -eq "$(wc -l <"$FIXTURES/two_terminals.md")" ]
    cp "$LESSON" "$LESSON.before"
    run_fixture --update "$LESSON"
    [ "$status" -eq 0 ] && [[ "$output" == *'nothing to update'* ]]
    cmp "$LESSON" "$LESSON.before"
}

@test "--update fills blocks without output, and says what no block shows" {
    beyond_sample
    LESSON=$BATS_TEST_TMPDIR/empty.md
    printf '```console\n$ echo_server 7000\n```\n```console terminal=2\n$ echo_client 7000 hello\n```\n' >"$LESSON"
    run_fixture --update "$LESSON"
    [ "$status" -eq 1 ]
    [[ "$output" == *"$LESSON:2: terminal 1: \$ echo_server 7000"*'prints more later, which no block shows'*'+accept() = 4'* ]]
    printf '```console\n```\n' >>"$LESSON"
    run_fixture --update "$LESSON"
    [ "$status" -eq 0 ]
    [[ "$(tail -n 4 "$LESSON")" == *'read() = 5 after '*$'\nclose() = 0\n```' ]]
}

@test "--update writes nothing if the lesson can't be run to its end" {
    impatient
    LESSON=$BATS_TEST_TMPDIR/stuck.md
    printf '```console\n$ sleep 1000\n$ echo next\n```\n' >"$LESSON"
    cp "$LESSON" "$LESSON.before"
    run_fixture --update "$LESSON"
    [ "$status" -eq 1 ]
    [[ "$output" == *"$LESSON:2: terminal 1: \$ sleep 1000"*'still runs when the next command is typed, in line 3'*'nothing is written'* ]]
    cmp "$LESSON" "$LESSON.before"
}

@test "--repeat stops at the first run that does not agree" {
    beyond_sample
    beyond_sample
    LESSON=$BATS_TEST_TMPDIR/flaky.md
    printf '```console\n$ echo x >> %s; wc -l < %s | grep -cx "[1-3]"\n1\n```\n' "$LESSON.n" "$LESSON.n" >"$LESSON"
    run_fixture --repeat 3 "$LESSON"
    [ "$status" -eq 0 ] && [[ "$output" == *'3 runs, all agree'* ]]
    run_fixture --repeat 3 "$LESSON"
    [ "$status" -eq 1 ] && [[ "$output" == *'run 1 of 3 does not agree'* ]]
}

@test "nothing is left: after the end, a failure, a signal" {
    local mark=424242.$$ end signal runner lesson=$BATS_TEST_TMPDIR/lesson.md
    export TMPDIR=$BATS_TEST_TMPDIR/scratch
    mkdir "$TMPDIR"
    # One that ignores SIGTERM, one that has left its session, and one that waits for a key.
    for end in '^C' 'not printed'; do
        printf '```console\n$ sh -c "trap : TERM; sleep %s; sleep %s"\n```\n```console terminal=2\n$ setsid -f sleep %s\n$ sleep %s\n%s\n```\n' \
            "$mark" "$mark" "$mark" "$mark" "$end" >"$lesson"
        NETSTEP_TIMEOUT_SCALE=0.2 run_fixture "$lesson"
        run ! lives "$mark"
        [ -z "$(ls -A "$TMPDIR")" ]
    done
    printf '```console\n$ setsid -f sleep %s; sleep %s\n...\nnever\n```\n' "$mark" "$mark" >"$lesson"
    for signal in TERM INT HUP; do
        # A shell without job control makes background commands ignore SIGINT.
        perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' tests/lesson --bin "$FIXTURES/bin" "$lesson" "$lesson" 3>&- &
        runner=$!
        await_life "$mark"
        kill -s "$signal" "$runner"
        ended_badly "$runner"
        run ! lives "$mark"
        [ -z "$(ls -A "$TMPDIR")" ]
    done
    # Nobody can end with SIGKILL tidily, but the lesson's part notices that it is alone.
    tests/lesson --bin "$FIXTURES/bin" "$lesson" 3>&- &
    runner=$!
    await_life "$mark"
    kill -KILL "$runner"
    ended_badly "$runner"
    await_death "$mark"
}

@test "a lesson's network is its own, and gives no privilege" {
    unshare -U -r -n true || skip "no network namespaces for this user here"
    printf '```console\n$ netstat -ant | grep -c tcp\n0\n$ echo $?\n1\n$ echo_server 80 2>&1 | cut -d: -f3\n Permission denied\n```\n' \
        >"$BATS_TEST_TMPDIR/l.md"
    run_fixture "$BATS_TEST_TMPDIR/l.md"
    [ "$status" -eq 0 ]
}

@test "wrong arguments" {
    run tests/lesson
    [ "$status" -eq 2 ]
    run tests/lesson --no-such-option x
    [ "$status" -eq 2 ]
    run tests/lesson --help
    [ "$status" -eq 0 ] && [[ "${lines[0]}" == usage:* ]]
}
