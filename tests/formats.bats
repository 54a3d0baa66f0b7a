#!/usr/bin/env bats
# The results that tests/grade writes for machines: each file is what its form's own rules say, whatever a submission
# prints, and at every moment.

# helper.bash sets pid; bats sets status and output.
# shellcheck disable=SC2154

load helper

# A submission that passes some tests, fails others, and prints what is awkward in XML, JSON, YAML and Markdown. It is
# graded once for all tests here.
setup_file() {
    local directory="$BATS_FILE_TMPDIR/<odd> & \"name\""
    mkdir "$directory"
    cat >"$directory/tcp_server" <<'END'
#!/usr/bin/perl
print STDERR "]]> </failure> \" \\ \x1b[31m \xff\xfe \0 ``` | # SKIP ok 1\n...\nnot ok 2\n";
exit 1;
END
    chmod +x "$directory/tcp_server"
    NETSTEP_TIMEOUT_SCALE=0.5 run "${BATS_TEST_DIRNAME%/*}/tests/grade" --lesson 1 --out "$BATS_FILE_TMPDIR/out" "$directory" 3>&-
    [ "$status" -eq 1 ] || { echo "$output"; return 1; }
}
awkward() { cp -r "$BATS_FILE_TMPDIR/out" "$T/out"; }

# perl with JSON::PP; the results are in $r.
looks() { # PERL
    perl -MJSON::PP -MMIME::Base64 -e '
        sub slurp { open my $f, "<:raw", $_[0] or die "$_[0]: $!\n"; local $/; scalar <$f> }
        sub same { my ($got, $wanted, $what) = @_; "$got" eq "$wanted" or die "$what: expected $wanted, got $got\n" }
        my $out = shift;
        '"$1" "$T/out"
}

@test "results.json is Gradescope's: fields, sums, and a diagnosis for each failure" {
    awkward
    looks '
        my $r = decode_json(slurp("$out/results.json"));
        my %known = map { $_ => 1 } qw(score execution_time output output_format test_output_format test_name_format visibility
            stdout_visibility extra_data tests leaderboard);
        $known{$_} or die "no field $_ there\n" for keys %$r;
        %known = map { $_ => 1 } qw(score max_score status name name_format number output output_format tags visibility extra_data);
        my ($sum, $max) = (0, 0);
        for my $test (@{ $r->{tests} }) {
            $known{$_} or die "no field $_ in a test there\n" for keys %$test;
            $test->{status} =~ /^(passed|failed)$/ or die "status $test->{status}\n";
            $test->{number} =~ /^1\.\d+$/ or die "number $test->{number}\n";
            $sum += $test->{score};
            $max += $test->{max_score};
            next if $test->{status} eq "passed";
            $test->{extra_data}{diagnosis} or die "no diagnosis: $test->{name}\n";
            $test->{output} =~ m{^Read: lessons/}m or die "no section: $test->{output}\n";
            $test->{output} =~ /[\x00-\x08\x1b]/ and die "control characters\n";
        }
        same(scalar @{ $r->{tests} }, 14, "tests");
        same($r->{score}, $sum, "score");
        same($r->{extra_data}{of}, $max, "points there are");
        same($r->{extra_data}{submission}, "<odd> & \"name\"", "submission");
        same(ref(\$r->{score}), "SCALAR", "score");'
}

@test "junit.xml is well-formed, with counts that agree" {
    awkward
    if ! command -v xmllint >/dev/null; then
        python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$T/out/junit.xml" || fail "$(cat "$T/out/junit.xml")"
        skip "well-formed; xmllint, for the counts, is missing"
    fi
    xmllint --noout "$T/out/junit.xml"
    local at count
    for at in '/testsuites' '/testsuites/testsuite'; do
        assert_equal "$(xmllint --xpath "string($at/@tests)" "$T/out/junit.xml")" 14
        count=$(xmllint --xpath "count(//testcase/failure)" "$T/out/junit.xml")
        assert_equal "$(xmllint --xpath "string($at/@failures)" "$T/out/junit.xml")" "$count" "failures of $at"
        count=$(xmllint --xpath "count(//testcase/error)" "$T/out/junit.xml")
        assert_equal "$(xmllint --xpath "string($at/@errors)" "$T/out/junit.xml")" "$count" "errors of $at"
    done
    [ "$(xmllint --xpath 'count(//testcase[failure/@message != "" and failure/@type != ""])' "$T/out/junit.xml")" -ge 4 ] || fail "$(cat "$T/out/junit.xml")"
    assert_equal "$(xmllint --xpath 'count(//testcase/properties/property[@name = "max_points"])' "$T/out/junit.xml")" 14
}

@test "results.tap is TAP 14: version, plan, each test once and in order, YAML blocks closed" {
    awkward
    run awk '
        NR == 1 { if ($0 != "TAP version 14") print "first line: " $0; next }
        NR == 2 { if ($0 != "1..14") print "plan: " $0; next }
        inside { if ($0 == "  ...") inside = 0; else if ($0 !~ /^  [a-z_]+: ("([^"\\]|\\.)*"|[a-z0-9-]+)$/) print NR ": " $0; next }
        /^  ---$/ { inside = 1; if (last !~ /^not ok/) print NR ": a block behind " last; next }
        /^#/ { next }
        /^(not )?ok [0-9]+ - / { last = $0; sub(/^not /, ""); if ($2 != ++tests) print NR ": number " $2; if ($0 ~ /[^\\]#/) print NR ": " $0; next }
        { print NR ": " $0 }
        END { print tests " tests" (inside ? ", a block is open" : "") }' "$T/out/results.tap"
    assert_equal "$output" '14 tests'
}

@test "perl's own reader of TAP agrees" {
    perl -MTAP::Parser -e 1 2>/dev/null || skip "perl has no TAP::Parser here"
    awkward
    # It may not know version 14 yet, which differs in nothing that is read here.
    sed '1s/14/13/' "$T/out/results.tap" >"$T/tap13"
    run perl -MTAP::Parser -e '
        my $p = TAP::Parser->new({ tap => do { local (@ARGV, $/) = shift; <> } });
        $p->run;
        print scalar $p->passed, " ", scalar $p->failed, " ", $p->is_good_plan, " [", join("; ", $p->parse_errors), "]\n"' "$T/tap13"
    assert_match "$output" '^[0-9]+ [0-9]+ 1 \[\]$'
    read -r passed failed _ <<<"$output"
    assert_equal $((passed + failed)) 14
}

@test "classroom.txt is GitHub Classroom's result" {
    awkward
    looks '
        my $r = decode_json(decode_base64(slurp("$out/classroom.txt")));
        same($r->{version}, 1, "version");
        same($r->{status}, "fail", "status");
        my ($sum, $max) = (0, 0);
        for my $test (@{ $r->{tests} }) {
            same(join(" ", sort keys %$test), "execution_time filename line_no message name score status test_code", "fields");
            $test->{status} =~ /^(pass|fail|error)$/ or die "status $test->{status}\n";
            $sum += $test->{score};
        }
        same(scalar @{ $r->{tests} }, 14, "tests");
        same($r->{max_score}, 19, "max_score");
        same($sum, decode_json(slurp("$out/results.json"))->{score}, "sum");'
}

@test "summary.md: a table, and for each failure its reason and section; nothing breaks out of its block" {
    awkward
    grep -qF '| 01-sockets |' "$T/out/summary.md"
    grep -qF '&' "$T/out/summary.md"
    [ "$(grep -c '^```' "$T/out/summary.md")" -gt 0 ]
    [ $(($(grep -c '^```' "$T/out/summary.md") % 2)) -eq 0 ] || fail "a block is open"
    run ! grep -n "$(printf '\033')" "$T/out/summary.md"
    grep -q '^Read: `lessons/' "$T/out/summary.md"
}

@test "passed, failed, crashed, hung, skipped and not reached: each has its form in each file" {
    mkdir "$T/out"
    perl -I"$ROOT/tests/lib" - "$T/out" <<'PERL'
use strict;
use warnings;
use Grade::Results 'write_results';
my $line = 0;
my @tests = map {
    my ($title, $result, $diagnosis, $reason) = @$_;
    { lesson => '01-sockets', file => 'lessons/01-sockets/check.bats', line => 10 * ++$line, number => $line, name => $title, title => $title,
        worth => 2, got => ($result // '') eq 'passed' ? 2 : 0, ms => 1500, result => $result, diagnosis => $diagnosis, reason => $reason,
        section => $diagnosis && 'lessons/01-sockets/lesson.md#the-idea', details => $reason ? ['  $ tcp_server 7000'] : [] }
} ['works', 'passed'], ['adds', 'failed', 'newline-added', 'one byte too many'], ['crashes', 'failed', 'crash', 'killed by SIGSEGV'],
    ['hangs', 'failed', 'ignores-eof', 'it goes on reading'], ['needs', 'skipped', undef, 'no hosts # here'], ['later', undef];
write_results($ARGV[0], { submission => 'six', line => 'confined: namespaces', begun => 0, seconds => 9 }, @tests);
PERL
    assert_equal "$(grep -E '^(not )?ok|^1\.\.' "$T/out/results.tap")" '1..6
ok 1 - 01-sockets: works
not ok 2 - 01-sockets: adds
not ok 3 - 01-sockets: crashes
not ok 4 - 01-sockets: hangs
ok 5 - 01-sockets: needs # SKIP no hosts \# here
not ok 6 - 01-sockets: later'
    assert_equal "$(grep -oE '<(failure|error|skipped) message="[^"]*"( type="[^"]*")?' "$T/out/junit.xml")" \
        '<failure message="one byte too many" type="newline-added"
<error message="killed by SIGSEGV" type="Crash"
<error message="it goes on reading" type="Timeout"
<skipped message="no hosts # here"
<failure message="not reached: the grading had not come to this test" type="NotReached"'
    assert_equal "$(grep -o '<testsuite name.*' "$T/out/junit.xml")" '<testsuite name="01-sockets" tests="6" failures="2" errors="2" skipped="1" time="9.000" timestamp="1970-01-01T00:00:00Z" file="lessons/01-sockets/check.bats">'
    assert_equal "$(grep -o 'testcase .*' "$T/out/junit.xml" | head -n 1)" \
        'testcase name="works" classname="netstep.01-sockets" time="1.500" file="lessons/01-sockets/check.bats" line="10">'
    looks '
        my $r = decode_json(slurp("$out/results.json"));
        same(join(" ", map { "$_->{number} $_->{status} $_->{score}/$_->{max_score}" } @{ $r->{tests} }),
            "1.1 passed 2/2 1.2 failed 0/2 1.3 failed 0/2 1.4 failed 0/2 1.5 failed 0/2 1.6 failed 0/2", "Gradescope");
        same($r->{tests}[4]{output}, "skipped: no hosts # here", "its reason");
        my $c = decode_json(decode_base64(slurp("$out/classroom.txt")));
        same(join(" ", map { $_->{status} } @{ $c->{tests} }), "pass fail error error fail fail", "Classroom");'
    assert_equal "$(grep -A 1 '^| --- ' "$T/out/summary.md" | tail -n 1)" '| 01-sockets | 1 | 4 | 1 | 2 of 12 |'
    grep -qF 'Skipped: no hosts \# here' "$T/out/summary.md"
}

@test "a grading that is killed leaves whole files that count what was done, and say what was not reached" {
    command -v python3 >/dev/null || skip "python3, in which this submission is written, is missing"
    mkdir "$T/slow" "$T/tmp"
    chmod go+x "$BATS_RUN_TMPDIR" # for the throw-away user
    ln -s "$ROOT"/tests/reference/python/* "$T/slow"
    TMPDIR=$T/tmp start grader "$ROOT/tests/grade" --lesson 1 --jobs 1 --out "$T/out" "$T/slow"
    wait_for -t 60 first_points || fail "$(cat "$T/grader.out" "$T/grader.err"; ls -la "$T/out"; head -c 3000 "$T/out/results.json")"
    [ "$(ls "$T/tmp")" ] || fail "it keeps its files elsewhere, where what a kill leaves would stay"
    stop_process "$pid" KILL
    looks '
        my $r = decode_json(slurp("$out/results.json"));
        same(scalar @{ $r->{tests} }, 14, "tests");
        $r->{score} > 0 && $r->{score} < 19 or die "score $r->{score}\n";
        (grep { $_->{output} =~ /^not reached/ } @{ $r->{tests} }) or die "nothing is marked as not reached\n";'
}
first_points() { [ -s "$T/out/results.json" ] && grep -q '"score" : [1-9]' "$T/out/results.json"; }

@test "an OUT that can't be had is refused in one line; one that is there is used again" {
    : >"$T/file"
    run "$ROOT/tests/grade" --lesson 1 --out "$T/file/out" "$T"
    assert_equal "$status" 2 "exit status"
    assert_equal "${#lines[@]}" 1 "lines"
    mkdir -p "$T/out" "$T/empty"
    echo old >"$T/out/results.json"
    run "$ROOT/tests/grade" --lesson 1 --only 'in LISTEN' --out "$T/out" "$T/empty"
    looks 'same(scalar @{ decode_json(slurp("$out/results.json"))->{tests} }, 1, "tests");'
}
