package Lesson::Compare;

# Comparing what a lesson shows with what a run prints. A line is its shape (its text without what may differ) and the
# ephemeral ports and process ids in it; those have to be the same ones throughout the lesson.
#
# A run's `names` says which of the lesson's ports and process ids is which real one, and the other way round:
# "lesson port 43688" => 51234, "real port 51234" => 43688. One real port has two names if the kernel gives it to
# connections with two servers, which it may: "real port 51234 with 7030" => 43700.
use strict;
use warnings;
no warnings 'recursion';
use Exporter 'import';
use Lesson::Text 'is_look';
our @EXPORT_OK = qw(shape agree compare shapes_wanted shapes_seen rename_line);

use constant LESSON_PORTS => (32768, 60999);    # what counts as an ephemeral port in a lesson

# A call that blocks, as the programs narrate it; and states that the next packet turns into one another.
my $blocks = qr/^(?:\[\d+\] )?\w+\(.*\)\s+blocks\b/;
my %racing = (
    ESTABLISHED => 'open', CLOSE_WAIT => 'open',
    LAST_ACK => 'gone', CLOSED => 'gone',
    FIN_WAIT1 => 'closing', FIN_WAIT2 => 'closing', TIME_WAIT => 'closing',
);
my $states = join '|', keys %racing;

# Puts what $name->(kind, number) returns in the place of each ephemeral port and process id of a line.
sub replace_names {
    my ($line, $low, $high, $name) = @_;
    $line =~ s/(:|\bports? |\bport"?[:=] ?)(\d+)\b/$1 . ($2 >= $low && $2 <= $high ? $name->(port => $2) : $2)/gei;
    $line =~ s{((?<![^ ])\[(?=\d+\])|\bpid"?[ :=]+|\bfork\(\) +(?:= )?)(\d+)\b|\b(\d+)(?=/[A-Za-z_]\w)}
              {($1 // '') . $name->(pid => $2 // $3)}ge;
    return $line;
}

# {text, port => [...], pid => [...], server => the first other port, or the command's, optional, udp => is it a line about
# UDP?}. White space counts, except where what may differ may be longer.
sub shape {
    my ($line, $item, $low, $high) = @_;
    my %found = (port => [], pid => [], optional => $item->{races} && scalar $line =~ $blocks);
    my $text = $line =~ s/\s+$//r;
    $found{udp} = $text =~ /^udp|\b(?:recvfrom|sendto)\(|nothing is sent; our end/;
    my $bends = 0;
    for ($text) {
        s/\b\d\d:\d\d:\d\d(?:\.\d+)?\b/\0clock/g;
        $bends += s{\b(on|timewait|keepalive|probe) \([\d./]+\)}{$1 \0timer}g;
        $bends += s/\btimer:\((\w+),[^)]*\)/timer:($1,\0timer)/g;
        $bends += s/\b\d+(?:\.\d+)? ?(?:ns|us|µs|μs|ms)\b/\0time/g;
        $bends += s/\b\d+\.\d+ ?s\b/\0time/g;
    }
    ($found{server}) = ((grep { $_ < $low || $_ > $high } $text =~ /:(\d+)\b/g), $item->{server} // '');
    $text =~ s/\bmask [0-9a-f]{8}\b/mask \0mask/g;    # of a WebSocket frame: random
    $text = replace_names($text, $low, $high, sub { push @{ $found{ $_[0] } }, $_[1]; return "\0$_[0]" });
    if ($item->{loose}) {
        $bends += $text =~ s/\b\d+(?:\.\d+)? ?[kKMG]i?B\b/\0amount/g;
        $text =~ s/ ws \d+\b/ ws \0scale/;    # the wire's ladder: an arrow gives way to longer numbers
        $text =~ s/(?:─)+/─/g;
        # The push bit stands on the last segment of what a write brought at once, which the kernel's memory decides too.
        $text =~ s/─ PSH\+ACK /─ ACK /;
        # What is left of a buffer may be few bytes; but 0 is the end of file.
        $bends += $text =~ s/(\(\d+, buffer, )\d+\)/$1\0number)/g;
        $bends += $text =~ s/(\(\d+, buffer, .*\) += )[1-9]\d*\b/$1\0number/g;
        $bends += $text =~ s/\b(?:(?!70\d\d\b)\d{4,}|\d{2,3},\d{3}|\d{1,3}(?:,\d{3}){2,})\b/\0number/g;    # not a port 70xx
    }
    $bends += $text =~ s/\b($states)\b/"\0$racing{$1}"/ge if $item->{races};
    if ($bends || @{ $found{pid} }) { $text =~ s/ +/ /g; $text =~ s/^ // }
    return { text => $text, %found };
}

# Gives the ports and process ids of a line the names that the other side has for them: $from is "real" or "lesson".
# What has no name there keeps its own.
sub rename_line {
    my ($line, $from, $names, $low, $high) = @_;
    return replace_names($line, $low, $high, sub { $names->{"$from $_[0] $_[1]"} // $_[1] });
}

# The names that hold if the line seen is the one wanted; undef if it can't be.
sub agree {
    my ($wanted, $seen, $names) = @_;
    return if $wanted->{text} ne $seen->{text};
    my %names = %$names;
    for my $kind ('port', 'pid') {
        for my $i (0 .. $#{ $wanted->{$kind} }) {
            my ($ours, $real) = ($wanted->{$kind}[$i], $seen->{$kind}[$i]);
            return if ($names{"lesson $kind $ours"} //= $real) != $real;
            # A TCP client's port stays in use with this server; a UDP client's is free when it is closed.
            my $known = $wanted->{udp} && $kind eq 'port' ? $ours : $names{"real $kind $real with $wanted->{server}"} // $ours;
            return if $known != $ours;
            $names{"real $kind $real with $wanted->{server}"} = $ours;
            $names{"real $kind $real"} = $ours;
        }
    }
    return \%names;
}

# Compares in order; undef among the wanted is "...". Returns {names, used => lines seen that are accounted for,
# pairs => for each wanted line the index of the one seen}; undef if they don't agree. Unless $whole, more may follow.
sub match_lines {
    my ($wanted, $seen, $names, $whole, $w, $s) = (@_, 0, 0);
    if ($w == @$wanted) {
        $s++ while $s < @$seen && $seen->[$s]{optional};
        return $whole && $s < @$seen ? undef : { names => $names, used => $s, pairs => [] };
    }
    my $match;
    if (!defined $wanted->[$w]) {
        my $from = $w == $#$wanted ? @$seen : $s;
        for ($from .. @$seen) { last if $match = match_lines($wanted, $seen, $names, $whole, $w + 1, $_) }
        unshift @{ $match->{pairs} }, undef if $match;
        return $match;
    }
    if ($s < @$seen and my $next = agree($wanted->[$w], $seen->[$s], $names)) {
        $match = match_lines($wanted, $seen, $next, $whole, $w + 1, $s + 1);
        unshift @{ $match->{pairs} }, $s if $match;
    }
    if (!$match && $wanted->[$w]{optional}) {
        $match = match_lines($wanted, $seen, $names, $whole, $w + 1, $s);
        unshift @{ $match->{pairs} }, undef if $match;
    }
    $match = match_lines($wanted, $seen, $names, $whole, $w, $s + 1) if !$match && $s < @$seen && $seen->[$s]{optional};
    return $match;
}

# Compares rows that have no order; "..." anywhere allows others. Returns as match_lines.
sub match_rows {
    my ($wanted, $seen, $names) = @_;
    my @wanted = grep { defined } @$wanted;
    return if @wanted > @$seen || (@wanted == @$wanted && @wanted < @$seen);
    my %spare;
    $spare{ $_->{text} }++ for @$seen;
    $spare{ $_->{text} }-- or return for @wanted;
    my $patience = 5000;
    my ($found, %partner) = pair_rows(\@wanted, [ 0 .. $#$seen ], $seen, $names, \$patience) or return;
    return { names => $found, used => scalar @$seen, pairs => [ map { $_ && $partner{$_} } @$wanted ] };
}

# Finds a row for each wanted one, beginning where there is least choice. Returns the names, then wanted => index.
sub pair_rows {
    my ($wanted, $free, $seen, $names, $patience) = @_;
    return $names if !@$wanted;
    my ($row, @choices);
    for my $candidate (@$wanted) {
        my @fitting = grep { agree($candidate, $seen->[$_], $names) } @$free;
        ($row, @choices) = ($candidate, @fitting) if !$row || @fitting < @choices;
    }
    for my $choice (@choices) {
        return if $$patience-- <= 0;
        my ($found, %partner) = pair_rows([ grep { $_ != $row } @$wanted ], [ grep { $_ != $choice } @$free ],
            $seen, agree($row, $seen->[$choice], $names), $patience);
        return ($found, %partner, $row => $choice) if $found;
    }
    return;
}

sub shapes_wanted {
    my ($item) = @_;
    return map { $_ eq '...' ? undef : shape($_, $item, LESSON_PORTS) } @{ $item->{wanted} };
}

sub shapes_seen {
    my ($run, $item, @seen) = @_;
    return map { shape($_, $item, @{ $run->{ephemeral} }) } @seen;
}

# Compares an item's lines with those seen. `$whole`: no more will come; `$elided`: other lines may stand before.
sub compare {
    my ($run, $item, $seen, $whole, $elided) = @_;
    my @wanted = shapes_wanted($item);
    my @seen   = shapes_seen($run, $item, @$seen);
    return match_rows(\@wanted, \@seen, $run->{names}) if is_look($item);
    my $match = match_lines([ ($elided ? undef : ()), @wanted ], \@seen, $run->{names}, $whole);
    shift @{ $match->{pairs} } if $match && $elided;
    return $match;
}

1;
