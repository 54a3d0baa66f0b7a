#!/usr/bin/env bats
# A submission is somebody else's program. tests/hostile/NAME/ has one bad trait each: it costs its own tests, is named,
# and the grading goes on; nothing of ours is changed, nothing is left running.

# helper.bash sets pid; bats sets status and output.
# shellcheck disable=SC2154,SC2030,SC2031,SC2153

load helper

# Each is graded by five tests of lesson 1, three of its server and two of its client, its tcp_client (where it has none of
# its own) being the reference's, three at a time. NETSTEP_WHOLE=1: all of them, by all tests of the lesson.
sample=(daemon exits-at-once kill-all prints-results rewrites-results)

hostile() { # ROOT
    is_whole || { printf '%s\n' "${sample[@]}"; return; }
    find "$1/tests/hostile" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort
}

setup_file() {
    command -v python3 >/dev/null || return 0
    export results="$BATS_FILE_TMPDIR"
    [ ! -x /usr/bin/python3 ] || export PATH="/usr/bin:$PATH"
    local root=${BATS_TEST_DIRNAME%/*}
    ours_now "$root" >"$results/before"
    # shellcheck disable=SC2016 # for that shell
    hostile "$root" | xargs -P 3 -I NAME bash -c '
            mkdir "$results/NAME"
            cp -L "$1"/tests/reference/python/tcp_client "$results/NAME"
            cp "$1"/tests/hostile/NAME/* "$results/NAME"
            echo "NAME-$RANDOM-$$" >"$results/NAME/mark" # by which the test finds the daemon
            only=(--only ends)
            [ -z "${NETSTEP_WHOLE:-}" ] || only=()
            NETSTEP_TIMEOUT_SCALE=0.5 "$1/tests/grade" --lesson 1 "${only[@]}" --jobs 1 --out "$results/NAME.out" "$results/NAME" >"$results/NAME.txt" 2>&1
            echo "exit status $?" >>"$results/NAME.txt"' - "$root" 3>&-
    ours_now "$root" >"$results/after"
}

teardown() {
    end_started
    [ -z "${place:-}" ] || rm -rf "$place"
}

# Everything that a submission might want to change.
ours_now() { find "$1/tests" "$1/lessons" "$1/bin" -type f -exec cksum {} + | sort; }

setup() {
    setup_started
    command -v python3 >/dev/null || skip "python3, in which the partners are written, is missing"
}

# said NAME: what the grader said. It has to be whole: all its tests, the sum, and files that agree with it.
said() {
    local name=$1 sum tests=5
    [ -z "${NETSTEP_WHOLE:-}" ] || tests=14
    txt=$(cat "$results/$name.txt")
    [[ $txt == *$'\nexit status 1' ]] || fail "$name: not graded to the end" "$txt" || return
    [[ $txt != *'not confined'* ]] || skip "$(head -n 1 <<<"$txt")"
    sum=$(sed -n 's/^total .* \([0-9]*\) of [0-9]*$/\1/p' <<<"$txt")
    perl -MJSON::PP -e '
        my ($file, $sum, $tests) = @ARGV;
        open my $f, "<:raw", $file or die "$file: $!\n";
        my $r = decode_json(do { local $/; <$f> });
        my $score = 0;
        $score += $_->{score} for @{ $r->{tests} };
        @{ $r->{tests} } == $tests && $score == $sum && $r->{score} == $sum or die "the files say $score of " . @{ $r->{tests} } . " tests, not $sum\n"' \
        "$results/$name.out/results.json" "$sum" "$tests" || fail "$name" "$txt"
}

# points NAME CLIENT CLIENT-LONG: the points that its client got, of 3 or (whole) of 8. The server has one at most: who always ends with an error is right
# about wrong arguments, and who listens for a moment was seen in LISTEN.
points() {
    local server client
    said "$1" || return
    server=$(awk '/tcp_server|netstat shows/ && split($0, at, /[ \/]+/) { sub(/^(not ok|ok|skip) +/, ""); sum += $1 } END { print sum + 0 }' <<<"$txt")
    client=$(awk '/^(ok|not ok|skip) .* tcp_client/ { sub(/^(not ok|ok|skip) +/, ""); sum += $1 } END { print sum + 0 }' <<<"$txt")
    [ "$server" -le 1 ] || fail "$1: its server got $server points" "$txt" || return
    [ -z "${NETSTEP_WHOLE:-}" ] || set -- "$1" "$3"
    assert_equal "$client" "$2" "$1: points of its client" || fail "$txt"
}

# reason NAME REGEX: some test of it failed with that.
reason() { grep -E "^ +(reason|its stderr): .*$2" "$results/$1.txt" >/dev/null || fail "$1: no reason '$2'" "$(cat "$results/$1.txt")"; }

@test "a server that ends at once" {
    points exits-at-once 3 8
    reason exits-at-once 'ended at once \(exit status 0\)'
}

@test "a server that never listens, one that hangs up its own processes" {
    beyond_sample
    points never-listens 3 8
    reason never-listens 'is not in LISTEN on port'
    said stops-itself
    reason stops-itself 'does not read'
}

@test "a daemon that has left its session and its environment is gone, and so is its port" {
    points daemon 3 8
    reason daemon 'ended at once \(exit status 0\)'
    run pgrep -f "^$(cat "$results/daemon/mark")"
    assert_equal "$output" '' "what still runs"
}

@test "kill -9 -1 reaches nobody but itself" {
    points kill-all 3 8
    reason kill-all 'is not in LISTEN on port'
}

@test "SIGSTOP for everybody reaches nobody but itself" {
    beyond_sample
    points stops-all 3 8
    reason stops-all 'is not in LISTEN on port'
}

@test "a fork bomb and an eater of memory are bounded" {
    beyond_sample
    points fork-bomb 3 8
    reason fork-bomb '([0-9]{2,} processes\), but is not in LISTEN|took more time or memory)'
    points eats-memory 3 8
    reason eats-memory '(is not in LISTEN|took more time or memory|Out of memory!)' # perl gives up by itself, if its time is long enough
    [[ $txt != *'took 3 GiB'* ]] || fail "it got all it wanted" "$txt"
}

@test "endless output changes nothing but the reason" {
    beyond_sample
    points endless-output 3 8
    reason endless-output 'endless output'
    [ "$(stat -c %s "$results/endless-output.out/results.json")" -lt 100000 ]
}

@test "results among the output change nothing but the reason" {
    points prints-results 3 8
    reason prints-results 'ended at once \(exit status 0\)'
    assert_equal "$(grep -c '^[0-9]* passed, [0-9]* failed' <<<"$txt")" 1 "closing lines"
    run ! grep -l "$(printf '\033')" "$results/prints-results.txt" "$results"/prints-results.out/*
}

@test "what fills the disk leaves nothing there" {
    beyond_sample
    points fills-disk 3 8
    reason fills-disk '(files without end|its output had no end)'
    [[ $txt != *'wrote 1024 MiB'* ]] || fail 'it got all it wanted' "$txt"
    run find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'fill.*'
    assert_equal "$output" ''
}

needs_namespaces() {
    [[ $(cat "$results/exits-at-once.txt") == *'confined: namespaces'* ]] || skip "$(grep -m 1 isolation "$results/exits-at-once.txt")"
}

@test "nothing of ours can be changed" {
    needs_namespaces
    points rewrites-results 3 8
    reason rewrites-results 'wrote into (nothing|/proc/1/fd/1( /proc/1/fd/2)?)$' # its own output, which its init has too
}

@test "nobody else's program, no answer and no secret can be found; no other program can be changed" {
    beyond_sample
    needs_namespaces
    points runs-reference 0 2
    reason runs-reference "nobody else's program is here"
    points changes-other-programs 3 8
    points finds-answers 0 2
    said reads-environment
    run ! grep -E 'its stderr: .*(NETSTEP|BATS|results)' <<<"$txt"
}

# confined_as LINE COMMAND...: graded by COMMAND tests/grade, it says how far the isolation goes (nothing, where it is
# whole), and the points are the same.
confined_as() {
    local line=$1
    shift
    NETSTEP_TIMEOUT_SCALE=0.5 run "$@" "$ROOT/tests/grade" --lesson 1 --only ends --jobs 1 "$place/submission"
    assert_match "$(grep isolation <<<"$output")" "^$line" "how it is confined by $*" || return
    assert_match "$output" $'\n01-sockets +2 +3 +0 +3 of 6\n' "points by $*" || return
}

@test "as root, as an ordinary user, without bubblewrap, without namespaces: the first line says it, the points are the same" {
    beyond_sample
    # Not below $T or TMPDIR, which nobody else may enter.
    place=$(mktemp -d /tmp/netstep-place.XXXXXX)
    mkdir "$place/submission" "$place/path"
    chmod 755 "$place" "$place"/*
    cp -L "$ROOT"/tests/reference/python/tcp_client "$ROOT"/tests/hostile/exits-at-once/* "$place/submission"
    local others=() partial='isolation is partial: ' whole='$'
    confined_as "$partial" env "PATH=$(without bwrap)"
    needs_namespaces
    confined_as "$whole" env
    ! bwrap --dev-bind / / --unshare-user --disable-userns true 2>/dev/null ||
        confined_as "$partial" bwrap --dev-bind / / --unshare-user --disable-userns
    [ "$(id -u)" -eq 0 ] || return 0
    others=(setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent TMPDIR=/tmp)
    "${others[@]}" test -r "$place/submission/tcp_server" -a -x "$ROOT/tests/grade" || skip "no other user can read this place"
    confined_as "$whole" "${others[@]}"
    confined_as "${partial}limits alone" "${others[@]}" "PATH=$(without bwrap)"
}
without() { # PROGRAM: a PATH without it
    local directory
    for directory in /usr/sbin /usr/bin; do
        ln -sf "$directory"/* "$place/path"
    done
    rm -f "$place/path/$1"
    echo "$place/path"
}

@test "a grader that is ended clears up after all within its namespaces has ended" {
    [ "$EUID" -ne 0 ] || unshare --net --pid --fork --mount-proc true 2>/dev/null || skip "no namespaces may be made here"
    [ "$EUID" -eq 0 ] || bwrap --unshare-user --unshare-pid --dev-bind / / true 2>/dev/null || skip "no namespaces may be made here"
    # Within, they make its directory again and again. Were it removed while one still runs, that one's would be left.
    local restless="$T/restless" round
    # shellcheck disable=SC2016 # for that shell
    printf '%s\n' '#!/bin/sh' 'for each in 1 2 3 4; do while :; do mkdir -p "$NETSTEP_SCRATCH/$each/a/b"; done & done' \
        'echo running' 'wait' >"$restless"
    chmod +x "$restless"
    mkdir "$T/tmp"
    for round in 1 2 3 4 5 6 7 8 9 10; do
        # shellcheck disable=SC2016 # for perl
        start ended /usr/bin/perl -I "$ROOT/tests/lib" -MGrade::Confine=in_own_namespaces,end_own_namespaces \
            -MFile::Path=remove_tree -e '
                my ($scratch, $restless, $owner) = (@ARGV, $$);
                $SIG{TERM} = sub { exit 143 };
                END { if ($$ == $owner) { end_own_namespaces(); remove_tree($scratch, { keep_root => 1 }); rmdir $scratch } }
                mkdir $scratch or die;
                in_own_namespaces($scratch, 1, $restless);' "$T/tmp/scratch" "$restless"
        wait_line "$T/ended.out" running
        # As a terminal does, to the whole group; or to it alone.
        if ((round % 2)); then kill -TERM -- -"$pid"; else kill -TERM "$pid"; fi
        wait_exit "$pid" 5
        assert_equal "$status $(ls -A "$T/tmp")" '143 ' "round $round"
    done
}

@test "no two graders have the same throw-away users" {
    # In a network of its own, so that no grader beside it is refused.
    unshare -rn true 2>/dev/null || skip "no network namespace may be made here"
    # shellcheck disable=SC2016 # for perl
    run -0 unshare -rn perl -I "$ROOT/tests/lib" -MGrade::Confine=throw_away_user -e '
        my %seen;
        for (1 .. 299) {
            my $user = throw_away_user();
            die "$user\n" if $seen{$user}++ || $user % 50 || $user < 50_000 || $user > 64_950;
        }
        my $user = `$^X -I $INC[0] -MGrade::Confine=throw_away_user -e "print throw_away_user()"`; # the last one, another process
        die "$user\n" if $seen{$user} || $user % 50;
        throw_away_user();
        exec {$^X} $^X, "-I", $INC[0], "-MGrade::Confine=throw_away_user", "-e", "throw_away_user()" if !fork;
        wait; print "exit status ", $? >> 8, "\n"'
    assert_equal "$output" 'grade: 300 graders run here already: no throw-away user is left
exit status 1'
}

@test "the grader's own files are what they were" {
    run diff "$results/before" "$results/after"
    assert_equal "$output" ''
}
