# reasons.pl: what a peer says when a step fails: what came, what the kernel shows at that moment, and after "reason: "
# what is probably wrong in the student's program, with the diagnosis in front (an id of tests/diagnoses). Required by
# peer, which sets these:
use strict;
use warnings;

our $student;            # what is tested: server or client
our ($host, $port);      # of the server
our $my_port;            # of the connection's other end (unknown until there is a connection)
our $half_closed;        # we have sent our FIN
our $SHIFT;              # of the student's variant: has been taken off what came (variant.pl)
my @others;              # states of the server's other connections, as kernel_row saw them
my $listens;             # whether kernel_row saw the port in LISTEN

sub shown {
    my $text = shift;
    my $cut  = length $text > 60 ? substr($text, 0, 60) : $text;
    $cut =~ s/([\\"])/\\$1/g;
    $cut =~ s/\n/\\n/g;
    $cut =~ s/([\x00-\x1f\x7f])/sprintf '\\x%02x', ord $1/ge;
    my $characters = $cut;
    $cut =~ s/([\x80-\xff])/sprintf '\\x%02x', ord $1/ge unless utf8::decode($characters);
    return "\"$cut\"" . (length $text > 60 ? '... (' . length($text) . ' bytes)' : '');
}

# The student's row of this connection, as netstat has it now: (state, Recv-Q, Send-Q), or nothing.
sub kernel_row {
    my @row;
    @others = ();
    $listens = 0;
    for (qx(netstat -antW 2>/dev/null)) {
        my (undef, $recv, $send, $own, $other, $state) = split;
        next unless defined $state && /^tcp/ && "$own $other" =~ /:$port\b/;
        my ($at, $to) = map { /:(\d+)$/ ? $1 : 0 } $own, $other;
        my $ours = defined $my_port && ($at == $my_port || $to == $my_port);
        print "netstat: $_" if $ours || $state ne 'TIME_WAIT';    # not what the tests before this one left
        $listens ||= $at == $port && $state eq 'LISTEN';
        push @others, $state if !$ours && $at == $port && $state =~ /^(?:ESTABLISHED|CLOSE_WAIT)$/;
        @row = ($state, $recv, $send)
            if defined $my_port && ($student eq 'server' ? $at == $port && $to == $my_port : $at == $my_port && $to == $port);
    }
    return @row;
}

sub problem {
    my ($what, $why, $row_shown) = @_;
    kernel_row() unless $row_shown;
    print "$what.\n";
    print "reason: $why\n";
    exit 1;
}

# The connection was reset. If nobody listens any more, though the server runs, it had not been accepted: the kernel resets
# what waits in the queue of a listening socket that is closed. Only this host's sockets can be seen.
sub reset_came {
    my ($what, $why) = @_;
    kernel_row();
    $why = '[stops-listening] your server does not listen any more: did it close its listening socket? The kernel resets the '
        . 'connections that were not accepted yet'
        if $student eq 'server' && $host =~ /^127\./ && !$listens && !gone_soon();
    problem($what, $why, 1);
}

sub silent {
    my ($got, $wanted) = @_;
    my ($state, $recv) = kernel_row();
    my $what = length($got) . ' of ' . length($wanted) . ' bytes came, then nothing more';
    my $why;
    if ($student eq 'client') {
        $why = $got eq '' ? '[sends-nothing] your client is connected and sends nothing: it has to send MESSAGE, or what it '
            . 'reads from stdin if there is none'
            : '[no-loop-on-write] your client did not send all of its message: write() may take fewer bytes than you give it, '
            . 'so loop until it has taken everything';
    }
    elsif (!defined $state) { $why = '[closes-early] your server closed the connection before it had sent everything back, or it died' }
    elsif ($recv > 0) {
        $why = not_reading($recv, $got);
    }
    elsif ($got ne '' && first_zero($wanted, length $got)) { $why = zero_byte() }
    elsif ($got eq '') {
        $why = '[answers-late] your server read the bytes (its Recv-Q is 0) and sent nothing back. Does it wait for the end of file, '
            . 'for a newline or for a full buffer before it answers? Send back what each read() brings';
    }
    elsif (length($wanted) - length $got == 1) { $why = all_but_one() }
    else {
        $why = '[no-loop-on-write] your server read everything and sent back only a part. write() may take fewer bytes than you give it: '
            . 'loop until all are written, and send as many bytes as read() returned';
    }
    problem($what, $why, 1);
}

# Bytes wait in the Recv-Q of the student's server.
sub not_reading {
    my ($recv, $got) = @_;
    my $waits = "your server does not read: $recv bytes wait in its Recv-Q";
    return "[one-client-blocks] $waits. It is still with the client before, which has closed: read() that returns 0 is that "
        . "client's end; close, and accept the next one" if grep { $_ eq 'CLOSE_WAIT' } @others;
    return "[one-client-blocks] $waits. It is still with another client, which says nothing, or in a write to one that does "
        . 'not read' if @others;
    return "[one-read] $waits. It has read before, so loop: read() until it returns 0" if $got ne '';
    return "[not-reading] $waits. Did it never call accept(), or read(), or does it wait for something else?";
}

sub all_but_one {
    return "[wrong-length] your $student " . ($student eq 'server' ? 'sends back' : 'sends')
        . ' all but the last byte: the length is what read() returned, and not one less';
}

sub ended_early {
    my ($got, $wanted) = @_;
    my $what = "The end of file came after " . length($got) . ' of ' . length($wanted) . ' bytes';
    problem($what, $student eq 'client' && $got eq ''
        ? '[sends-nothing] your client closed its half and had sent nothing: it has to send MESSAGE, or what it reads from stdin if there is none'
        : $student eq 'client'
        ? '[no-loop-on-write] your client closed its half before it had sent everything: loop until write() has taken all bytes'
        : !$half_closed
        ? '[closes-early] your server closed the connection, though its client had not: close only after read() has returned 0'
        : length($wanted) - length $got == 1 ? all_but_one()
        : '[no-loop-on-write] your server closed the connection before it had sent everything back: loop until write() has '
            . 'taken all bytes');
}

sub surplus {
    my $data = shift;
    my $what = 'After the last expected byte came ' . length($data) . ' more: ' . shown(added($SHIFT, $data));
    problem($what, extra($data));
}

sub extra {
    my $data = shift;
    my $act = $student eq 'server' ? 'sends back' : 'sends';
    my @ways = ($data, added($SHIFT, $data));    # it may have been added behind the variant's SHIFT, or before
    return "[newline-added] your $student adds a newline: TCP carries bytes, not lines; send just the bytes that were given" if grep { /^\r?\n/ } @ways;
    return "[terminator-sent] your $student $act a zero byte that ends a C string: its length is strlen(), and no byte more" if grep { /^\0/ } @ways;
    return "[wrong-length] your $student $act more bytes than it was given: send as many as read() returned, not the whole buffer";
}

sub different {
    my ($got, $wanted) = @_;
    my $at = 0;
    $at++ while substr($got, $at, 1) eq substr $wanted, $at, 1;
    my ($is, $should) = (substr($got, $at, 24), substr $wanted, $at, 24);
    my $what = "Byte $at is wrong: expected " . join ', got ', map { shown(added($SHIFT, $_)) } $should, $is;
    my $other = $student eq 'server' ? other_variant(added($SHIFT, $got), $wanted) : '';
    my $verb = $student eq 'server' ? 'sends back' : 'sends';
    my $why;
    if ($other ne '') { $why = $other }
    elsif (length $is && lc $is eq lc substr $should, 0, length $is) { $why = "[wrong-bytes] your $student changes upper and lower case" }
    elsif (index($should, substr $is, 1, 8) == 0 && grep { /^[\r\n\0]/ } $is, added($SHIFT, $is)) { $why = extra($is) }
    elsif (first_zero($wanted, $at)) { $why = zero_byte() }
    elsif ($student eq 'client' && length $wanted < 200) { $why = '[ignores-message] your client does not send the bytes of MESSAGE (or of stdin)' }
    elsif (left_out($got, $wanted, $at) == 1) { $why = all_but_one() }
    elsif (left_out($got, $wanted, $at)) {
        $why = "[no-loop-on-write] your $student left out bytes from byte $at on: write() may take fewer bytes than you give "
            . 'it, so loop until all are written';
    }
    elsif ($at > 0) { $why = "[wrong-length] your $student lost or changed bytes from byte $at on: send as many bytes as read() returned" }
    else { $why = "[wrong-bytes] your $student $verb other bytes than it was given" }
    problem($what, $why);
}

# How many bytes are missing at $at: what came is right, but from further on. 8 bytes in a row do not agree by chance.
sub left_out {
    my ($got, $wanted, $at) = @_;
    my $next = substr $got, $at, 64;
    my $from = length $next >= 8 ? index($wanted, $next, $at) : -1;
    return $from < 0 ? 0 : $from - $at;
}

# Is there a zero byte at $at, and none before it? If one came through, zero bytes are not the trouble. With SHIFT
# another byte may have become one.
sub first_zero {
    my ($wanted, $at) = @_;
    return index($wanted, "\0") == $at || index(added($SHIFT, $wanted), "\0") == $at;
}

sub zero_byte {
    return "[stops-at-zero] your $student stops at a zero byte: don't use strlen() or other string functions on what read() brought";
}

sub never_closed {
    my ($state, $recv, $send) = kernel_row();
    my $what = 'The end of file did not come';
    my $why;
    if ($student eq 'client') {
        $why = '[no-half-close] your client sent its bytes but never its FIN: after the last byte call shutdown(fd, SHUT_WR), '
            . 'or the server cannot know that this was all';
    }
    elsif (!defined $state) { $why = '[resets] your server is gone without closing the connection in order' }
    elsif ($state eq 'CLOSE_WAIT' && $recv <= 1) {
        $why = '[never-closes] your server stayed in CLOSE_WAIT: it read 0 bytes, which is EOF, and never called close()';
    }
    elsif ($state eq 'CLOSE_WAIT') {
        $why = "[one-read] your server stayed in CLOSE_WAIT with $recv bytes unread: it stopped reading before the end of file";
    }
    else { $why = "[never-closes] your server does not close the connection after the end of file; its state is $state" }
    problem($what, $why, 1);
}

1;
