package Lesson::Update;

# Writing a lesson's output anew: what still agrees stays as it is, to the byte; the rest is what a run printed.
use strict;
use warnings;
use Exporter 'import';
use Lesson::Compare 'compare';
use Lesson::Difference qw(align unified);
use Lesson::Terminal qw(screen_lines take_lines);
use Lesson::Text 'typed';
our @EXPORT_OK = qw(keep_fresh keep_late fresh_text changes);

# Keeps what the terminal's item printed: $item->{fresh}, and $item->{change}, a diff, if it is something else.
sub keep_fresh {
    my ($run, $terminal) = @_;
    my $item = $terminal->{item};
    my @seen = (@{ $item->{seen} || [] }, screen_lines($run, $terminal));
    @$item{ 'seen', 'fresh', 'change' } = ([@seen], $item->{wanted}, '');
    take_lines($terminal);
    if (my $match = compare($run, $item, \@seen, 1, $terminal->{elided})) {
        $run->{names} = $match->{names};
    } else {
        name_apart($run, @seen);
        my @entries = settle_dots(align($run, $item, @seen));
        $item->{change} = unified($run, $item, @entries);
        $item->{fresh} = [ map { $_->[1] } grep { $_->[0] =~ /[ +.]/ } @entries ];
    }
    $terminal->{elided} = ($item->{fresh}[-1] // '') eq '...';
}

# "..." beside lines that have gone stands for nothing certain any more: it goes too, and what was there is shown.
sub settle_dots {
    my (@entries) = @_;
    my ($dots) = grep { $_->[0] eq '.' } @entries;
    return @entries if !$dots || grep { $_->[0] eq '~' } @entries;
    return map { $_->[0] eq '.' ? [ '-', $_->[1] ] : $_ } @entries;
}

# A real port that by chance is called like another one of the lesson's gets a name of its own.
sub name_apart {
    my ($run, @seen) = @_;
    my ($low, $high) = @{ $run->{ephemeral} };
    for my $port (map { /(?::|port )(\d+)\b/g } @seen) {
        next if $port < $low || $port > $high || $run->{names}{"real port $port"};
        my $name = $port;
        $name = $name < 60000 ? $name + 2 : 32768 while $run->{names}{"lesson port $name"};
        next if $name == $port;
        $run->{names}{"real port $port"}   = $name;
        $run->{names}{"lesson port $name"} = $port;
    }
}

# What came after the item's output was kept. It belongs to the item if nothing was typed elsewhere meanwhile.
sub keep_late {
    my ($run, $terminal) = @_;
    my @late = $terminal->{elided} ? () : screen_lines($run, $terminal);
    return if !@late;
    return keep_fresh($run, $terminal) if $run->{typed} == $terminal->{typed_as};
    take_lines($terminal);
    my $item = $terminal->{item};
    push @{ $run->{warnings} }, "$run->{lesson}{file}:$item->{line}: terminal $item->{terminal}: " . typed($item) . "\n"
        . "    prints more later, which no block shows. Where it should stand, write a block\n"
        . "    ```console terminal=$item->{terminal}, empty, and update again; or end this block with \"...\":\n"
        . join '', map { "+$_\n" } @late;
}

# The lesson's text with the output of this run.
sub fresh_text {
    my ($run) = @_;
    my @lines = @{ $run->{lesson}{lines} };
    for my $item (reverse @{ $run->{lesson}{items} }) {
        my @fresh = map { $_ eq '' ? '' : $item->{indent} . $_ } @{ $item->{fresh} };
        splice @lines, $item->{at}, @{ $item->{wanted} }, @fresh if $item->{change};
    }
    return join '', map { "$_\n" } @lines;
}

# The changes that fresh_text makes, one complaint each.
sub changes {
    my ($run) = @_;
    return map { "$run->{lesson}{file}:$_->{line}: terminal $_->{terminal}: " . typed($_) . "\n$_->{change}" }
        grep { $_->{change} } @{ $run->{lesson}{items} };
}

1;
