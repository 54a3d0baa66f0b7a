package Lesson::Hosts;

# Whether wire(1) can make its hosts here.
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(no_hosts);

# Why the wire in that directory can make no hosts here; '' if it can. The words of @before begin its command. Only its
# own refusal, one line, is a reason: dies if it fails otherwise.
#
# What runs on its hosts has left our namespace of processes, where LeakSanitizer (SAN=1) can't look and breaks off: from
# here on this process and those that it starts don't look for leaks.
sub no_hosts {
    my ($bin, @before) = @_;
    return "there is no wire in $bin" if !-x "$bin/wire";
    $ENV{ASAN_OPTIONS} = join ':', grep { length } $ENV{ASAN_OPTIONS} // '', 'detect_leaks=0';
    open my $out, '-|', 'sh', '-c', 'exec "$@" 2>&1 </dev/null', 'sh', @before, "$bin/wire", '-q', '--free', '-c', 'true'
        or die "$bin/wire: $!\n";
    my @said = <$out>;
    return '' if close $out;
    chomp @said;
    return $said[0] if $? == 1 << 8 && @said == 1 && $said[0] =~ /^wire: no hosts can be made: /;
    my $end = $? & 127 ? 'killed by signal ' . ($? & 127) : 'exit status ' . ($? >> 8);
    die "$bin/wire makes no hosts, and does not say why: ", join("\n", $end, @said), "\n";
}

1;
