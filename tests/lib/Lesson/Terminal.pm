package Lesson::Terminal;

# Terminals: a bash for each, which is told what to run; what it prints; when all of them have fallen quiet; and the
# end of everything that was started.
#
# A run has {dir, bin, terminals => number => terminal, ports}. A terminal has {dir, pid, output => not yet accounted
# for, ended, status, input => its command's, item => the last one typed}.
use strict;
use warnings;
use Exporter 'import';
use Fcntl;
use IO::Handle;
use Lesson::Network 'lesson_ports';
use Lesson::Text 'is_look';
use POSIX ();
our @EXPORT_OK = qw(now nap scale open_terminal start_command pump screen_lines take_lines settle asleep interrupt
    close_terminals);

use constant QUIET_SECONDS => 1;            # how long to wait for terminals that never fall quiet
use constant MOST_BYTES    => 4_000_000;    # more than any lesson prints

my $launcher = getppid;                     # when it is gone, so is whoever wants the result

# What a shell does in a terminal: takes an input and a command, runs it with the last one's status in $?, tells
# its exit status.
my $shell = <<'END';
exec 8<"$1" 9>"$2"
lesson_status=0
lesson_last() { return "$lesson_status"; }
while IFS= read -r -d '' lesson_input <&8 && IFS= read -r -d '' lesson_command <&8; do
    lesson_last
    eval "$lesson_command" <"$lesson_input" 8<&- 9>&-
    lesson_status=$?
    echo "$lesson_status" >&9
done
END

# Seconds by a clock that nobody sets.
sub now { return (POSIX::times())[0] / POSIX::sysconf(&POSIX::_SC_CLK_TCK) }
sub nap { select undef, undef, undef, $_[0] }

# By what every bound is multiplied.
sub scale { return $ENV{NETSTEP_TIMEOUT_SCALE} || 1 }

sub open_terminal {
    my ($run, $number) = @_;
    my $dir = "$run->{dir}/$number";
    mkdir $dir or die "tests/lesson: mkdir $dir: $!\n";
    my $terminal = { dir => $dir, output => '', ended => 1, status => 0, typed => 0, shown => [] };
    for my $fifo ('commands', 'statuses') {
        $terminal->{$fifo} = open_fifo("$dir/$fifo");
    }
    pipe $terminal->{screen}, my $writer or die "tests/lesson: pipe: $!\n";
    $terminal->{screen}->blocking(0);
    $terminal->{pid} = fork // die "tests/lesson: fork: $!\n";
    start_shell($run, $terminal, $writer) if $terminal->{pid} == 0;
    return $run->{terminals}{$number} = $terminal;
}

# Opened for both directions, a fifo neither blocks nor ends.
sub open_fifo {
    my ($path) = @_;
    POSIX::mkfifo($path, 0600) or die "tests/lesson: mkfifo $path: $!\n";
    sysopen my $fifo, $path, O_RDWR | O_NONBLOCK or die "tests/lesson: $path: $!\n";
    return $fifo;
}

# In the child: a session of its own, and no descriptor but the three standard ones. Whatever is started here inherits
# the variable NETSTEP_LESSON, by which it is found if it leaves the session.
sub start_shell {
    my ($run, $terminal, $writer) = @_;
    $SIG{$_} = 'DEFAULT' for qw(INT QUIT TERM HUP PIPE);
    POSIX::setsid();
    chdir "$run->{dir}/home" or POSIX::_exit(127);
    open STDIN, '<', '/dev/null';
    POSIX::dup2(fileno $writer, $_) for 1, 2;
    opendir my $open, '/proc/self/fd';
    POSIX::close($_) for grep { /^\d+$/ && $_ > 2 } readdir $open;
    delete @ENV{ 'BASH_ENV', 'ENV', 'LANGUAGE', 'COLUMNS', 'PERL5LIB', grep { /^BATS_|^BASH_FUNC/ } keys %ENV };
    %ENV = (%ENV, PATH => "$run->{bin}:$ENV{PATH}", LC_ALL => 'C.UTF-8', TERM => 'dumb', NETSTEP_LESSON => $run->{dir});
    exec 'bash', '-c', $shell, 'bash', "$terminal->{dir}/commands", "$terminal->{dir}/statuses"
        or POSIX::_exit(127);
}

sub start_command {
    my ($terminal, $command) = @_;
    my $input = "$terminal->{dir}/input." . ++$terminal->{typed};
    $terminal->{input} = open_fifo($input);
    @$terminal{qw(ended elided interrupted unfinished output shown)} = (0, 0, 0, 0, '', []);
    syswrite $terminal->{commands}, "$input\0$command\0";
}

# Takes what the terminals print, waiting for it up to $seconds. Returns whether anything came. The exit status is
# read first: all that the command printed is then in the pipe.
sub pump {
    my ($run, $seconds) = @_;
    die "interrupted\n" if getppid != $launcher;
    my @terminals = values %{ $run->{terminals} };
    my $ready     = '';
    vec($ready, fileno $_, 1) = 1 for map { @$_{qw(screen statuses)} } @terminals;
    select $ready, undef, undef, $seconds;
    my $news = 0;
    for my $terminal (@terminals) {
        if (sysread $terminal->{statuses}, my $status, 64) {
            @$terminal{qw(ended status input)} = (1, $status + 0, undef);
            $news = 1;
        }
        for (1 .. 4) {    # more than a pipe holds, and an end to what prints for ever
            $news = 1 if sysread $terminal->{screen}, $terminal->{output}, 65536, length $terminal->{output};
        }
        # The rest of a line that was taken unfinished: on a screen, its end adds nothing.
        $terminal->{unfinished} = 0 if $terminal->{unfinished} && $terminal->{output} =~ s/\A(?:\n|(?=.))//s;
        die "$run->{lesson}{file}:$terminal->{item}{line}: this command prints without end\n"
            if length $terminal->{output} > MOST_BYTES;
    }
    return $news;
}

# Takes lines off the screen, all if no number is given.
sub take_lines {
    my ($terminal, $count) = @_;
    $count //= 1 + $terminal->{output} =~ tr/\n//;
    for (1 .. $count) {
        $terminal->{output} =~ s/\A([^\n]*)(\n|\z)//;
        $terminal->{unfinished} = 1 if length $1 && $2 eq '';
    }
}

# The lines on the screen that no item has accounted for. An unfinished line counts when nothing will finish it: all
# sleep, and what they printed before that has been read.
sub screen_lines {
    my ($run, $terminal) = @_;
    my $stays = $terminal->{output} =~ /[^\n]\z/ && ($terminal->{ended} || all_asleep($run));
    pump($run, 0) if $stays;
    my @lines = split /\n/, $terminal->{output}, -1;
    my $unfinished = pop @lines;
    push @lines, $unfinished if length $unfinished && ($stays || $terminal->{ended});
    for (@lines) {
        s/\s+$//;
        # What an interactive shell would say:
        s/^bash: line \d+: +\d+ ([A-Z][\w ]*?(?: \(core dumped\))?)(?: {2,}.*)?$/$1/;
        s/^bash: line \d+: /bash: /;
    }
    return lesson_ports($run, $terminal->{item} && is_look($terminal->{item}), @lines);
}

# The processes of these sessions, zombies left out.
sub processes {
    my %wanted = map { $_ => 1 } @_;
    my @found;
    for my $path (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $path or next;
        my ($pid, $rest) = (<$in> // '') =~ /^(\d+) \(.*\) (.*)/s or next;
        my ($state, $session) = (split ' ', $rest)[ 0, 3 ];
        push @found, $pid if $wanted{$session} && $state !~ /[ZX]/;
    }
    return @found;
}

# Those that left their session, but carry the run's mark.
sub strays {
    my ($run) = @_;
    my @found;
    for my $path (glob '/proc/[0-9]*/environ') {
        open my $in, '<', $path or next;
        local $/;
        push @found, $path =~ /(\d+)/ if index("\0" . (<$in> // ''), "\0NETSTEP_LESSON=$run->{dir}\0") >= 0;
    }
    return @found;
}

# Whether every thread in every terminal waits. On loopback the kernel wakes the receiver within the sender's call, so
# this is never a moment between cause and effect; only clocks can start something new.
sub all_asleep { my ($run) = @_; return asleep(values %{ $run->{terminals} }) }

# The same of these terminals.
sub asleep {
    for my $pid (processes(map { $_->{pid} } @_)) {
        for my $path (glob "/proc/$pid/task/[0-9]*/stat") {
            open my $in, '<', $path or next;
            return 0 if (<$in> // '') =~ /^\d+ \(.*\) [^STtZXI]/s;
        }
    }
    return 1;
}

# Waits as a person does before she types on: until nothing moves any more.
sub settle {
    my ($run) = @_;
    my $deadline = now() + QUIET_SECONDS * scale();
    my $quiet    = 0;
    while ($quiet < 2 && now() < $deadline) {
        $quiet = !pump($run, 0.01) && all_asleep($run) ? $quiet + 1 : 0;
    }
}

# SIGINT for what runs in the terminal, not for its shell. (What a shell starts with & ignores it.)
sub interrupt {
    my ($terminal) = @_;
    kill INT => grep { $_ != $terminal->{pid} } processes($terminal->{pid});
    $terminal->{interrupted} = 1;
}

# Ends every process that the terminals started.
sub close_terminals {
    my ($run) = @_;
    my @sessions = map { $_->{pid} } values %{ $run->{terminals} };
    my $patience = now() + 2 * scale();
    while (@sessions and my @left = (processes(@sessions), strays($run))) {
        kill now() < $patience ? 'TERM' : 'KILL', @left;
        kill CONT => @left;
        nap(0.02);
        1 while waitpid(-1, POSIX::WNOHANG()) > 0;
    }
    $run->{terminals} = {};
}

1;
