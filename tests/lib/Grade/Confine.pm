package Grade::Confine;

# Where a submission's programs run: what this machine allows is found out once, told in one line, and handed to the
# tests by the environment (tests/peers/confine reads it).
#
#     in_own_namespaces($scratch, $rooms, $grader, @arguments)   runs the grader again in a network of its own, if it may
#                                have one; $scratch/room.0 and so on are so many file systems, each with its own bound
#     end_own_namespaces()       ends what in_own_namespaces has begun, and returns when all of it is gone
#     throw_away_user()          the first of fifty numbers of users that no other grader has, until our process ends
#     confine($root, @hidden)    decides; returns { line => what to say, user => number or undef, partial => reason }
#     program_directory($dir, $scratch)    a copy of the submission that it can't change
use strict;
use warnings;
use Exporter 'import';
use POSIX ();
use Socket;
our @EXPORT_OK = qw(in_own_namespaces end_own_namespaces confine program_directory throw_away_user);

# A submission must not fill a disk, nor take the room of another test: bytes of the files that tests which run at the
# same time may have each, and of the grader's own. A test that starts six programs, each with 16 MiB of output and as
# much on stderr, has its reason from them, not from a full room.
use constant ROOM     => 256 << 20;
use constant OWN_ROOM => 512 << 20;

# Users from THROW_AWAY on: so many for each of so many graders at once.
use constant { THROW_AWAY => 50_000, USERS => 50, GRADERS => 300 };

sub is_root { return $> == 0 }

# The process that we wait for: of namespaces their keeper.
my $keeper;

# Runs this command; a status as $?. What a terminal or timeout(1) sends to all our group is for us, not for the keeper.
sub run_and_wait {
    my ($before, @command) = @_;
    $keeper = fork // return -1;
    if ($keeper == 0) {
        POSIX::setpgid(0, 0);
        $before->();
        exec { $command[0] } @command or POSIX::_exit(127);
    }
    1 while waitpid($keeper, 0) != $keeper;
    undef $keeper;
    return $?;
}

# Does this command succeed, silently?
sub works {
    return run_and_wait(sub {
        open STDIN,  '<', '/dev/null';
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
    }, @_) == 0;
}

# Runs the grader again in a network of its own: its own ports, no way out, nobody else's connections in netstat; and
# with processes of its own, so that when it ends, however it ends, all that it has started is gone; and its files in
# memory, so many and no more. Returns its exit status; undef if that can't be had here.
sub in_own_namespaces {
    my ($scratch, $rooms, $grader, @arguments) = @_;
    my @mounts = ([ OWN_ROOM, $scratch ], map { [ ROOM, "$scratch/room.$_" ] } 0 .. $rooms - 1);
    my @enter = is_root()
        ? (qw(setpriv --pdeathsig KILL unshare --net --pid --fork --kill-child=KILL --mount-proc --),
            'sh', '-c', 'ip link set lo up || exit
                while [ "$1" != -- ]; do mkdir -p "$2" && mount -t tmpfs -o "size=$1,mode=711" tmpfs "$2" || exit; shift 2; done
                shift && exec "$@"', 'sh', (map { @$_ } @mounts), '--')
        : (qw(bwrap --unshare-user --unshare-net --unshare-pid --die-with-parent --dev-bind / / --proc /proc),
            (map { ('--size', $_->[0], '--tmpfs', $_->[1]) } @mounts), '--');
    return unless works(@enter, 'true');
    my $users = is_root() ? throw_away_user() : undef;    # taken here, where the other graders can see it
    my $status = run_and_wait(sub {
        @ENV{qw(NETSTEP_NETWORK NETSTEP_SCRATCH NETSTEP_USERS)} = ('own', $scratch, $users // '');
    }, @enter, $grader, @arguments);
    return if $status == -1;
    return $status & 127 ? 128 + ($status & 127) : $status >> 8;
}

# The first process within is ended, and its keeper sees all the others go before it goes itself. Were the keeper ended,
# what still runs for a moment could make directories again that we have removed: with a mount point go its mounts, in
# whichever namespace they are, and a `mkdir -p` there reaches the disk.
sub end_own_namespaces {
    return if !defined $keeper;
    local ($!, $?);
    my $listed = open my $children, '<', "/proc/$keeper/task/$keeper/children";
    my $first  = $listed ? <$children> : qx(pgrep -P $keeper);
    my ($within) = ($first // '') =~ /^(\d+)/;
    kill 'KILL', $within // $keeper;
    1 while waitpid($keeper, 0) != $keeper && !$!{ECHILD};
    undef $keeper;
}

# Whatever a test's user has left is ended after it, and a submission may end all that its user runs: no two graders may
# have the same user. A name among the abstract unix sockets (unix(7)) keeps the others away.
my @kept;

sub throw_away_user {
    my $start = int rand GRADERS;
    for (0 .. GRADERS - 1) {
        my $user = THROW_AWAY + USERS * (($start + $_) % GRADERS);
        socket my $name, AF_UNIX, SOCK_STREAM, 0 or die "grade: socket: $!\n";
        next if !bind $name, pack_sockaddr_un("\0netstep-user-$user");
        push @kept, $name;
        return $user;
    }
    print STDERR 'grade: ', GRADERS, " graders run here already: no throw-away user is left\n";
    exit 1;
}

sub confine {
    my ($root, @hidden) = @_;
    my %found = (user => undef);
    my @missing;
    push @missing, 'no network namespace' unless (delete $ENV{NETSTEP_NETWORK} // '') eq 'own';
    my ($users) = delete @ENV{qw(NETSTEP_USERS NETSTEP_SCRATCH)};
    if (is_root()) {
        my $user = $users || throw_away_user();
        if (works('setpriv', "--reuid=$user", "--regid=$user", '--clear-groups', 'true')) { $found{user} = $user }
        else { push @missing, 'no throw-away user (setpriv)' }
    }
    $ENV{NETSTEP_CONFINE} = 'namespaces';
    $ENV{NETSTEP_HIDDEN}  = join "\n", @hidden, homes(), '/run';
    $ENV{NETSTEP_SHOWN}   = join "\n", (defined $found{user} ? () : path_in_homes()), '/run/current-system';
    local $ENV{NETSTEP_USER} = $found{user} // '';
    if (!works('perl', "$root/tests/peers/confine", 'true')) {
        $ENV{NETSTEP_CONFINE} = 'limits';
        push @missing, works('bwrap', '--version') ? 'no user namespaces here' : 'bubblewrap is not installed';
    }
    my $who = defined $found{user} ? "user $found{user}" : 'your own user';
    $found{line} = !@missing ? "confined: namespaces of users, processes, files and network; $who"
        : $ENV{NETSTEP_CONFINE} eq 'limits' && !defined $found{user}
        ? 'isolation is partial: limits alone (' . join(', ', @missing) . '); a hostile program could reach your files and end the grader'
        : "isolation is partial: $who (" . join(', ', @missing) . ')';
    $found{partial} = @missing > 0;
    return \%found;
}

# Nothing at home is a submission's business, but where the interpreters are that PATH names.
sub homes { return grep { -d && $_ ne '/' } '/root', '/home', own_homes() }
sub own_homes { return grep { $_ ne '/' } (getpwuid $>)[7] // (), $ENV{HOME} // () }

sub path_in_homes {
    my @shown;
    for my $home (own_homes()) {
        for (split /:/, $ENV{PATH} // '') {
            push @shown, "$home/$1" if m{^\Q$home\E/([^/]+)} && -d;
        }
    }
    return @shown;
}

# A program must not change the one beside it, and a throw-away user must be able to read it. Links are followed.
sub program_directory {
    my ($directory, $scratch) = @_;
    my $copy = "$scratch/submission";
    mkdir $copy, 0755 or die "grade: $copy: $!\n";
    system 'cp', '-RL', '--', "$directory/.", $copy;    # what can't be read can't be run: its tests say so
    system 'chmod', '-R', 'a+rX,u+w', '--', $copy;
    $ENV{NETSTEP_SHOWN} .= "\n$copy\n$copy > $directory" if defined $ENV{NETSTEP_SHOWN};
    return $copy;
}

1;
