package Lesson::Run;

# Running a lesson: its items one after the other, in its terminals, and what has to hold of each.
#
# A run: {lesson, bin, dir, show => take what comes instead of comparing, names, terminals, ephemeral, ports,
# warnings, typed => how many items so far}.
use strict;
use warnings;
use Exporter 'import';
use Lesson::Compare qw(compare shapes_seen);
use Lesson::Difference qw(align unified);
use Lesson::Network 'exchange_ports';
use Lesson::Terminal qw(now nap scale open_terminal start_command pump screen_lines take_lines settle asleep interrupt);
use Lesson::Text qw(typed goes_on status_is_shown is_look);
use Lesson::Update qw(keep_fresh keep_late);
our @EXPORT_OK = 'run_items';

use constant ANSWER_SECONDS => 10;    # how long a command may take to print what it should, or to end
use constant LOOK_SECONDS   => 5;     # how long a look may take to agree
use constant SHOW_SECONDS   => 1;     # to show: how long nothing new may come before it is taken as it is

# Runs all items; dies with a complaint at the first that does not agree.
sub run_items {
    my ($run) = @_;
    run_item($run, $_) for @{ $run->{lesson}{items} };
    for my $number (sort { $a <=> $b } keys %{ $run->{terminals} }) {
        my $terminal = $run->{terminals}{$number};
        $terminal->{ended} ? check_end($run, $terminal) : check_rest($run, $terminal);
    }
}

sub run_item {
    my ($run, $item) = @_;
    my $terminal = $run->{terminals}{ $item->{terminal} } || open_terminal($run, $item->{terminal});
    type_item($run, $terminal, $item);
    is_look($item) ? look($run, $terminal, $item) : await_output($run, $terminal, $item);
    settle($run);
    keep_fresh($run, $terminal) if $run->{show};
    check_end($run, $terminal) if $terminal->{ended} && !goes_on($item);
}

sub type_item {
    my ($run, $terminal, $item) = @_;
    my $do = $item->{do};
    if ($do eq 'run') {
        await_end($run, $terminal, $item);
        check_end($run, $terminal);
        start_command($terminal, command_of($run, $item));
    } elsif ($do eq 'go on') {
        die complaint($run, $item, "nothing was typed in terminal $item->{terminal} so far that could print this")
            if !$terminal->{item};
    } else {
        die complaint($run, $item, 'nothing is running in this terminal that could take this')
            if $terminal->{ended} || ($do ne 'interrupt' && !$terminal->{input});
        check_rest($run, $terminal);
        $terminal->{elided} = 0;
        interrupt($terminal) if $do eq 'interrupt';
        syswrite $terminal->{input}, "$item->{text}\n" if $do eq 'type';
        undef $terminal->{input} if $do eq 'end of input';
    }
    @$terminal{qw(item typed_as)} = ($item, ++$run->{typed});
}

# A command as it is typed: the ports and process ids that the lesson names are those of this run.
sub command_of {
    my ($run, $item) = @_;
    my $names = $run->{names};
    my $text  = exchange_ports($item->{text}, %{ $run->{ports} });
    $text =~ s/\b(\d{5})\b/$names->{"lesson port $1"} \/\/ $1/ge;
    $text =~ s/(?<!-)\b(\d+)\b/$names->{"lesson pid $1"} \/\/ $1/ge if $text =~ /\b(?:kill|ps|pid|proc)\b/;
    for ($item->{text} =~ /\bkill\b((?:\s+[-\w]+)*)/g) {
        my ($unknown) = grep { /^\d+$/ && !$names->{"lesson pid $_"} } split;
        die complaint($run, $item, "no line so far has shown a process $unknown; it could be anybody's") if $unknown;
    }
    return $text;
}

# Waits until the terminal's command has printed the item's lines; an interrupted one has to end as well.
sub await_output {
    my ($run, $terminal, $item) = @_;
    return await_quiet($run, $terminal, $item) if $run->{show};
    my $deadline = now() + ANSWER_SECONDS * scale();
    my $open_end = $terminal->{elided} || $item->{races} || grep { $_ eq '...' } @{ $item->{wanted} };
    while (1) {
        pump($run, 0.02);
        my @seen = screen_lines($run, $terminal);
        my $runs = !$terminal->{ended};
        if (!$runs || $item->{do} ne 'interrupt') {
            my $match = compare($run, $item, \@seen, !$runs && !goes_on($item), $terminal->{elided});
            return accept_lines($run, $terminal, $match, @seen) if $match;
            die complaint($run, $item, 'prints something else', \@seen)
                if !$runs || (!$open_end && $terminal->{output} =~ tr/\n// >= @{ $item->{wanted} });
        }
        die complaint($run, $item, 'still runs, and has printed no more than this', \@seen) if now() > $deadline;
    }
}

# For show: waits until the command has ended, or sleeps and nothing has come for a while. If the next thing typed
# is another command in this terminal, this one has to end.
sub await_quiet {
    my ($run, $terminal, $item) = @_;
    my $following = $run->{lesson}{items}[ $run->{typed} ];
    my $must_end  = $following && $following->{do} eq 'run' && $following->{terminal} == $item->{terminal};
    return await_end($run, $terminal, $following) if $must_end;
    return await_end($run, $terminal, $item) if $item->{do} eq 'interrupt';
    my $heard    = now();
    my $deadline = now() + ANSWER_SECONDS * scale();
    while (!$terminal->{ended} && now() < $deadline && now() < $heard + SHOW_SECONDS * scale()) {
        $heard = now() if pump($run, 0.02) || !asleep($terminal);
        my @seen = screen_lines($run, $terminal);
        last if @{ $item->{wanted} } && compare($run, $item, \@seen, 0, $terminal->{elided});
    }
}

sub accept_lines {
    my ($run, $terminal, $match, @seen) = @_;
    $run->{names} = $match->{names};
    take_lines($terminal, $match->{used});
    $terminal->{shown}  = [ @seen[ 0 .. $match->{used} - 1 ] ];
    $terminal->{elided} = ($terminal->{item}{wanted}[-1] // '') eq '...';
}

# Repeats a look until it agrees; for show, until it stays the same.
sub look {
    my ($run, $terminal, $item) = @_;
    my $deadline = now() + LOOK_SECONDS * scale();
    my ($before, $since) = ('', now());
    while (1) {
        await_end($run, $terminal, $item);
        my @seen   = screen_lines($run, $terminal);
        my $match  = compare($run, $item, \@seen);
        my $shapes = join "\n", map { $_->{text} } shapes_seen($run, $item, @seen);
        ($before, $since) = ($shapes, now()) if $shapes ne $before;
        if ($match || now() > $deadline || ($run->{show} && now() > $since + SHOW_SECONDS * scale())) {
            $terminal->{status} = 0 if !@seen && $item->{text} =~ /\|\s*grep\b[^|]*$/;
            return if $run->{show};
            die complaint($run, $item, 'does not come to agree', \@seen) if !$match;
            accept_lines($run, $terminal, $match, @seen);
            $terminal->{output} = '';    # own rows are all that count
            return;
        }
        nap(0.05);
        start_command($terminal, command_of($run, $item));
    }
}

sub await_end {
    my ($run, $terminal, $item) = @_;
    my $deadline = now() + ANSWER_SECONDS * scale();
    pump($run, 0.05) until $terminal->{ended} || now() > $deadline;
    return if $terminal->{ended};
    die complaint($run, $item, 'has not ended') if $terminal->{item} == $item;
    die complaint($run, $terminal->{item}, "still runs when the next command is typed, in line $item->{line}"
        . ' (end it with ^C, or type in another terminal)');
}

# What has to hold before something else is typed: all that was printed has been shown.
sub check_rest {
    my ($run, $terminal) = @_;
    my $item = $terminal->{item};
    return keep_late($run, $terminal) if $run->{show};
    my @rest = $terminal->{elided} ? () : screen_lines($run, $terminal);
    my @must = grep { !$_->{optional} } shapes_seen($run, $item, @rest);
    die complaint($run, $item, 'prints more', [ @{ $terminal->{shown} }, @rest ]) if @must;
}

# What has to hold of a command that has ended.
sub check_end {
    my ($run, $terminal) = @_;
    my $item = $terminal->{item} or return;
    check_rest($run, $terminal);
    my $status = $terminal->{status};
    return if $status == 0 || ($status == 130 && $terminal->{interrupted}) || status_is_shown($item);
    my $why = "ends with exit status $status; if that is meant, show it: \$ echo \$?";
    die complaint($run, $item, $why) if !$run->{show};
    push @{ $run->{warnings} }, complaint($run, $item, $why);
}

# Says which item does not agree, why, and, if lines were seen, how they differ.
sub complaint {
    my ($run, $item, $why, $seen) = @_;
    my @ports = map { "$_ is $run->{ports}{$_}" } sort keys %{ $run->{ports} };
    my $text  = "$run->{lesson}{file}:$item->{line}: terminal $item->{terminal}: " . typed($item) . "\n    $why\n";
    $text .= "    (no network of its own here: port " . join(', ', @ports) . ")\n" if @ports;
    return $text . ($seen ? unified($run, $item, align($run, $item, @$seen)) : '');
}

1;
