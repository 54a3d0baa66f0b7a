#!/usr/bin/perl
# variant.pl: a student's variant of the exercises (tests/variant), where her server answers each byte b with
# (b + SHIFT) mod 256. NETSTEP_SHIFT says which SHIFT; without a seed there is none, and it is 0. peer and udp_peer
# require this file; for the tests, which are in bash, it is a program:
#
#     variant.pl answered FILE                    prints FILE's bytes as the server has to answer them
#     variant.pl other CAME SENT                  prints the reason if file CAME is another variant's answer to file SENT
#     variant.pl client FILE COMMAND... MESSAGE   runs a client, and prints what it printed, without SHIFT; such a reason
#                                                 goes to FILE. The exit status is the client's
use strict;
use warnings;

our $SHIFT = ($ENV{NETSTEP_SHIFT} || 0) % 256;

# The bytes, each with a number added. tr does megabytes at once, but takes no variables.
my %adding;
sub added {
    my ($number, $bytes) = @_;
    $number %= 256 or return $bytes;
    $adding{$number} //= eval sprintf 'sub { $_[0] =~ tr/\x00-\xff/\x%02x-\xff\x00-\x%02x/r }', $number, $number - 1;
    return $adding{$number}->($bytes);
}

# A reason if the server adds another number than SHIFT to each byte, or none; otherwise ''. Who changes upper and lower
# case adds a number to letters as well.
sub other_variant {
    my ($came, $sent) = map { substr $_, 0, 64 } @_;
    my $length = length $came < length $sent ? length $came : length $sent;
    ($came, $sent) = map { substr $_, 0, $length } $came, $sent;
    return '' if $length == 0;
    my $number = (ord($came) - ord $sent) % 256;
    return '' if $number == $SHIFT || $came ne added($number, $sent);
    return "[wrong-variant] your server answers with the bytes as they came: this exercise's variant adds SHIFT, $SHIFT, to "
        . 'each (variant.h)' if $number == 0;
    return '' if $length < 3 || lc added(-$SHIFT, $came) eq lc $sent;
    return "[wrong-variant] your server adds $number to each byte: " . ($SHIFT
        ? "this exercise's variant adds SHIFT, $SHIFT (variant.h). Is it the seed that you were given?"
        : 'without a seed nothing is added. If you were given one, name it: SEED=...');
}

# Is it a word that tests/variant may have given to somebody?
sub is_variants_word { return $_[0] =~ /^(?=.{3,6}\z)(?:[bdfglmrstvz][aeiou])+[bdfglmrstvz]?\z/ }

# An END without a seed, or one that tests/variant may have given to somebody.
sub is_variants_end { return $_[0] =~ m{\A[\n+:\@,/_.]\z} }

sub whole {
    open my $in, '<:raw', $_[0] or die "variant.pl: $_[0]: $!\n";
    local $/;
    return <$in> // '';
}

sub play_client {
    my ($file, @command) = @_;
    open my $in, '-|:raw', @command or die "variant.pl: $command[0]: $!\n";
    read $in, my $printed, 1 << 20;    # who prints without end is not waited for
    close $in;
    my $status = $?;
    print added(-$SHIFT, $printed);
    open my $out, '>', $file or die "variant.pl: $file: $!\n";
    print $out other_variant($printed, $command[-1]);
    return $status & 127 ? 128 + ($status & 127) : $status >> 8;
}

if (!caller) {
    my ($what, @words) = @ARGV;
    $what //= '';
    binmode STDOUT;
    if    ($what eq 'answered' && @words == 1) { print added($SHIFT, whole($words[0])) }
    elsif ($what eq 'other' && @words == 2)    { print other_variant(map { whole($_) } @words) }
    elsif ($what eq 'client' && @words > 2)    { exit play_client(@words) }
    else { die "usage: variant.pl answered FILE | variant.pl other CAME SENT | variant.pl client FILE COMMAND... MESSAGE\n" }
}
1;
