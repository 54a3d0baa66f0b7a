#!/usr/bin/env bats
# What teachers work with: make class, the Gradescope archive, and the commands and files that docs/ shows.

load helper

setup() {
    setup_started
    out=$T/results
    mkdir "$out"
    PATH=${PATH#*/libexec/bats-core:} # who runs a grader wants bats itself, not its inner parts
}
teardown() {
    end_started
    [ -z "${place:-}" ] || rm -rf "$place"
}

class() { run "$ROOT/tests/class" "$out"; }

# has TEXT: a line of the report begins with it
has() { grep -qF -- "$1" <<<"$output" || fail "not in the report: $1" "$output"; }

# result NAME JSON: the results of a submission, as they are given
result() {
    mkdir -p "$out/$1"
    printf '%s' "$2" >"$out/$1/results.json"
}

# points NAME GOT OF [DIAGNOSIS [LESSON]]: a submission with one test
points() {
    local result=passed diagnosis=null
    [ "$2" = "$3" ] || result=failed
    [ -z "${4:-}" ] || diagnosis="\"$4\""
    result "$1" "{\"score\":$2,\"tests\":[{\"name\":\"x\",\"score\":$2,\"max_score\":$3,\"output\":\"\",
        \"extra_data\":{\"lesson\":\"${5:-01}\",\"diagnosis\":$diagnosis,\"result\":\"$result\"}}]}"
}

# ---- the report

@test "class: what the grader has written of four submissions" {
    cp -r "$ROOT"/tests/fixtures/class/* "$out"
    class
    assert_equal "$status" 0 'exit status'
    has '# A class of 4 submissions'
    has '4 graded. Of 100 %: mean 50 %, median 50 %, from 0 % to 100 %. There are 18 points.'
    has '     100 % |# 1'
    has '80 to 89 % |# 1'
    has '10 to 19 % |# 1'
    has ' 0 to  9 % |# 1'
    has '| 03-close | 9 of 18 | 1 of 4 (25 %) | 1: the program is not there (`missing-program`) |'
    has '- 1 of 4: adds a newline (`newline-added`)'
    has '- no points: `nothing`'
    has '- `never-closes`: 3 of 18, most often never closes: CLOSE_WAIT stays (`never-closes`)'
    run ! grep -E 'missing, broken|`full`|`newline`:' <<<"$output"
}

@test "class: lessons apart, the commonest diagnosis counted once for each who has it" {
    local number
    for number in 1 2 3 4 5 6; do points "a$number" 10 10; done
    points b1 0 10 short-write-of-old
    points b2 5 10 never-closes
    points b3 5 10 never-closes
    points c 3 4 no-half-close 03
    result twice '{"tests":[
        {"score":0,"max_score":5,"extra_data":{"lesson":"01","diagnosis":"crash","result":"failed"}},
        {"score":0,"max_score":5,"extra_data":{"lesson":"01","diagnosis":"crash","result":"failed"}},
        {"score":2,"max_score":2,"extra_data":{"lesson":"03","diagnosis":null,"result":"passed"}}]}'
    class
    assert_equal "$status" 0 'exit status'
    has '| 01-sockets | 7 of 10 | 6 of 10 (60 %) | 2: never closes: CLOSE_WAIT stays (`never-closes`) |'
    has '| 03-close | 2.5 of 3 | 1 of 2 (50 %) | 1: sends no FIN: shutdown() is missing (`no-half-close`) |'
    has '- 2 of 11: never closes'
    has '- 1 of 11: a crash'
    has '- 1 of 11: `short-write-of-old`' # an id that is in no catalogue
    has 'Not all were graded by the same tests: they could have 4 or 10 or 12 points.'
    has '- no points: `b1`'
    has '- `twice`: 2 of 12'
}

@test "class: skipped points are told; what was not reached makes the result unfinished" {
    result skips '{"tests":[{"score":1,"max_score":1,"extra_data":{"lesson":"02","diagnosis":null,"result":"passed"}},
        {"score":0,"max_score":3,"output":"skipped: no namespaces","extra_data":{"lesson":"02","diagnosis":null,"result":"skipped"}}]}'
    result early '{"tests":[{"score":1,"max_score":1,"extra_data":{"lesson":"02","diagnosis":null,"result":"passed"}},
        {"score":0,"max_score":3,"output":"not reached: the grading had not come to this test","extra_data":{"lesson":"02","diagnosis":null,"result":"failed"}}]}'
    class
    has '1 graded, 1 without usable results (below)'
    has 'took points from 1 submission.'
    has '- `early`: the grading ended early: 1 of 2 tests were not reached'
}

@test "class: missing, broken and strange results are named, and count nowhere" {
    points good 5 10 crash
    mkdir "$out/nothing" "$out/directory" "$out/directory/results.json"
    result empty ''
    head -c 900 "$ROOT/tests/fixtures/class/full/results.json" >"$T/half"
    result half "$(cat "$T/half")"
    result text 'all is well'
    result list '[1, 2]'
    result notests '{"tests":[]}'
    result word '{"tests":"none"}'
    result odd '{"tests":[null, 7]}'
    result notext '{"tests":[{"score":"much","max_score":1,"extra_data":{"lesson":"01","result":"passed"}}]}'
    result more '{"tests":[{"score":100,"max_score":1,"extra_data":{"lesson":"01","result":"passed"}}]}'
    result zero '{"tests":[{"score":0,"max_score":0,"extra_data":{"lesson":"01","result":"passed"}}]}'
    result lesson '{"tests":[{"score":1,"max_score":1,"extra_data":{"lesson":{"a":1},"result":"passed"}}]}'
    result infinite '{"tests":[{"score":1e999,"max_score":1e999,"extra_data":{"lesson":"01","result":"passed"}}]}'
    result deep "$(perl -e 'print "[" x 100000')"
    mkdir "$out/pipe" "$out/loop"
    mkfifo "$out/pipe/results.json"
    ln -s results.json "$out/loop/results.json"
    echo 'no directory' >"$out/notes.txt"
    run timeout 20 "$ROOT/tests/class" "$out"
    assert_equal "$status" 0 'exit status'
    has '# A class of 18 submissions'
    has '1 graded, 17 without usable results'
    has '| 01-sockets | 5 of 10 | 0 of 1 (0 %) |'
    local name
    for name in nothing directory empty half text list notests word odd notext more zero lesson infinite deep pipe loop; do
        has "- \`$name\`: "
    done
    has '- `nothing`: no results.json'
    has '- `half`: results.json is not JSON'
    run ! grep -F notes.txt <<<"$output"
}

@test "class: odd names are shown so that they can't be taken for anything else" {
    points $'line\n# break' 0 1
    points '| a | `b`' 0 1
    points 'ünïcode ☃' 0 1
    points $'bad\xff\xfe' 0 1
    points '-n' 0 1
    points ' ' 0 1
    points "$(printf 'x%.0s' {1..200})" 0 1
    class
    assert_equal "$status" 0 'exit status'
    has '`line\x0a# break`'
    has "\`\\| a \\| 'b'\`"
    has '`ünïcode ☃`'
    has '`bad\xff\xfe`'
    has '`-n`'
    run ! grep -E '^# break|^\| a' <<<"$output"
}

@test "class: five hundred submissions, in seconds" {
    local number
    for number in {1..500}; do points "s$number" $((number % 11)) 10 crash; done
    run timeout 60 "$ROOT/tests/class" "$out"
    assert_equal "$status" 0 'exit status'
    has '500 graded.'
    has '100 % |#'
    [ "$(grep -c '^- `s' <<<"$output")" -eq 50 ]
    has '- and '
    assert_equal "$(awk -F '|' '/ % \|/ { gsub(/[# ]/, "", $2); sum += $2 } END { print sum }' <<<"$output")" 500 'in the histogram'
}

@test "class: nothing to report on is one line and exit status 2" {
    class
    assert_equal "$status" 2 'exit status'
    assert_match "$output" "has no directories; each submission's results are in one"
    assert_equal "${#lines[@]}" 1
    run "$ROOT/tests/class"
    assert_equal "$status" 2
    run "$ROOT/tests/class" "$T/nowhere"
    assert_equal "$status" 2
    assert_match "$output" 'no such directory'
    mkdir "$out/only"
    class # nobody's results are there
    assert_equal "$status" 0
    has '- `only`: no results.json'
}

# ---- Gradescope

@test "make-zip: what Gradescope needs is there, executable; no solutions, no mutants" {
    command -v unzip >/dev/null || skip 'unzip is missing'
    run "$ROOT/tests/gradescope/make-zip" --lesson 3 --seed email "$T/gradescope.zip"
    assert_equal "$status" 0 'exit status' || fail "$output"
    mkdir "$T/source"
    (cd "$T/source" && unzip -q "$T/gradescope.zip")
    [ -x "$T/source/setup.sh" ]
    [ -x "$T/source/run_autograder" ]
    [ -x "$T/source/netstep/tests/grade" ]
    [ -x "$T/source/netstep/setup" ]
    assert_equal "$(cat "$T/source/settings")" $'LESSON=3\nSEED=email'
    cmp "$ROOT/tests/diagnoses" "$T/source/netstep/tests/diagnoses"
    cmp "$ROOT/lessons/03-close/check.bats" "$T/source/netstep/lessons/03-close/check.bats"
    run find "$T/source" \( -name '*.holes' -o -path '*/mutants*' -o -path '*/reference*' -o -name starter -o -name .git -o -name '*.o' \)
    assert_equal "$output" '' 'what must not be in it'
    run make -n -C "$T/source/netstep" all
    assert_equal "$status" 0 'make there' || fail "$output"
}

@test "make-zip: wrong usage is one line and exit status 2, and no file" {
    local words
    cd "$T"
    for words in 'x.tar' '--lesson 99 x.zip' '--lesson x x.zip' '--seed name x.zip' '--what x.zip' 'x.zip y.zip'; do
        # shellcheck disable=SC2086 # several words
        run "$ROOT/tests/gradescope/make-zip" $words
        assert_equal "$status" 2 "exit status of make-zip $words"
        assert_equal "${#lines[@]}" 1 "lines of make-zip $words"
    done
    [ ! -e x.zip ]
    run "$ROOT/tests/gradescope/make-zip"
    assert_equal "$status" 0 'exit status without arguments'
    [ -s gradescope.zip ]
    run "$ROOT/tests/gradescope/make-zip" "$T/no/such/x.zip"
    assert_equal "$status" 1 'exit status'
    run sh -n "$ROOT/tests/gradescope/setup.sh"
    assert_equal "$status" 0
}

# A directory such as Gradescope has, in $place: everybody may pass, as there. What is built already is not built again.
autograder() { # OPTION OF make-zip...
    command -v unzip >/dev/null || skip 'unzip is missing'
    place=$(mktemp -d /tmp/netstep-autograder.XXXXXX)
    chmod 755 "$place"
    mkdir "$place/source" "$place/submission" "$place/results"
    "$ROOT/tests/gradescope/make-zip" "$@" "$T/gradescope.zip"
    (cd "$place/source" && unzip -q "$T/gradescope.zip" && cp run_autograder ..)
    cp -a "$ROOT/build" "$ROOT/bin" "$place/source/netstep"
}
result_of() { perl -MJSON::PP -e 'local $/; my $r = decode_json(<STDIN>); print eval $ARGV[0], "\n"' "$1" <"$place/results/results.json"; }

@test "run_autograder: compiles sources, grades, results.json is in its place" {
    autograder --lesson 1
    cp "$ROOT/lessons/01-sockets/first_server.c" "$place/submission/tcp_server.c"
    echo 'int main(void) { return nothing; }' >"$place/submission/tcp_client.c"
    AUTOGRADER=$place NETSTEP_TIMEOUT_SCALE=0.5 run timeout 250 "$place/run_autograder"
    assert_equal "$status" 0 'exit status' || fail "$output"
    assert_match "$(result_of '$r->{score}')" '^([89]|1[01])$' # the server's 11; the client is missing
    result_of 'join "\n", map { "$_->{status} $_->{name}" } @{ $r->{tests} }' >"$T/tests"
    grep -q '^passed .*tcp_server: echoes what it reads' "$T/tests"
    grep -q '^failed .*tcp_client: sends exactly' "$T/tests"
    result_of '$r->{output}' >"$T/said"
    grep -q 'What the compiler said:' "$T/said"
    grep -q 'tcp_client.c.*nothing.*undeclared' "$T/said"
    [ ! -e "$place/results/results.json.new" ]
}

@test "run_autograder: a Makefile is used, a script that lost its mode runs, the seed is the student's" {
    beyond_sample
    autograder --lesson 1 --seed email
    mkdir -p "$place/submission/src"
    cp "$ROOT/lessons/01-sockets/first_client.c" "$place/submission/src/main.c"
    printf 'tcp_client: src/main.c\n\tcc -D_POSIX_C_SOURCE=200809L -o $@ $<\n' >"$place/submission/Makefile"
    printf '#!/bin/sh\necho "no server: $*" >&2\nexit 3\n' >"$place/submission/tcp_server"
    echo '{"users":[{"email":"ada@example.org","id":7}]}' >"$place/submission_metadata.json"
    AUTOGRADER=$place NETSTEP_TIMEOUT_SCALE=0.5 run timeout 250 "$place/run_autograder"
    assert_equal "$status" 0 'exit status' || fail "$output"
    result_of 'join "\n", map { "$_->{status} $_->{name}: $_->{output}" } @{ $r->{tests} }' >"$T/tests"
    grep -q '^passed .*tcp_client: sends exactly' "$T/tests" || fail "$(cat "$T/tests")"
    grep -q 'exit status 3' "$T/tests" # it ran
    run ! grep -q 'not an executable file' "$T/tests"

    rm "$place/submission_metadata.json" "$place/results/"*
    echo '{"users":[]}' >"$place/submission_metadata.json"
    AUTOGRADER=$place run timeout 60 "$place/run_autograder"
    assert_equal "$status" 1 'exit status without a seed'
    assert_match "$output" 'tells no email'
    [ ! -e "$place/results/results.json" ]
}

@test "run_autograder: when the time is over, what was done counts, and it says so" {
    beyond_sample
    autograder --lesson 1
    printf '#!/bin/sh\nexec sleep 1000\n' >"$place/submission/tcp_server"
    AUTOGRADER=$place NETSTEP_TIMEOUT_SCALE=4 NETSTEP_LIMIT=60 run timeout 150 "$place/run_autograder"
    assert_equal "$status" 0 'exit status' || fail "$output"
    assert_match "$(result_of '$r->{output}')" 'The grading was ended after 60 s'
    assert_match "$(result_of '$r->{tests}[-1]{output}')" 'not reached'
    # Not even the first result was written.
    AUTOGRADER=$place NETSTEP_LIMIT=0.01 run timeout 90 "$place/run_autograder"
    assert_equal "$status" 0 'exit status' || fail "$output"
    assert_equal "$(result_of '"$r->{score} $r->{output}"')" $'0 Nothing was graded.\nThe grading was ended after 0.01 s.'
}

# ---- what docs/ shows

# block FILE N: the N-th block of code of docs/FILE
block() { awk -v wanted="$2" '/^```/ { inside = !inside; if (inside) number++; next } inside && number == wanted' "$ROOT/docs/$1"; }

# A copy of what the commands are run in, with two submissions.
classroom() {
    mkdir -p "$T/room/submissions/nothing" "$T/room/submissions/two words"
    printf '#!/bin/sh\necho no >&2; exit 1\n' >"$T/room/submissions/two words/tcp_client"
    chmod +x "$T/room/submissions/two words/tcp_client"
    ln -s "$ROOT/tests" "$ROOT/lessons" "$ROOT/bin" "$T/room"
    printf 'all:\nclass:\n\t@tests/class $(OUT)\n' >"$T/room/Makefile"
    cd "$T/room" || return
}

@test "docs/grading.md: the commands with xargs grade everybody and report" {
    beyond_sample
    classroom
    block grading.md 2 >commands
    grep -q xargs commands
    sed -i 's/--lesson 3/--lesson 1/' commands # the shorter one
    NETSTEP_TIMEOUT_SCALE=0.5 run timeout 200 sh commands
    assert_equal "$status" 0 'exit status' || fail "$output"
    has '# A class of 2 submissions'
    has '2 graded'
    has '- no points: `nothing`'
    [ -s 'results/two words.txt' ]
    tail -n 1 'results/two words.txt' | grep -Eq '^[0-9]+ passed, [1-9][0-9]* failed, 0 skipped$'
}

@test "docs/grading.md: the commands with GNU parallel do the same" {
    beyond_sample
    parallel --version 2>/dev/null | grep -q GNU || skip 'GNU parallel is missing'
    classroom
    mv 'submissions/two words' submissions/two
    block grading.md 3 >commands
    grep -q parallel commands
    sed -i 's/--lesson 3/--lesson 1/; s/--bar//' commands
    NETSTEP_TIMEOUT_SCALE=0.5 run timeout 200 sh commands
    has '2 graded'
}

@test "docs/grading.md: the job of the array grades the submission of its number" {
    beyond_sample
    classroom
    block grading.md 4 >grade.sbatch
    grep -q '^#SBATCH --array=' grade.sbatch
    sed -i 's/--lesson 3/--lesson 1/' grade.sbatch
    ls submissions >names.txt
    mkdir results
    NETSTEP_TIMEOUT_SCALE=0.5 SLURM_SUBMIT_DIR=$PWD SLURM_ARRAY_TASK_ID=1 run timeout 100 sh grade.sbatch
    assert_equal "$status" 0 'exit status' || fail "$output"
    [ -s results/nothing/results.json ]
    SLURM_ARRAY_TASK_ID=3 run sh grade.sbatch # beyond the last name
    assert_equal "$status" 0 'exit status'
    assert_equal "$(ls results)" nothing
}

@test "docs/github-classroom.md: the workflow is YAML with the names that the reporter asks for; its grading step runs" {
    beyond_sample
    python3 -c 'import yaml' 2>/dev/null || skip "python3's yaml is missing"
    block github-classroom.md 1 >"$T/classroom.yml"
    python3 - "$T/classroom.yml" "$T/step" <<'END'
import sys, yaml
flow = yaml.safe_load(open(sys.argv[1]))
assert flow["name"] == "Autograding Tests"
assert list(flow["jobs"]) == ["run-autograding-tests"]
steps = flow["jobs"]["run-autograding-tests"]["steps"]
report = [step for step in steps if "grading-reporter" in step.get("uses", "")][0]
runner = report["with"]["runners"]
grade = [step for step in steps if step.get("id") == runner][0]
assert report["env"] == {runner.upper() + "_RESULTS": "${{ steps.%s.outputs.result }}" % runner}
open(sys.argv[2], "w").write(grade["run"])
END
    sed -i "s/sudo //; s|\.\./|$T/run/|g" "$T/step" # what is beside netstep there
    mkdir -p "$T/run/submission"
    cd "$ROOT"
    GITHUB_STEP_SUMMARY=$T/summary GITHUB_OUTPUT=$T/output LESSON=8 SEED='' run timeout 100 bash -e "$T/step"
    assert_equal "$status" 0 'exit status' || fail "$output"
    grep -q '| total | 0 |' "$T/summary"
    grep -q '^status=1$' "$T/output"
    sed -n 's/^result=//p' "$T/output" | base64 -d >"$T/result.json"
    perl -MJSON::PP -e 'local $/; my $r = decode_json(<STDIN>); die if $r->{status} ne "fail" || !@{ $r->{tests} }' <"$T/result.json"
}

@test "docs: links lead somewhere, and every make target that is named is there" {
    local file link target
    while IFS=' ' read -r file link; do
        target=${link%%#*}
        [ -z "$target" ] || [ -e "$ROOT/docs/$target" ] || fail "$file: $link leads nowhere"
        [[ $link != *#* ]] || grep -qiE "^#+ $(sed 's/-/[ -]/g' <<<"${link#*#}")\$" "$ROOT/docs/${target:-$file}" ||
            fail "$file: no heading for $link"
    done < <(cd "$ROOT/docs" && grep -oE '\]\([^)]*\)' ./*.md | grep -v '](http' | sed -E 's/^\.\/([^:]*):\]\((.*)\)$/\1 \2/')
    for target in $(grep -ohE '\bmake (class|exercise|hint|lab|lab-answer|gradescope|check)\b' "$ROOT"/docs/*.md | cut -d ' ' -f 2 | sort -u); do
        grep -q "^$target:" "$ROOT/Makefile" || fail "Makefile has no target $target"
    done
}
