package Lesson::Network;

# Where a lesson's connections live: in a network of its own; or, where that is forbidden, in the one of the machine,
# with free ports in the place of those that the lesson names.
use strict;
use warnings;
use Exporter 'import';
use Socket;
our @EXPORT_OK = qw(own_network ephemeral_ports free_ports exchange_ports lesson_ports);

# The command words before which a command runs in a network of its own, without any privilege there: the outer user
# namespace makes the network, the inner one has no power over it. Ephemeral ports that contain 7000 are kept out of
# the way of `grep 7000`. None if the system forbids it. Namespaces end with their last process.
sub own_network {
    return () if ($ENV{NETSTEP_LESSON_NETWORK} // '') eq 'shared';
    my $prepare = 'ip link set lo up || exit; reserved=/proc/sys/net/ipv4/ip_local_reserved_ports; '
        . '{ echo 37000-37099,47000-47099,57000-57099 > $reserved; } 2>/dev/null; exec unshare -U -c -- "$@"';
    my @words = ('unshare', '-U', '-r', '-n', '--', 'sh', '-c', $prepare, 'sh');
    return system('sh', '-c', '"$@" 2>/dev/null', 'sh', @words, 'true') == 0 ? @words : ();
}

# Which ports the kernel gives to clients here.
sub ephemeral_ports {
    open my $in, '<', '/proc/sys/net/ipv4/ip_local_port_range' or return [ 32768, 60999 ];
    return [ split ' ', <$in> ];
}

# The ports that netstat shows at either end of anything, TIME_WAIT too.
sub ports_in_use {
    my %used;
    for my $path (map { "/proc/net/$_" } qw(tcp tcp6 udp udp6)) {
        open my $in, '<', $path or next;
        while (<$in>) { $used{ hex $_ } = 1 for /:([0-9A-F]{4}) /g }
    }
    return %used;
}

# In the shared network: for each port that the lesson's commands name a free one, kept for us until we end. A name
# among the abstract unix sockets keeps other runs of ours away.
sub free_ports {
    my ($run) = @_;
    my @commands = grep { $_->{do} eq 'run' } @{ $run->{lesson}{items} };
    my %named    = map { $_ => 1 } map { $_->{text} =~ /\b(70\d\d)\b/g } @commands;
    my %used = ports_in_use();
    my ($port, %free) = 6099 + int rand 2000;
    for my $named (sort keys %named) {
        while (!$free{$named} && ++$port < 10000) {
            next if $port =~ /^70/ || $used{$port};
            socket my $lock,  AF_UNIX, SOCK_STREAM, 0;
            socket my $probe, AF_INET, SOCK_STREAM, 0;
            next if !bind $lock, pack_sockaddr_un("\0netstep-lesson-$port");
            next if !bind $probe, pack_sockaddr_in($port, INADDR_ANY);
            $free{$named} = $port;
            push @{ $run->{locks} }, $lock;
        }
        die "tests/lesson: no free port for $named\n" if !$free{$named};
    }
    return \%free;
}

# A text with other ports for the lesson's fixed ones, or the other way round.
sub exchange_ports {
    my ($text, %ports) = @_;
    $text =~ s/\b(\d{4})\b/$ports{$1} \/\/ $1/ge if %ports;
    return $text;
}

# What a run printed, with the ports that the lesson names. Of a look, other programs' connections are left out.
sub lesson_ports {
    my ($run, $look, @lines) = @_;
    # To an ordinary user netstat -p and tcpstate -p say that other users' processes are hidden; to root they do not.
    @lines = grep { !/^\(Not all processes could be identified|^ will not be shown, you would have|processes are hidden from us/ }
        @lines if $look;
    return @lines if !%{ $run->{ports} };
    my $ours = join '|', values %{ $run->{ports} };
    @lines = grep { !/:\d+\b/ || /\b(?:$ours)\b/ } @lines if $look;
    return map { exchange_ports($_, reverse %{ $run->{ports} }) } @lines;
}

1;
