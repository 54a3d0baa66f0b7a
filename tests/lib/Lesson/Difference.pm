package Lesson::Difference;

# How the lines of a lesson and of a run differ, line by line: for people, and for --update.
use strict;
use warnings;
use Exporter 'import';
use Lesson::Compare qw(agree rename_line shapes_wanted shapes_seen);
use Lesson::Text 'is_look';
our @EXPORT_OK = qw(align unified);

# Puts both sides beside each other. Returns entries [sign, line, index seen]: " " both have it (the line as the
# lesson has it), "-" only the lesson, "+" only the run (the line with the lesson's ports and process ids), "." is
# "..." in the lesson, "~" what it stands for. The names that follow are put into $run->{names}.
sub align {
    my ($run, $item, @seen) = @_;
    my @wanted = shapes_wanted($item);
    my @shapes = shapes_seen($run, $item, @seen);
    my %pair   = is_look($item) ? pairs_of_rows(\@wanted, \@shapes) : longest_common(\@wanted, \@shapes);
    for my $w (sort { $a <=> $b } keys %pair) {
        my $names = agree($wanted[$w], $shapes[ $pair{$w} ], $run->{names});
        if ($names) { $run->{names} = $names }
        else        { delete $pair{$w} }
    }
    my $named = sub { my ($s) = @_; rename_line($seen[$s], 'real', $run->{names}, @{ $run->{ephemeral} }) };
    return align_rows($item, \%pair, $named, scalar @seen) if is_look($item);
    my ($s, @entries) = (0);
    my @gap;
    for my $w (0 .. @wanted) {
        if ($w < @wanted && !defined $pair{$w}) { push @gap, $w; next }
        my $until = $w < @wanted ? $pair{$w} : @seen;
        my $only_dots = @gap && !grep { defined $wanted[$_] } @gap;
        push @entries, map { [ defined $wanted[$_] ? '-' : '.', $item->{wanted}[$_] ] } @gap;
        push @entries, map { [ $only_dots ? '~' : '+', $named->($_), $_ ] } $s .. $until - 1;
        push @entries, [ ' ', $item->{wanted}[$w], $until ] if $w < @wanted;
        ($s, @gap) = ($until + 1);
    }
    return @entries;
}

# Rows have no order: what only the run has comes last, or is what "..." stands for.
sub align_rows {
    my ($item, $pair, $named, $count) = @_;
    my %taken = map { $_ => 1 } values %$pair;
    my $dots  = grep { $_ eq '...' } @{ $item->{wanted} };
    my @entries = map {
        my $line = $item->{wanted}[$_];
        [ defined $pair->{$_} ? ' ' : $line eq '...' ? '.' : '-', $line, $pair->{$_} ];
    } 0 .. $#{ $item->{wanted} };
    my $lost = grep { $_->[0] eq '-' } @entries;
    my $sign = $dots && !$lost ? '~' : '+';
    return @entries, map { [ $sign, $named->($_), $_ ] } grep { !$taken{$_} } 0 .. $count - 1;
}

# wanted => seen, of equal shapes, each row once.
sub pairs_of_rows {
    my ($wanted, $seen) = @_;
    my (%free, %pair);
    push @{ $free{ $seen->[$_]{text} } }, $_ for 0 .. $#$seen;
    for my $w (grep { defined $wanted->[$_] } 0 .. $#$wanted) {
        my $s = shift @{ $free{ $wanted->[$w]{text} } || [] };
        $pair{$w} = $s if defined $s;
    }
    return %pair;
}

# wanted => seen: the longest sequence of equal shapes.
sub longest_common {
    my ($wanted, $seen) = @_;
    my @length;    # [w][s]: of the sequence from here on
    for my $w (reverse 0 .. $#$wanted) {
        for my $s (reverse 0 .. $#$seen) {
            my ($down, $right) = ($length[ $w + 1 ][$s] // 0, $length[$w][ $s + 1 ] // 0);
            $length[$w][$s] = same($wanted->[$w], $seen->[$s]) ? 1 + ($length[ $w + 1 ][ $s + 1 ] // 0)
                : $down > $right ? $down : $right;
        }
    }
    my ($w, $s, %pair) = (0, 0);
    while ($w < @$wanted && $s < @$seen) {
        if (same($wanted->[$w], $seen->[$s])) { $pair{ $w++ } = $s++ }
        elsif (($length[ $w + 1 ][$s] // 0) >= ($length[$w][ $s + 1 ] // 0)) { $w++ }
        else                                                                  { $s++ }
    }
    return %pair;
}

sub same { my ($wanted, $seen) = @_; return $wanted && $wanted->{text} eq $seen->{text} }

# A unified diff of the entries that align returned, which begin at the index $item->{at} of the lesson's lines.
sub unified {
    my ($run, $item, @entries) = @_;
    my ($context, @shown) = (3);
    for my $i (0 .. $#entries) {
        my $from = $i > $context ? $i - $context : 0;
        push @shown, $i if grep { $entries[$_] && $entries[$_][0] =~ /[-+]/ } $from .. $i + $context;
    }
    return '' if !@shown;
    my ($text, $last) = ("--- $run->{lesson}{file}\n+++ this run\n", -2);
    for my $i (@shown) {
        $text .= hunk_header($item, \@entries, $i, @shown) if $i != $last + 1;
        my ($sign, $line) = @{ $entries[$i] };
        $text .= ($sign =~ /[-+]/ ? $sign : ' ') . "$line\n" if $sign ne '~';
        $last = $i;
    }
    return $text;
}

# What stands for "..." is in neither count: the lines of the hunk are those of the lesson and of a lesson mended.
sub hunk_header {
    my ($item, $entries, $first, @shown) = @_;
    my %shown = map { $_ => 1 } @shown;
    my $end   = $first;
    $end++ while $shown{ $end + 1 };
    my @range;
    for my $absent (qr/[+~]/, qr/[-~]/) {
        my ($before, $within) = (0, 0);
        $entries->[$_][0] !~ $absent && $before++ for 0 .. $first - 1;
        $entries->[$_][0] !~ $absent && $within++ for $first .. $end;
        push @range, $item->{at} + 1 + $before - !$within, $within;
    }
    return sprintf "\@\@ -%d,%d +%d,%d \@\@\n", @range;
}

1;
