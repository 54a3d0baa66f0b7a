# watch.pl: what a peer can see of the student's programs while it waits for them. Required by all of them.
# NETSTEP_WATCH names a file with their session ids. NETSTEP_TIMEOUT_SCALE multiplies the 5 s of a standstill. Our own tests
# watch nobody: their shell, which does one thing after the other, has more time to come to what a peer waits for.
use strict;
use warnings;
use Time::HiRes qw(time sleep);

our $BUDGET = ($ENV{NETSTEP_WATCH} ? 5 : 60) * ($ENV{NETSTEP_TIMEOUT_SCALE} || 1);

sub students {
    open my $list, '<', $ENV{NETSTEP_WATCH} || '/dev/null' or return;
    my @sessions = map { /(\d+)/ } <$list>;
    return @sessions;
}

# /proc/PID/stat after the name, which may hold anything: state, parent, group, session, ...
sub stat_of {
    open my $stat, '<', $_[0] or return;
    my $line = <$stat> // return;
    $line =~ s/.*\) //s;
    return split ' ', $line;
}

# Have the student's programs been started, and ended?
sub student_gone {
    my @sessions = students() or return 0;
    for (@sessions) {
        my @field = stat_of("/proc/$_/stat");
        return 0 if @field && $field[0] !~ /[ZX]/;
    }
    return 1;
}

# The same, half a second being given to one that is just dying: its sockets are closed before it is gone.
sub gone_soon {
    my $until = time + 0.5;
    sleep 0.01 until student_gone() || time > $until;
    return student_gone();
}

# The clock ticks (10 ms) that the student's programs have used, and whether a thread of theirs wants the processor or
# the disk now.
sub work_done {
    my %session = map { $_ => 1 } students() or return (0, 0);
    my ($ticks, $runs) = (0, 0);
    for my $process (glob '/proc/[0-9]*') {
        my @field = stat_of("$process/stat") or next;
        next unless $session{ $field[3] };
        $ticks += $field[11] + $field[12];
        for (glob "$process/task/*/stat") {
            my ($state) = stat_of($_);
            $runs ||= defined $state && $state =~ /[RD]/;
        }
    }
    return ($ticks, $runs);
}

# Until all threads of the student's programs sleep, so that what they were told is done. A second is enough to wait:
# it is no verdict.
sub let_work {
    my $until = time + 1;
    while ((work_done())[1] && time < $until) { sleep 0.002 }
}

# Until there is something to read; 0 if nothing came for the whole budget. It is prolonged while the student's programs
# work. A pause of the whole machine is not theirs: no look counts for more than half a second. Nor is the time before one
# of them has been started.
sub can_read {
    my ($set) = @_;
    return ready(sub { $set->can_read($_[0]) });
}

# The same until something can be written.
sub can_write {
    my ($set) = @_;
    return ready(sub { $set->can_write($_[0]) });
}

# The same until $look, which is given the seconds that it may wait, returns a true value. With $stays for ever, also if
# the student's programs have ended.
sub ready {
    my ($look, $stays) = @_;
    return 1 if $look->(0);
    my ($spent, $last, $more, $started, $work) = (0, time, 2);
    while (1) {
        my $gone = !$stays && student_gone();
        return 1 if $look->($gone ? 0.5 : 0.1);
        return 0 if $gone;
        $work //= (work_done())[0]; # a walk through /proc: not if the first look was enough
        my $now = time;
        $spent += $now - $last < 0.5 ? $now - $last : 0.5 if $started ||= !$ENV{NETSTEP_WATCH} || students();
        $last = $now;
        next if $spent < $BUDGET || $stays;
        my ($used, $runs) = work_done();
        return 0 if !$runs && $used - $work < 5 * $BUDGET || !$more--;
        ($spent, $work) = (0, $used);
    }
}

1;
