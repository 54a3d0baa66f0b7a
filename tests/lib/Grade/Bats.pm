package Grade::Bats;

# Tests of one lesson, all or a part, run by bats in a session of its own and read while they run. A test at which bats hangs or dies
# costs its own points: bats begins again behind it.
#
#     my $run = Grade::Bats->start(root =>, tests => [...], directory =>, room =>, user =>, on_change => sub { ... });
#     $run->look until $run->{done};      # reads what has come; never blocks
#     $run->end;                          # whatever it has started is gone
use strict;
use warnings;
use POSIX ();
use Time::HiRes 'time';

# Without a word for so long a test hangs, and not only what it tests: all its waits are bounded. Times a
# scale over 1.
use constant SILENCE => 180;

sub start {
    my ($class, %self) = @_;
    my $self = bless { %self, done => 0 }, $class;
    $self->begin;
    return $self;
}

sub pending { my $self = shift; return grep { !defined $_->{result} } @{ $self->{tests} } }

sub begin {
    my ($self) = @_;
    my @pending = $self->pending;
    if (!@pending) { $self->{done} = 1; return }
    my $round     = ++$self->{round};
    my $directory = "$self->{directory}/$round";
    mkdir $directory, 0711 or die "grade: $directory: $!\n";
    my $files = $self->{room} // $directory;    # where its tests have their files
    mkdir "$files/tmp.$self->{round}", 0711 or die "grade: $files: $!\n";
    my $only = join '|', map { quotemeta_ere($_->{name}) } @pending;
    $self->{mark} = "$directory/";
    $self->{pid}  = fork // die "grade: fork: $!\n";
    if ($self->{pid} == 0) {
        delete @ENV{ grep { /^BATS_/ } keys %ENV };    # where bats itself started us
        # A grader's test may run a grader: the mark is a list.
        $ENV{NETSTEP_RUN}  = ($ENV{NETSTEP_RUN} // '') . ":$self->{mark}";
        $ENV{TMPDIR}       = "$files/tmp.$self->{round}";
        $ENV{NETSTEP_USER} = $self->{user} if defined $self->{user};
        open STDIN,  '<', '/dev/null';
        open STDOUT, '>', "$directory/tap";
        open STDERR, '>', "$directory/err";
        no warnings 'exec';
        exec "$self->{root}/build/tests/tools/launch", 'bats', '--formatter', 'tap', '--timing', '-f', "^($only)\$",
            "$self->{root}/$pending[0]{file}";
        POSIX::_exit(127);
    }
    @$self{qw(tap partial test place quiet looked planned ended)} = (undef, '', undef, 0, 0, time, 0, 0);
    $self->{by_name}   = { map { $_->{name} => $_ } @pending };
    $self->{directory_now} = $directory;
}

# An extended regular expression for the text itself.
sub quotemeta_ere { return $_[0] =~ s/([][\\.*^\$(){}+?|])/\\$1/gr }

sub look {
    my ($self) = @_;
    my $ended = $self->{ended} = waitpid($self->{pid}, POSIX::WNOHANG()) != 0;
    # A pause of the whole machine is not the tests': no look counts for more than half a second.
    my $since = time - $self->{looked};
    $self->{looked} += $since;
    $self->{quiet} += $since < 0.5 ? $since : 0.5;
    open $self->{tap}, '<', "$self->{directory_now}/tap" or undef $self->{tap} if !$self->{tap};
    if ($self->{tap}) {
        seek $self->{tap}, 0, 1;    # the end of file is not for ever
        while (defined(my $line = readline $self->{tap})) {
            $self->{partial} .= $line;
            last if $self->{partial} !~ s/\n\z//;
            $self->{quiet} = 0;
            $self->line($self->{partial});
            $self->{partial} = '';
        }
    }
    my $scale = $ENV{NETSTEP_TIMEOUT_SCALE} || 1;
    return if !$ended && $self->{quiet} < SILENCE * ($scale < 1 ? 1 : $scale);
    $self->end;
    $self->{test} = undef;
    die 'grade: the tests themselves can not be run: ', $self->words_of_bats // 'bats said nothing', "\n" if !$self->{planned};
    if (my ($test) = $self->pending) {
        my $said = $self->words_of_bats;
        finish($test, 'failed', 'hang', $ended ? 'the grading of this test was ended from outside, or broke off'
            : 'this test did not come to its end');
        push @{ $test->{details} }, $said if $said;
        $self->{on_change}->($test);
    }
    $self->begin;
}

sub words_of_bats {
    my ($self) = @_;
    open my $err, '<', "$self->{directory_now}/err" or return;
    my $line = <$err> // return;
    chomp $line;
    return "bats: $line";
}

sub finish {
    my ($test, $result, $diagnosis, $reason) = @_;
    @$test{qw(result diagnosis reason)} = ($result, $diagnosis, $reason);
    $test->{got} = $result eq 'passed' ? $test->{worth} : 0;
}

# A line of TAP. What bats says of the place in its file is for us, not for the student.
sub line {
    my ($self, $line) = @_;
    if ($line =~ /^(not )?ok \d+ (.*)$/) {
        my ($bad, $rest) = ($1, $2);
        my $skip = $rest =~ s/ # skip ?(.*)$// ? $1 : undef;
        my $ms   = $rest =~ s/ in (-?\d+)ms$// ? $1 : 0;
        $rest =~ s/ # timeout after.*$//;
        my $test = $self->{test} = delete $self->{by_name}{$rest} or return;
        $test->{ms} = $ms;
        $self->{place} = $bad ? 1 : 0;
        if    (defined $skip) { finish($test, 'skipped', undef, $skip eq '' ? 'no reason given' : $skip) }
        elsif ($bad)          { finish($test, 'failed',  undef, 'no reason was given: the test itself is at fault') }
        else                  { finish($test, 'passed') }
        $self->{on_change}->($test);
    } elsif ($line =~ /^1\.\.\d+$/) {
        $self->{planned} = 1;
    } elsif ($line =~ /^# (.*)$/ && $self->{test}) {
        my $said = $1;
        my $test = $self->{test};
        if ($said =~ /^reason: (?:\[([\w-]+)\] )?(.*)$/) {
            return if $self->{place} == 0;    # the first one counts
            ($test->{diagnosis}, $test->{reason}) = ($1, $2);
            $self->{place} = 0;
            $test->{details} = [];
        } elsif ($self->{place} && $said =~ /^\(| in test file |^ +from |^  `/) {
            return;
        } else {
            push @{ $test->{details} }, $said;
        }
        $self->{on_change}->($test);
    }
}

# The session of bats, then whatever carries its mark: programs under test have sessions of their own.
sub end {
    my ($self) = @_;
    return unless $self->{pid};
    kill 'KILL', $self->{pid} if !$self->{ended};    # it may have been forked only now, and have no session of its own yet
    system "$self->{root}/build/tests/tools/marked", '-k', '-p', ":$self->{mark}",
        defined $self->{user} ? ('-u', $self->{user}) : (), $self->{pid};
    waitpid $self->{pid}, 0;
    delete $self->{pid};
}

1;
