#!/usr/bin/env bats
# The grader itself: a correct submission gets full marks, every faulty one is caught with its reason, nothing hangs.

# helper.bash sets pid.
# shellcheck disable=SC2154

load helper

# tests/mutants/NAME/: a program with one usual mistake. Its file `fails` has a line for each test that must fail:
#     LESSON | a part of the name of the test | a part of the reason that must be given
# The first line's reason begins with its diagnosis, "[never-closes] your server ..." (tests/diagnoses).
# A line that begins with a question mark: the test may fail, as chance has it.
# A server that serves one client after another, as those of lessons 01 to 10 may, fails lesson 11: that is no matter
# where its lines say nothing about lesson 11.
#
# `make check` takes a sample of the mutants, .ci/run (NETSTEP_WHOLE=1) all, and both look at the first line alone. With
# NETSTEP_LONG=1, make check-long, all are graded by all lessons: all these tests fail, and no other. The programs that a
# mutant does not have are the reference's.

sample=(
    client-eof-as-error
    server-never-closes
    send-no-wait
    recv-unbounded-name
    udp-keeps-first-client
    pool-hands-out-dead
    chat-keeps-mask
)
mutants() {
    if [ -n "${NETSTEP_WHOLE:-}${NETSTEP_LONG:-}" ]; then
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
    ! is_whole || [ "$(grep -c '^lesson [0-9]' "$results/reference.out")" -eq "$(find "$ROOT"/lessons -name check.bats | wc -l)" ]
    assert_equal "$(cat "$results/reference.status")" 0 "exit status"
}

@test "correct programs in perl get full marks where they are given, and so does one in bash" {
    is_whole || set -- --lesson 2
    run "$ROOT/tests/grade" "$@" "$ROOT/tests/reference/perl"
    assert_equal "$status" 0 "exit status" || fail "$output"
    set -- --only file_send:
    is_whole || set -- --lesson 8
    run "$ROOT/tests/grade" "$@" "$ROOT/tests/reference/bash"
    assert_equal "$status" 0 "exit status" || fail "$output"
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

@test "every faulty tcp_pool is caught, with the reason" {
    needs_python
    judge pool-
}

@test "every faulty ws_chat is caught, with the reason" {
    needs_python
    judge chat-
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
    mapfile -t found < <(failures "$results/$1.results/results.tap")
    mapfile -t expected <"$ROOT/tests/mutants/$1/fails"
    grep -q '^?*11 |' "$ROOT/tests/mutants/$1/fails" || mapfile -t found < <(printf '%s\n' "${found[@]}" | grep -v '^11 |')
    [ -n "${NETSTEP_LONG:-}" ] || expected=("${expected[0]}")
    [ "$(cat "$results/$1.status")" = 1 ] || fail "$1: exit status of grade: $(cat "$results/$1.status")" || return
    for line in "${found[@]}"; do
        [[ $line == *' | reason: ['[a-z]*'] '* ]] || fail "$1: a reason without a diagnosis: $line" || return
    done
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

# What grade said: "LESSON | TEST | reason: [DIAGNOSIS] ..." for each test that failed.
failures() {
    awk '/^(not )?ok / { test = diagnosis = "" }
        /^not ok / { sub(/^not ok [0-9]+ - /, ""); lesson = $0 + 0; sub(/^[^:]*: /, ""); test = $0 }
        /^  message: / { sub(/^  message: "?/, ""); sub(/"$/, ""); gsub(/\\"/, "\""); message = $0 }
        /^  diagnosis: / { diagnosis = "[" $2 "] " }
        /^  points: / && test != "" { print lesson " | " test " | reason: " diagnosis message; test = "" }' "$1"
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

# The catalogue's ids, a line each.
diagnoses() { sed -n 's/^\([a-z][a-z0-9-]*\) *|.*/\1/p' "$ROOT/tests/diagnoses"; }

@test "the catalogue of diagnoses: each has an id of its own, a section that is there, and a few words" {
    run perl -I "$ROOT/tests/lib" -MLesson::Form -e '
        my ($root, %seen) = @ARGV;
        open my $catalogue, "<:encoding(UTF-8)", "$root/tests/diagnoses" or die;
        while (<$catalogue>) {
            next if /^(#|$)/;
            chomp;
            my ($id, $section, $words) = /^([a-z][a-z0-9-]*) +\| (lessons\/\d\d-[\w-]+\/lesson\.md#\S+) +\| (\S.*)$/
                or print("line $.: not id | section | words: $_\n"), next;
            my ($file, $anchor) = split /#/, $section;
            print "line $.: $id stands there already\n" if $seen{$id}++;
            print "line $.: $section: no such section\n" if !{ Lesson::Form::anchors("$root/$file") }->{$anchor};
            print "line $.: $id: 60 characters and more\n" if length $words >= 60;
        }
        print keys(%seen) . " diagnoses\n"' "$ROOT"
    assert_equal "$status" 0 "exit status"
    assert_match "$output" '^[1-9][0-9]+ diagnoses$'
}

# The texts of reasons, FILE:LINE:TEXT. In bash what follows `because`; in perl whatever begins like a sentence to the
# student and is no note.
reasons() {
    cd "$ROOT" || return
    grep -nE '(^|[^`a-z#])because "' tests/grading*.bash lessons/*/check.bats | grep -vE '^[^:]*:[0-9]+:#' |
        sed 's/^\([^:]*:[0-9]*:\).*because "/\1/'
    grep -nE "['\"](\[[a-z][a-z0-9-]*\] )?(your|the answer (has|to a)) " tests/peers/{peer,file_peer,udp_peer,pool_peer,ws_peer,reasons.pl,ws_reasons.pl,variant.pl} |
        grep -vE "note\(|my \\\$waits = " | sed -E "s/^([^:]*:[0-9]*:)[^'\"]*['\"]/\1/; s/^([^:]*:[0-9]*:).*['\"](\[[a-z])/\1\2/"
}

@test "every reason begins with a diagnosis of the catalogue, and every diagnosis is given somewhere" {
    reasons >"$T/reasons"
    [ "$(wc -l <"$T/reasons")" -gt 150 ] || fail "only $(wc -l <"$T/reasons") reasons found"
    # shellcheck disable=SC2016 # texts as they stand there
    # What stands there instead of an id: the function that finds it, or a reason that has its own.
    run grep -vE '^[^:]*:[0-9]+:(\[[a-z][a-z0-9-]*\] |\$\((end_id|refusal_id) |\$reason"|\$\{1:-\[[a-z-]+\] |\$\(sed -n )' "$T/reasons"
    assert_equal "$output" '' "reasons without a diagnosis"
    # All ids that are written anywhere: [id] at the beginning of a text, end_id's second word, and those that it knows.
    cd "$ROOT"
    {
        grep -ohE "(['\"]|:-|reason: |^why )\[[a-z][a-z0-9-]*\]" tests/grading*.bash tests/peers/{peer,file_peer,udp_peer,pool_peer,ws_peer,reasons.pl,ws_reasons.pl,variant.pl} lessons/*/check.bats
        grep -ohE 'end_id "[^ ]+" [a-z-]+' tests/grading*.bash lessons/*/check.bats
        sed -n '/^end_id() /,/^}/p' tests/grading.bash | grep -oE ' id=[a-z-]+'
    } | grep -oE '[a-z][a-z0-9-]*\]?$' | tr -d ']' | sort -u >"$T/given"
    diagnoses | sort >"$T/known"
    assert_equal "$(comm -23 "$T/given" "$T/known")" '' "diagnoses that are not in the catalogue"
    assert_equal "$(comm -13 "$T/given" "$T/known")" '' "diagnoses of the catalogue that no reason gives"
}

@test "the first line of each mutant names its diagnosis, and every diagnosis of the catalogue is proved this way" {
    local name id
    for name in "$ROOT"/tests/mutants/*/; do
        IFS='|' read -r _ _ reason <"$name/fails"
        [[ $reason =~ ^\ \[([a-z0-9-]+)\] ]] || fail "${name%/}/fails: no diagnosis in the first line: $reason"
        id=${BASH_REMATCH[1]}
        diagnoses | grep -qx -- "$id" || fail "${name%/}/fails: $id is not in the catalogue"
        echo "$id"
    done | sort -u >"$T/proved"
    assert_equal "$(diagnoses | sort | comm -23 - "$T/proved")" '' "diagnoses without a mutant"
    [ "$(wc -l <"$T/proved")" -ge 25 ]
    # What goes wrong most often has one, whatever else changes.
    for id in no-loop-on-write one-read eof-as-error swapped-port sigpipe no-reuseaddr one-client-blocks terminator-sent \
        closes-early never-closes unbounded-name connects-early ignores-message wrong-udp-peer; do
        grep -qx -- "$id" "$T/proved" || fail "no mutant has the diagnosis $id"
    done
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

@test "a server that runs and does not listen: that it is stopped, or how many processes it has, is told" {
    beyond_sample
    mkdir "$T/stopped" "$T/many"
    printf '#!/bin/sh\nkill -STOP $$\n' >"$T/stopped/tcp_server"
    printf '#!/bin/sh\nfor i in 1 2 3 4 5 6; do sleep 60 & done\nwait\n' >"$T/many/tcp_server"
    chmod +x "$T"/*/tcp_server
    export NETSTEP_TIMEOUT_SCALE=0.5
    run "$ROOT/tests/grade" --lesson 1 --only 'shows its port in LISTEN' "$T/stopped"
    assert_match "$output" 'your server runs \(it is stopped\), but is not in LISTEN on port'
    assert_match "$output" 'netstat: no row with port'
    run "$ROOT/tests/grade" --lesson 1 --only 'shows its port in LISTEN' "$T/many"
    assert_match "$output" 'your server runs \([78] processes\), but is not in LISTEN on port'
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
    local mark=$((100000 + RANDOM))
    mkdir "$T/daemon"
    cat >"$T/daemon/tcp_server" <<END
#!/bin/sh
trap '' TERM INT HUP
setsid sh -c 'trap "" TERM; exec sleep $mark.1' &
env -i setsid sleep $mark.2 &
sleep $mark.3
END
    chmod +x "$T/daemon/tcp_server"
    NETSTEP_TIMEOUT_SCALE=0.5 start grader "$ROOT/tests/grade" --lesson 1 --only 'in LISTEN' "$T/daemon"
    wait_for all_three "$mark"
    wait_exit "$pid" 60
    assert_equal "$status" 1 "exit status"
    grep -q 'not in LISTEN' "$T/grader.out" || fail "$(cat "$T/grader.out")"
    wait_for nothing_like "sleep $mark" || fail "what still runs: $(pgrep -af "sleep $mark")"
}
all_three() { [ "$(pgrep -fc "^sleep $1")" -eq 3 ]; }

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
    cat >"$T/shell/tcp_server" <<'END'
#!/bin/sh
exec >&2 # which the grader shows when a test fails
grep '^Sig[BI]' /proc/self/status
echo descriptors: $(ls /proc/self/fd)
echo session: $(ps -o sid= -p $$) $(ps -o sid= -p $PPID)
END
    chmod +x "$T/shell/tcp_server"
    run perl -MPOSIX -e '
        sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGUSR1, SIGINT, SIGALRM));
        $SIG{$_} = "IGNORE" for qw(PIPE HUP USR2 QUIT);
        exec @ARGV' "$ROOT/tests/grade" --lesson 1 --only 'SIGTERM ends it' "$T/shell" 7<"$ROOT"
    assert_equal "$status" 1 "exit status"
    sed -n 's/^ *its stderr: //p' <<<"$output" >"$T/seen"
    assert_equal "$(sed -n 's/^SigBlk:[^0-9a-f]*0*//p' "$T/seen")" '' "blocked signals"
    # 32 and 33 are the C library's own: nobody can give them a disposition back
    assert_equal "$((16#$(sed -n 's/^SigIgn:[^0-9a-f]*//p' "$T/seen") & 0x7fffffff))" 0 "ignored signals"
    assert_equal "$(sed -n 's/^descriptors: //p' "$T/seen")" '0 1 2 3' "descriptors, with the one of ls"
    assert_match "$(grep session: "$T/seen")" '^session: [0-9]+' "session"
}

@test "who is still working gets more time; who only waits does not" {
    beyond_sample
    needs_python
    mkdir "$T/working" "$T/waiting"
    cp "$ROOT/tests/reference/python/tcp_server" "$T/working/real"
    cp "$ROOT/tests/reference/python/tcp_server" "$T/waiting/real"
    late_server 8 'pass' >"$T/working/tcp_server"
    late_server 30 'time.sleep(0.1)' >"$T/waiting/tcp_server"
    chmod +x "$T"/*/tcp_server
    # 5 s are granted, three times that at most; on a busy machine the start counts as work.
    run "$ROOT/tests/grade" --lesson 1 --only 'in LISTEN' "$T/working"
    assert_match "${lines[-1]}" '^1 passed, 0 failed'
    NETSTEP_TIMEOUT_SCALE=0.5 run "$ROOT/tests/grade" --lesson 1 --only 'in LISTEN' "$T/waiting"
    assert_match "${lines[-1]}" '^0 passed, 1 failed'
    assert_match "$output" 'not in LISTEN'
}

late_server() { # SECONDS, WHAT IT DOES MEANWHILE
    cat <<END
#!/usr/bin/env python3
import os, runpy, time
end = time.monotonic() + $1
while time.monotonic() < end:
    $2
runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "real"))
END
}

@test "a grader that is ended leaves neither processes nor files" {
    mkdir "$T/asleep" "$T/tmp"
    local mark=$((200000 + RANDOM))
    chmod go+x "$BATS_RUN_TMPDIR" # for the throw-away user
    printf '#!/bin/sh\nexec sleep %s\n' "$mark" >"$T/asleep/tcp_server"
    chmod +x "$T/asleep/tcp_server"
    for signal in TERM KILL; do
        TMPDIR=$T/tmp start grader "$ROOT/tests/grade" --jobs 1 "$T/asleep"
        wait_for pgrep -f "^sleep $mark"
        [ "$(ls "$T/tmp")" ] || fail "it keeps its files elsewhere"
        stop_process "$pid" "$signal"
        wait_for nothing_like "^sleep $mark"
        wait_for nothing_like "$T/asleep"
        [ "$signal" = KILL ] || assert_equal "$status $(ls -A "$T/tmp")" '143 '
    done
}
nothing_like() { ! pgrep -f -- "$1" >/dev/null; }
