#!/usr/bin/env bats
# The grader itself: a correct submission gets full marks, every faulty one is caught with its reason, nothing hangs.

# helper.bash sets pid.
# shellcheck disable=SC2154

load helper

# tests/mutants/NAME/: a program with one usual mistake. Its file `fails` has a line for each test that must fail:
#     LESSON | a part of the name of the test | a part of the reason that must be given
# A line that begins with a question mark: the test may fail, as chance has it.
# `make check` takes a sample of the mutants and looks at the first line alone; `make check-long` sets NETSTEP_LONG=1: then
# all mutants are graded by all lessons, all these tests fail, and no other. The programs that a mutant does not have are
# the reference's.

sample=(
    client-crashes client-hides-reset client-no-half-close client-prints-nothing client-reads-once client-short-write
    server-changes-case server-dies-of-sigpipe server-echoes-after-eof server-endless-output server-exits-at-once
    server-ignores-bind server-leaves-child server-never-closes server-no-reuse server-short-write
    send-name-newline send-no-wait send-short-write send-takes-okay
    recv-any-name recv-never-closes recv-reads-once recv-short-read-is-end
    udp-believes-anyone udp-keeps-first-client udp-small-buffer udp-stops-at-zero udp-waits-for-ever
)
mutants() {
    if [ -n "${NETSTEP_LONG:-}" ]; then
        ls "${BATS_TEST_FILENAME%/*}/mutants"
    else
        printf '%s\n' "${sample[@]}"
    fi
}

setup_file() {
    command -v python3 >/dev/null || return 0
    local at_once=3 # they wait, mostly
    export results="$BATS_FILE_TMPDIR"
    # A version manager's python3 may take long to start; the system's does not.
    [ ! -x /usr/bin/python3 ] || export PATH="/usr/bin:$PATH"
    {
        echo reference
        mutants
    } | xargs -P "$at_once" -I NAME bash "${BATS_TEST_FILENAME%/*}/grade_mutant" NAME "$results" 3>&-
}

needs_python() { command -v python3 >/dev/null || skip "python3, in which these submissions are written, is missing"; }

@test "correct programs in python3 get full marks in every lesson" {
    needs_python
    cat "$results/reference.out"
    assert_match "$(tail -n 1 "$results/reference.out")" '^[1-9][0-9]* passed, 0 failed, ' "last line"
    [ "$(grep -c '^lesson [0-9]' "$results/reference.out")" -eq "$(find "$ROOT"/lessons -name check.bats | wc -l)" ]
    assert_equal "$(cat "$results/reference.status")" 0 "exit status"
}

@test "every faulty server is caught, with the reason" {
    needs_python
    judge server-
}

@test "every faulty client is caught, with the reason" {
    needs_python
    judge client-
}

@test "every faulty udp_echo is caught, with the reason" {
    needs_python
    judge udp-
}

@test "every faulty file_send is caught, with the reason" {
    needs_python
    judge send-
}

@test "every faulty file_recv is caught, with the reason" {
    needs_python
    judge recv-
}

judge() { # PREFIX
    local name wrong=0
    for name in $(mutants | grep "^$1"); do
        if ! judge_mutant "$name"; then
            sed 's/^/    /' "$results/$name.out"
            wrong=$((wrong + 1))
        fi
    done
    assert_equal "$wrong" 0 "mutants that were judged wrongly"
}

judge_mutant() {
    local line lesson test reason at found expected=()
    mapfile -t found < <(failures "$results/$1.out")
    mapfile -t expected <"$ROOT/tests/mutants/$1/fails"
    [ -n "${NETSTEP_LONG:-}" ] || expected=("${expected[0]}")
    [ "$(cat "$results/$1.status")" = 1 ] || fail "$1: exit status of grade: $(cat "$results/$1.status")" || return
    for line in "${expected[@]}"; do
        split_line "${line#\?}"
        at=''
        for at in "${!found[@]}"; do
            [[ ${found[at]} != "$lesson | "*"$test"*" | reason: "*"$reason"* ]] || break
            at=''
        done
        [ -n "$at" ] || [[ $line != \?* ]] || continue
        [ -n "$at" ] || fail "$1: should fail lesson $lesson, '$test', with: $reason" || return
        unset "found[at]"
    done
    [ ${#found[@]} -eq 0 ] || fail "$1: should not fail:" "${found[@]}"
}

# What grade said: "LESSON | TEST | reason: ..." for each test that failed.
failures() {
    awk '/^lesson [0-9]/ { lesson = $2 + 0 }
        /^(ok|not ok|skip)  / { test = "" }
        /^not ok  / { test = substr($0, 15); next }
        test != "" { sub(/^ +/, ""); print lesson " | " test " | " $0; test = "" }' "$1"
}

# A line of a file `fails`, into $lesson, $test, $reason.
split_line() {
    IFS='|' read -r lesson test reason <<<"$1"
    lesson=${lesson% } test=${test# } test=${test% } reason=${reason# }
}

@test "every test of the lessons is failed by some mutant" {
    run awk '
        FILENAME ~ /fails$/ {
            if (/^\?/) next # a test that only chance fails is not covered
            split($0, part, / *\| */)
            lesson[++lines] = part[1] + 0
            name[lines] = part[2]
        }
        FILENAME ~ /check\.bats$/ && /^@test "/ {
            match(FILENAME, /lessons\/[0-9]+/)
            at = substr(FILENAME, RSTART + 8, RLENGTH - 8) + 0
            for (i = 1; i <= lines && !(lesson[i] == at && index($0, name[i])); i++)
                ;
            if (i > lines) { print "no mutant fails lesson " at ": " $0; missed = 1 }
            tests++
        }
        END { print tests " tests"; exit missed }' "$ROOT"/tests/mutants/*/fails "$ROOT"/lessons/*/check.bats
    assert_equal "$status" 0 "$output"
    assert_match "$output" '^[1-9][0-9]* tests$'
}

@test "a program that is missing fails its tests, and nothing is skipped" {
    mkdir "$T/empty"
    run "$ROOT/tests/grade" --lesson 2 "$T/empty"
    assert_equal "$status" 1 "exit status"
    assert_match "${lines[-1]}" '^0 passed, [1-9][0-9]* failed, 0 skipped$'
    assert_match "$output" 'there is no program tcp_server'
    assert_match "$output" 'there is no program tcp_client'
}

@test "a program that can't be executed fails, and is told" {
    mkdir "$T/plain" "$T/broken"
    echo 'int main(void) {}' >"$T/plain/tcp_server"
    run "$ROOT/tests/grade" --lesson 1 --only 'in LISTEN' "$T/plain"
    assert_equal "$status" 1 "exit status"
    assert_match "$output" 'not an executable file'
    echo '#!/no/such/interpreter' >"$T/broken/tcp_server"
    chmod +x "$T/broken/tcp_server"
    run "$ROOT/tests/grade" --lesson 1 --only 'in LISTEN' "$T/broken"
    assert_equal "$status" 1 "exit status"
    assert_match "$output" "can't be run"
}

@test "points: what passes counts, what fails does not" {
    needs_python
    mkdir "$T/half"
    ln -s "$ROOT/tests/reference/python/tcp_client" "$T/half/tcp_client"
    run "$ROOT/tests/grade" --lesson 1 --only 'nobody listens' "$T/half"
    assert_equal "$status" 0 "exit status"
    assert_match "$output" 'total +1 +0 +0 +1 of 1'
    run "$ROOT/tests/grade" --lesson 1 --only 'wrong and missing' "$T/half"
    assert_equal "$status" 1 "exit status"
    assert_match "$output" 'total +1 +1 +0 +1 of 2'
}

@test "a directory given relatively works" {
    needs_python
    cd "$ROOT/tests/reference"
    run ../grade --lesson 1 --only 'in LISTEN' python
    assert_equal "$status" 0 "exit status"
}

@test "wrong usage is one line and exit status 2" {
    local words
    for words in '' "$T/no-such-directory" "--lesson 99 $T" "--lesson x $T" "--lesson" "--no-such-option $T" "$T $T" "--only nothing-like-it $T"; do
        # shellcheck disable=SC2086 # several words
        run "$ROOT/tests/grade" $words
        assert_equal "$status" 2 "exit status of grade $words"
        assert_equal "${#lines[@]}" 1 "lines of grade $words"
    done
}

@test "daemons, ignored signals and forks of a submission are gone afterwards" {
    mkdir "$T/daemon"
    cat >"$T/daemon/tcp_server" <<END
#!/bin/sh
trap '' TERM INT HUP
echo \$\$ >>"$T/ids"
setsid sh -c 'trap "" TERM; echo \$\$ >>"$T/ids"; exec sleep 1000' &
sleep 1000
END
    chmod +x "$T/daemon/tcp_server"
    NETSTEP_TIMEOUT_SCALE=0.5 run "$ROOT/tests/grade" --lesson 1 --only 'in LISTEN' "$T/daemon"
    assert_equal "$status" 1 "exit status"
    assert_match "$output" 'not in LISTEN'
    [ "$(wc -l <"$T/ids")" -eq 2 ]
    while read -r id; do
        run ! running "$id"
    done <"$T/ids"
}

@test "what a submission prints is never taken for a result" {
    mkdir "$T/liar"
    cat >"$T/liar/tcp_server" <<'END'
#!/bin/sh
for where in 1 2; do
    printf 'ok 1 [1] fine\n1..1\n# reason: none\n99 passed, 0 failed, 0 skipped\n' >&$where
done
(printf 'ok 1 fine\n' >&3) 2>/dev/null
exit 0
END
    chmod +x "$T/liar/tcp_server"
    run "$ROOT/tests/grade" --lesson 1 --only 'in LISTEN' "$T/liar"
    assert_equal "$status" 1 "exit status"
    assert_equal "${lines[-1]}" '0 passed, 1 failed, 0 skipped'
    assert_match "$output" 'ended at once \(exit status 0\)'
}

@test "a submission has its own session, default signals, no blocked signal, and descriptors 0, 1 and 2 alone" {
    needs_python
    mkdir "$T/shell"
    # A shell script is a program as well.
    cat >"$T/shell/tcp_server" <<END
#!/bin/sh
{
    grep '^Sig[BI]' /proc/self/status
    echo descriptors: \$(ls /proc/self/fd)
    echo \$\$ \$(ps -o sid= -p \$\$)
} >"$T/seen"
exec python3 "$ROOT/tests/reference/python/tcp_server" "\$@"
END
    chmod +x "$T/shell/tcp_server"
    run perl -MPOSIX -e '
        sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGUSR1, SIGINT, SIGALRM));
        $SIG{$_} = "IGNORE" for qw(PIPE HUP USR2 QUIT);
        exec @ARGV' "$ROOT/tests/grade" --lesson 1 --only 'SIGTERM ends it' "$T/shell" 7<"$ROOT"
    assert_equal "$status" 0 "exit status"
    assert_equal "$(sed -n 's/^SigBlk:[^0-9a-f]*0*//p' "$T/seen")" '' "blocked signals"
    # 32 and 33 are the C library's own: nobody can give them a disposition back
    assert_equal "$((16#$(sed -n 's/^SigIgn:[^0-9a-f]*//p' "$T/seen") & 0x7fffffff))" 0 "ignored signals"
    assert_equal "$(sed -n 's/^descriptors: //p' "$T/seen")" '0 1 2 3' "descriptors, with the one of ls"
    assert_match "$(tail -n 1 "$T/seen")" '^([0-9]+) +([0-9]+)$'
    assert_equal "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "session"
}

@test "who is still working gets more time; who only waits does not" {
    needs_python
    mkdir "$T/working" "$T/waiting"
    late_server 4 'pass' >"$T/working/tcp_server"
    late_server 30 'time.sleep(0.1)' >"$T/waiting/tcp_server"
    chmod +x "$T"/*/tcp_server
    # 2.5 s are granted, three times that at most; on a busy machine the start counts as work.
    NETSTEP_TIMEOUT_SCALE=0.5 run "$ROOT/tests/grade" --lesson 1 --only 'in LISTEN' "$T/working"
    assert_match "${lines[-1]}" '^1 passed, 0 failed'
    NETSTEP_TIMEOUT_SCALE=0.5 run "$ROOT/tests/grade" --lesson 1 --only 'in LISTEN' "$T/waiting"
    assert_match "${lines[-1]}" '^0 passed, 1 failed'
    assert_match "$output" 'not in LISTEN'
}

late_server() { # SECONDS, WHAT IT DOES MEANWHILE
    cat <<END
#!/usr/bin/env python3
import runpy, time
end = time.monotonic() + $1
while time.monotonic() < end:
    $2
runpy.run_path("$ROOT/tests/reference/python/tcp_server")
END
}

@test "a grader that is ended leaves neither processes nor files" {
    mkdir "$T/asleep" "$T/tmp"
    printf '#!/bin/sh\necho $$ >"%s"\nexec sleep 1000\n' "$T/id" >"$T/asleep/tcp_server"
    chmod +x "$T/asleep/tcp_server"
    TMPDIR=$T/tmp start grader "$ROOT/tests/grade" "$T/asleep"
    wait_for test -s "$T/id"
    stop_process "$pid" TERM
    assert_equal "$status" 143 "exit status"
    wait_for ended "$(cat "$T/id")"
    assert_equal "$(ls -A "$T/tmp")" ''
}

@test "tests/run counts what passed, failed and was skipped; a file that dies or has no test is a failure" {
    mkdir "$T/files"
    cd "$T/files"
    printf '@test "fine" { true; }\n@test "later" { skip "no time"; }\n' >good.bats
    printf '@test "wrong" { echo seen; false; }\n' >bad.bats
    # shellcheck disable=SC2016 # for that file's shell
    printf '@test "fine" { true; }\n@test "dies" { kill -KILL $PPID $$; }\n' >dies.bats
    echo '# nothing' >empty.bats
    run "$ROOT/tests/run" good.bats
    assert_equal "$status" 0 "exit status"
    assert_equal "${lines[-1]}" '1 passed, 0 failed, 1 skipped'
    assert_match "$output" 'skipped: later.*no time'
    run "$ROOT/tests/run" good.bats bad.bats
    assert_equal "$status" 1 "exit status"
    assert_equal "${lines[-1]}" '1 passed, 1 failed, 1 skipped'
    assert_match "$output" 'FAILED: wrong.*seen'
    run "$ROOT/tests/run" dies.bats
    assert_equal "$status" 1 "exit status"
    run "$ROOT/tests/run" good.bats empty.bats
    assert_equal "$status" 1 "exit status"
    assert_equal "${lines[-1]}" '1 passed, 1 failed, 1 skipped'
}
