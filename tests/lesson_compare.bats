#!/usr/bin/env bats
# What tests/lesson takes for the output that a lesson shows, and above all what it doesn't.
bats_require_minimum_version 1.5.0

load lesson_fixtures

@test "servers, clients, keys and netstat rows agree" {
    run_fixture "$FIXTURES/two_terminals.md" "$FIXTURES/forms.md"
    [ "$status" -eq 0 ]
    [[ "${lines[0]}" == *"two_terminals.md: 11 commands, all agree" ]]
}

@test "a prompt is a line, whether its end comes with the answer or not" {
    beyond_sample
    LESSON=$BATS_TEST_TMPDIR/prompt.md
    for answer in 'echo; echo got' 'echo got'; do
        printf '```console\n$ sh -c "printf prompt; read x; %s"\nprompt\n⏎\ngot\n```\n' "$answer" >"$LESSON"
        run_fixture "$LESSON"
        [ "$status" -eq 0 ]
    done
    printf '```console\n$ sh -c "printf prompt; read x; echo; echo; echo got"\nprompt\n⏎\ngot\n```\n' >"$LESSON"
    run_fixture "$LESSON"
    [ "$status" -eq 1 ]
}

@test "a wrong state is found, at its line" {
    impatient
    rejected two_terminals.md 's/ESTABLISHED(?=\n```\n```console terminal=2)/CLOSE_WAIT/' \
        'two_terminals.md:23: terminal 3: $ netstat -ant 2>/dev/null | grep 43688' 'CLOSE_WAIT' '+tcp '
}

@test "a missing row is found" {
    beyond_sample
    impatient
    rejected two_terminals.md 's/^tcp.*LISTEN\n//m' '+tcp        0      0 127.0.0.1:7000          0.0.0.0:*  '
}

@test "an extra row is found" {
    beyond_sample
    impatient
    rejected two_terminals.md 's/^(tcp.*LISTEN\n)/$1$1/m' '-tcp        0      0 127.0.0.1:7000          0.0.0.0:*  '
}

@test "a row where the lesson shows none is found" {
    beyond_sample
    impatient
    rejected two_terminals.md 's/^tcp.*TIME_WAIT.*\n//m' 'TIME_WAIT'
}

@test "another Recv-Q is found" {
    beyond_sample
    impatient
    rejected two_terminals.md 's/^tcp  +0( +0 127.0.0.1:43688)/tcp 5$1/m' '-tcp 5 '
}

@test "the wrong order is found" {
    beyond_sample
    rejected two_terminals.md 's/(connected from port 43688\n)(hello\n)/$2$1/' 'prints something else' '-hello' '+hello'
}

@test "a port that is not the one before is found" {
    beyond_sample
    impatient
    rejected two_terminals.md 's/from 127.0.0.1:43690/from 127.0.0.1:43688/' \
        '-accept() = 4   ESTABLISHED  from 127.0.0.1:43688' '+accept() = 4   ESTABLISHED  from 127.0.0.1:43690'
    rejected two_terminals.md 's/from 127.0.0.1:43690/from 127.0.0.1:50000/' \
        '-accept() = 4   ESTABLISHED  from 127.0.0.1:50000' '+accept() = 4   ESTABLISHED  from 127.0.0.1:43690'
}

@test "the kernel may give connections with two servers the same port, UDP's with one; TCP's with one it has to be another" {
    perl -I"$ROOT/tests/lib" - <<'PERL'
use strict;
use warnings;
use Lesson::Compare 'compare';
my $run = { ephemeral => [ 32768, 60999 ], names => {} };
my $row = sub { "tcp        0      0 127.0.0.1:$_[0]         127.0.0.1:$_[1]          TIME_WAIT" };
my $agree = sub {
    my ($wanted, $seen) = @_;
    my $match = compare($run, { do => 'go on', wanted => [$wanted] }, [$seen], 1) or return 0;
    $run->{names} = $match->{names};
    return 1;
};
$agree->($row->(40000, 7005), $row->(51000, 7005)) or die "the first\n";
!$agree->($row->(40002, 7005), $row->(51000, 7005)) or die "another port of the lesson's, the same server\n";
!$agree->($row->(40000, 7030), $row->(51002, 7030)) or die "the lesson's port was another one before\n";
$agree->($row->(40002, 7030), $row->(51000, 7030)) or die "another server\n";
$agree->($row->(40000, 7005), $row->(51000, 7005)) or die "the first, again\n";
$agree->($row->(40002, 7030), $row->(51000, 7030)) or die "the other, again\n";
my $udp = sub { "recvfrom(3, buffer, 65536)             = 5                   from 127.0.0.1:$_[0]" };
$agree->($udp->(41000), $udp->(52000)) or die "UDP, the first\n";
$agree->($udp->(41002), $udp->(52000)) or die "UDP, another client with a port that is free again\n";
!$agree->($udp->(41000), $udp->(52002)) or die "UDP, the lesson's port was another one before\n";
PERL
}

@test "another descriptor is found" {
    beyond_sample
    impatient
    rejected two_terminals.md 's/accept\(\) = 4/accept() = 5/' '-accept() = 5'
}

@test "a changed message is found" {
    rejected two_terminals.md 's/Connection refused/Connection timed out/' '-echo_client: connect' '+echo_client: connect'
}

@test "a command that fails is found, and one that fails otherwise" {
    beyond_sample
    rejected two_terminals.md 's/\$ echo \$\?\n111\n//' 'ends with exit status 111; if that is meant, show it: $ echo $?'
    rejected two_terminals.md 's/^111$/1/m' '-1' '+111'
    rejected two_terminals.md 's/\$ echo_server/\$ echo_srever/' 'echo_srever: command not found'
}

@test "output that never comes is found" {
    impatient
    rejected two_terminals.md 's/(read\(\) = 5.*\n)/$1read() = 6 after 0.1 ms\n/' 'still runs' '-read() = 6'
}

@test "lines too many are found: in the middle, at the end, of a command that runs on, of one interrupted" {
    beyond_sample
    impatient
    rejected two_terminals.md 's/^listening.*\n//m' '+listening on'
    rejected two_terminals.md 's/^connected from port 43692\n//m' '+connected from'
    rejected two_terminals.md 's/^ended by SIGINT\n//m' '+ended by SIGINT'
    rejected two_terminals.md 's/^\.\.\.\n//m' '+read() = 15'
    rejected two_terminals.md 's/The server meanwhile.*?```\n(?=```console terminal=3)//s' '+accept() = 4'
    rejected forms.md 's/^\.\.\.\n5//m' '+2'
    rejected forms.md 's/1\n\.\.\.\n```/1\n```/' '+2'
}

@test "a command that should have ended, and keys that nobody reads, are found" {
    beyond_sample
    impatient
    rejected two_terminals.md 's/^\^C\nended by SIGINT\n//m' 'still runs when the next command is typed'
    rejected forms.md 's/\^C\n/^C\n^C\n/' 'nothing is running'
    rejected forms.md 's/sleep 1000(?=\n\^C)/sh -c "trap : INT; while :; do sleep 0.1; done"/' 'forms.md:81' 'still runs'
}

@test "what may differ, may differ only so far" {
    beyond_sample
    impatient
    rejected forms.md 's/timeout 2 s\n```/timeout 3 s\n```/' '-timeout 3 s'
    rejected forms.md 's/4711\/sleep\n/4712\/sleep\n/' '-fork() = 4711, 4712/sleep' '+fork() = 4711, 4711/sleep'
    rejected forms.md 's/5 and 123 fixed\n9/5 and 124 fixed\n9/' '-5 and 124 fixed'
    rejected forms.md 's/ bytes~//' '-2626560'
}

@test "an excerpt that is not in its file is found" {
    beyond_sample
    rejected forms.md 's/return 0/return 1/' 'forms.md:' 'not consecutive lines of tests/fixtures/lessons/excerpt.c'
    rejected forms.md 's/excerpt\.c/other.c/' 'there is no file tests/fixtures/lessons/other.c'
}

@test "a block that can't be understood is found" {
    rejected forms.md 's/terminal=2/termnal=2/' 'console blocks know no "termnal=2"'
    rejected forms.md 's/(   ```\n)\z//' 'this block has no end'
    run tests/lesson "$BATS_TEST_TMPDIR/absent.md"
    [ "$status" -eq 1 ] && [[ "$output" == *"absent.md: No such file"* ]]
}

@test "a difference is a unified diff with the lesson's lines" {
    mutant two_terminals.md 's/read\(\) = 5/read() = 6/'
    run_fixture "$LESSON"
    local line
    line=$(grep -n 'read() = 6' "$LESSON")
    line=${line%%:*}
    mapfile -t lines < <(grep -v 'no network of its own' <<<"$output")
    [ "${lines[0]}" = "$LESSON:$((line - 2)): terminal 1: (go on)" ]
    [ "${lines[1]}" = '    prints something else' ]
    [ "${lines[2]}" = "--- $LESSON" ]
    [ "${lines[3]}" = '+++ this run' ]
    [ "${lines[4]}" = "@@ -$((line - 1)),2 +$((line - 1)),2 @@" ]
    [ "${lines[5]}" = ' accept() = 4   ESTABLISHED  from 127.0.0.1:43688' ]
    [ "${lines[6]}" = '-read() = 6 after 0.120 ms' ]
    [[ "${lines[7]}" == '+read() = 5 after '* ]]
    [ "${#lines[@]}" -eq 8 ]
}

@test "no byte can change unseen, but those of times, ports and the like" {
    perl -I"$ROOT/tests/lib" - <<'PERL'
use strict;
use warnings;
use Lesson::Compare 'compare';
my $run = { ephemeral => [ 32768, 60999 ] };
my $names = { 'lesson port 43688' => 43688, 'real port 43688' => 43688, 'lesson pid 4711' => 4711, 'real pid 4711' => 4711 };

# Text in <> may differ. Each byte is replaced, left out and doubled.
my @lines = (
    'accept(3)                              = 4      ESTABLISHED  from 127.0.0.1:43688',
    'listening on 127.0.0.1:7000',
    'read(4, buffer, 65536)                 blocks   FIN_WAIT2    nothing has arrived',
    'tcp        0      5 127.0.0.1:43688         127.0.0.1:7000          CLOSE_WAIT',
    'tcp6       0      0 :::7000                 :::*                    LISTEN      4711/tcp_server',
    'tcp_client: connect 127.0.0.1 port 7000: Connection refused',
    'connect(3) = 0  handshake took < 99 µs >from port 43688',
    '<12:34:56.789>  SYN_SENT -> ESTABLISHED',
    'TIME_WAIT   timewait (<59.12/0/0>)',
    'waits 2 s, not 10 seconds',
);
my ($tried, @unseen) = (0);
for my $marked (@lines) {
    my $line = $marked =~ tr/<>//dr =~ s/-  ESTAB/-> ESTAB/r;
    $line = $marked =~ s/<([^<>]*)>/$1/gr;
    my @free = (0) x length $line;
    my $inside = $marked =~ /<([^<>]*)>/ ? [ $-[0], length $1 ] : [ 0, 0 ];
    @free[ $inside->[0] .. $inside->[0] + $inside->[1] - 1 ] = (1) x $inside->[1];
    my $loose_space = $inside->[1] || $line =~ /4711/;
    die "does not agree with itself: $line\n"
        if !compare({ %$run, names => $names }, { do => 'go on', wanted => [$line] }, [$line], 1);
    for my $at (0 .. length($line) - 1) {
        my $byte = substr $line, $at, 1;
        next if $free[$at] || ($loose_space && $byte eq ' ');
        for my $other (grep { $_ ne $byte } '', $byte . $byte, 'x', '0', '7', ' ', '-', "\0") {
            my $seen = $line;
            substr $seen, $at, 1, $other;
            next if $seen =~ s/\s+$//r eq $line;
            $tried++;
            push @unseen, "$line\n$seen\n"
                if compare({ %$run, names => $names }, { do => 'go on', wanted => [$line] }, [$seen], 1);
        }
    }
}
print "$tried changed lines\n", @unseen;
exit 1 if @unseen || $tried < 3000;
PERL
}

@test "races~ allows what a packet under way may change, and nothing else" {
    local lesson=$BATS_TEST_TMPDIR/races.md
    race() {
        printf '```console races~\n$ printf "%%s\\\\n" %s\n%s```\n' "$1" "$2" >"$lesson"
        run_fixture "$lesson"
        [[ "$output" == "$lesson:"* ]] # and no warning before it
    }
    race '"read(3) = 5  CLOSE_WAIT"' $'read(3) = 5  ESTABLISHED\n' && [ "$status" -eq 0 ]
    race '"read(3)  blocks  TIME_WAIT"' '' && [ "$status" -eq 0 ]
    race 'one' $'read(3)  blocks  TIME_WAIT\none\n' && [ "$status" -eq 0 ]
    race '"read(3) = 5  CLOSE_WAIT"' $'read(3) = 5  LAST_ACK\n' && [ "$status" -eq 1 ]
    race '"read(3) = 5  CLOSE_WAIT"' $'read(3) = 6  CLOSE_WAIT\n' && [ "$status" -eq 1 ]
    race '"read(3) = 5  CLOSE_WAIT"' '' && [ "$status" -eq 1 ]
}

@test "wire~: where no hosts can be made the block is left out, and the reason told; a block with wire has to have it" {
    local lesson=$BATS_TEST_TMPDIR/wire.md bin=$BATS_TEST_TMPDIR/bin
    mkdir "$bin"
    printf '```console\n$ echo one\none\n```\n```console wire~\n$ wire 2>&1 | cat\nan ear\n```\n```console\n$ echo two\ntwo\n```\n' >"$lesson"
    printf '#!/bin/sh\necho an ear\n' >"$bin/wire"
    chmod +x "$bin/wire"
    run tests/lesson --bin "$bin" "$lesson"
    [ "$status" -eq 0 ] && [[ "$output" == *"wire.md: 3 commands, all agree" ]]
    printf '#!/bin/sh\necho wire: no hosts can be made: unshare >&2\nexit 1\n' >"$bin/wire"
    run tests/lesson --bin "$bin" "$lesson"
    [ "$status" -eq 0 ]
    [[ "$output" == *"wire.md: 2 commands, all agree; what needs hosts is left out: wire: no hosts can be made: unshare" ]]
    # A wire that breaks off is a failure, whatever it has said before.
    local crash
    for crash in 'echo ==1==LeakSanitizer has encountered a fatal error. >&2; exit 1' 'kill -SEGV $$' \
        'echo wire: no hosts can be made: unshare >&2; echo ==1==ERROR: LeakSanitizer >&2; exit 1'; do
        printf '#!/bin/sh\n%s\n' "$crash" >"$bin/wire"
        run tests/lesson --bin "$bin" "$lesson"
        [ "$status" -eq 1 ] && [[ "$output" == *"wire makes no hosts, and does not say why: "* ]]
    done
    rm "$bin/wire"
    run tests/lesson --bin "$bin" "$lesson"
    [ "$status" -eq 0 ] && [[ "$output" == *"2 commands, all agree; "*"there is no wire in $bin" ]]
    sed -i 's/ wire~//' "$lesson"
    run tests/lesson --form "$lesson"
    [[ "$output" == *"wire.md:5: this block runs wire, which not every machine can: mark it wire~"* ]]
}

@test "wire~: a command that names wire/scenarios/ finds them" {
    printf '```console wire~\n$ head -c 0 wire/scenarios/*.wire; echo $?\n0\n```\n' >"$BATS_TEST_TMPDIR/scenes.md"
    run_fixture "$BATS_TEST_TMPDIR/scenes.md"
    [ "$status" -eq 0 ]
}

@test "bytes~ allows another scale and longer numbers in the wire's ladder, and no other packet" {
    beyond_sample
    local lesson=$BATS_TEST_TMPDIR/ladder.md
    ladder() { # WHAT IS SHOWN; the run has another window
        printf '```console bytes~\n$ echo "  1  SYN_SENT    ── SYN seq 0 win 64240 mss 1460 ws 10 ───▶  SYN_RECV"\n%s\n```\n' "$1" >"$lesson"
        run_fixture "$lesson"
    }
    ladder '  1  SYN_SENT    ── SYN seq 0 win 5840 mss 1460 ws 7 ─────▶  SYN_RECV' && [ "$status" -eq 0 ]
    ladder '  1  SYN_SENT    ── SYN seq 0 win 64240 mss 1460 ws 10 ─✗       SYN_RECV' && [ "$status" -eq 1 ]
    ladder '  1  SYN_SENT    ── SYN seq 1 win 64240 mss 1460 ws 10 ───▶  SYN_RECV' && [ "$status" -eq 1 ]
    ladder '  1  SYN_SENT    ── SYN seq 0 win 64240 mss 1460 ws 10 ───▶  LISTEN' && [ "$status" -eq 1 ]
}

@test "bytes~ allows a segment to be pushed, and a narrated call to move few bytes, though not none" {
    beyond_sample
    local lesson=$BATS_TEST_TMPDIR/few.md
    shows() { # WHAT A RUN PRINTS, WHAT THE LESSON SHOWS
        printf '```console bytes~\n$ echo "%s"\n%s\n```\n' "$1" "$2" >"$lesson"
        run_fixture "$lesson"
    }
    shows '  6  A ── PSH+ACK seq 2897 ack 1 len 1448 ──▶  B' '  6  A ── ACK seq 2897 ack 1 len 1448 ──────▶  B' && [ "$status" -eq 0 ]
    shows '  6  A ── FIN+ACK seq 2897 ack 1 len 1448 ──▶  B' '  6  A ── ACK seq 2897 ack 1 len 1448 ──────▶  B' && [ "$status" -eq 1 ]
    shows 'write(4, buffer, 512)    blocks   ESTABLISHED' 'write(4, buffer, 65536)  blocks   ESTABLISHED' && [ "$status" -eq 0 ]
    shows 'read(4, buffer, 65536)   = 512    ESTABLISHED' 'read(4, buffer, 65536)   = 65536  ESTABLISHED' && [ "$status" -eq 0 ]
    shows 'read(4, buffer, 65536)   = 0      ESTABLISHED' 'read(4, buffer, 65536)   = 65536  ESTABLISHED' && [ "$status" -eq 1 ]
    shows 'read(4, buffer, 65536)   = -1     ESTABLISHED' 'read(4, buffer, 65536)   = 65536  ESTABLISHED' && [ "$status" -eq 1 ]
}
