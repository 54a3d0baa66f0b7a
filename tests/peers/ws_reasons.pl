# ws_reasons.pl: what ws_peer says when a step fails: what came, what netstat shows, and after "reason: " what is probably
# wrong in the student's server, with the diagnosis in front (an id of tests/diagnoses).
use strict;
use warnings;
use MIME::Base64 qw(encode_base64);

our ($port, %client);                         # the server's; by name
our $ROOM;                                    # where the student's variant has its room: ws without a seed
our ($sender, $sent_how, $sent_bytes);        # of the message that was sent last

sub shown {
    my $text = shift;
    my $cut  = length $text > 60 ? substr($text, 0, 60) : $text;
    $cut =~ s/([\\"])/\\$1/g;
    $cut =~ s/\r/\\r/g;
    $cut =~ s/\n/\\n/g;
    $cut =~ s/([\x00-\x1f\x7f])/sprintf '\\x%02x', ord $1/ge;
    my $characters = $cut;
    $cut =~ s/([\x80-\xff])/sprintf '\\x%02x', ord $1/ge unless utf8::decode($characters);
    return "\"$cut\"" . (length $text > 60 ? '... (' . length($text) . ' bytes)' : '');
}

# netstat's rows of the server's port, without what the tests before this one left.
sub rows { return grep { /:$port\b/ && !/TIME_WAIT/ } qx(netstat -antW 2>/dev/null) }

sub problem {
    my ($what, $why) = @_;
    my @rows = rows();
    print "netstat: $_" for splice @rows, 0, 12;
    print 'netstat: and ', scalar @rows, " rows more\n" if @rows;
    print "$what.\n";
    print "reason: $why\n";
    exit 1;
}

# The server's row of this client's connection: (state, Recv-Q), or nothing.
sub server_row {
    my ($c) = @_;
    for (rows()) {
        my (undef, $recv, undef, $own, $other, $state) = split;
        return ($state, $recv) if $own =~ /:$port$/ && $other =~ /:$c->{port}$/;
    }
    return;
}

# ---- the upgrade

sub no_upgrade {
    my ($c, $path) = @_;
    my ($state, $recv) = server_row($c);
    my $busy = grep { $_ ne $c->{name} } keys %client;
    my $why;
    if (!defined $state || $state ne 'ESTABLISHED') {
        $why = '[no-upgrade] your server ends the connection instead of answering a valid upgrade with 101 Switching Protocols';
    }
    elsif ($recv > 0 && $busy) {
        $why = "[one-client-blocks] the request is in your server's Recv-Q and is not read, while $busy other(s) are connected: all "
            . 'clients have to be served at the same time (poll, epoll, or a thread for each)';
    }
    elsif ($recv > 0) { $why = '[not-reading] the request is in your server\'s Recv-Q, and is not read' }
    else { $why = '[no-upgrade] your server has read the request and does not answer: the request ends with an empty line, "\r\n\r\n"; '
            . 'do not wait for the end of file' }
    problem("$c->{name} asked for $path, and no answer came", $why);
}

sub check_answer {
    my ($c, $path, $head, $digest, %wrong) = @_;
    my ($first, @lines) = split /\r\n/, $head;
    problem("$c->{name} asked for $path and was answered " . shown($first), "[wrong-variant] your server does not know the path $path: "
        . "in this exercise's variant the room is at /$ROOM, and not at /ws (ROOM in variant.h). Is it the seed that you were given?")
        if $ROOM ne 'ws' && $first =~ m{^HTTP/1\.\d 4};
    problem("$c->{name} asked for $path and was answered " . shown($first), "[no-upgrade] a valid upgrade on a path that ends in /$ROOM is "
        . 'answered with "HTTP/1.1 101 Switching Protocols", each line ending in "\r\n"') if $first !~ m{^HTTP/1\.1 101(?: |$)};
    my %header;
    for (@lines) { $header{ lc $1 } = $2 if /^([^:\s]+):[ \t]*(.*?)[ \t]*$/ }
    for (['upgrade', 'websocket'], ['connection', 'upgrade']) {
        my ($field, $token) = @$_;
        problem("$c->{name}: the answer has " . (defined $header{$field} ? "$field: " . shown($header{$field}) : "no $field"),
            "[no-upgrade] the answer needs the header \u$field: \u$token (RFC 6455, 4.2.2)") if ($header{$field} // '') !~ /(?:^|[ ,])$token(?:$|[ ,])/i;
    }
    my $got = $header{'sec-websocket-accept'};
    problem("$c->{name}: the answer has no Sec-WebSocket-Accept", '[wrong-accept] the answer has to prove that it has read the key: '
        . 'Sec-WebSocket-Accept is base64(SHA-1(key + GUID))') if !defined $got;
    my $right = encode_base64($digest, '');
    return if $got eq $right;
    for my $mistake (sort keys %wrong) {
        problem("$c->{name}: Sec-WebSocket-Accept is " . shown($got) . ", and has to be \"$right\"", "[wrong-accept] it is $mistake")
            if lc $got eq lc $wrong{$mistake};
    }
    problem("$c->{name}: Sec-WebSocket-Accept is " . shown($got) . ", and has to be \"$right\"", '[wrong-accept] it is '
        . 'base64(SHA-1(key + GUID)): the key as it stands in the request, behind it the GUID of RFC 6455, 1.3; the digest\'s 20 bytes in base64');
}

# ---- frames

sub wrong_head {
    my ($c, $first, $second) = @_;
    my $opcode = $first & 0x0f;
    problem("$c->{name} got a frame that begins " . sprintf('%02x %02x', $first, $second) . ': its mask bit is set',
        '[masks-frames] your server masks its frames: only a client\'s are masked (RFC 6455, 5.1)') if $second & 0x80;
    problem("$c->{name} got a frame that begins " . sprintf('%02x %02x', $first, $second) . ': ' . shown($c->{in}), '[wrong-frame-length] that '
        . 'is no frame. 81 and the length would begin one of text; is the frame before it longer than its length says, or was text sent without a frame?')
        if $first & 0x70 || $opcode > 0xA || $opcode > 2 && $opcode < 8;
    problem("$c->{name} got a control frame with a length of " . ($second & 0x7f), '[wrong-frame-length] a control frame has 125 bytes at most')
        if $opcode >= 8 && ($second & 0x7f) > 125;
}

sub wrong_length {
    my ($c, $n, $head) = @_;
    my $also = $head == 10 ? ': the eight bytes of the length have the most significant one first' : '';
    problem("$c->{name} got a frame that says it has $n bytes", "[wrong-frame-length] that is no length of a message that was sent$also");
}

sub left_early {
    my ($c, $what) = @_;
    problem("$c->{name}: $what", '[closes-early] your server ended this connection, or died, while it should have gone on');
}

sub no_pong {
    my ($c) = @_;
    left_early($c, "a ping was sent: $c->{end}") if defined $c->{end} && $c->{end} !~ /came/;
    problem("$c->{name} sent a ping, and no pong came",
        '[no-pong] your server does not answer a ping: a pong (opcode 0xA) with the same payload, at once, also between fragments');
}

# A message did not come. How it was sent, and what came instead, tells why.
sub not_heard {
    my ($c, $text, @heard) = @_;
    my $heard = @heard ? 'heard ' . join(', ', map { shown($_) } @heard[ 0 .. ($#heard < 2 ? $#heard : 2) ]) . ' instead' : 'heard nothing';
    my $what  = "$c->{name} did not hear " . shown($text) . ": $heard; $c->{end}";
    my $all   = join '', @heard;
    problem($what, '[no-unmask] your server passes the masked bytes on: byte i of the payload is XORed with byte i mod 4 of the mask')
        if masked_bytes() ne '' && index($all, masked_bytes()) >= 0;
    cut_or_longer($c, $what, $text) if $c->{waiting};
    parts_apart($what, $text, $all) if $sent_how =~ /^(?:fragments|interrupted)$/;
    problem($what, '[wrong-frame-length] the message came, and not all of it: lengths of 126 and more stand in two bytes more, the most '
        . 'significant one first; and write() may take less than it is given') if $sent_how eq 'large';
    problem($what, '[segment-is-message] two frames in one segment: what comes behind the first frame must not be thrown away')
        if $sent_how eq 'together' && @{ $c->{heard} };
    problem($what, '[segment-is-message] a frame may come in as many pieces as it has bytes: keep what has come until the frame is whole')
        if $sent_how eq 'dribble';
    my ($state, $recv) = server_row($client{$sender} // $c);
    problem($what, "[one-client-blocks] the message is in your server's Recv-Q and is not read: it waits for another client")
        if defined $recv && $recv > 0;
    left_early($c, $what) if $c->{end} !~ /came/;
    problem($what, '[no-broadcast] a text message has to reach every client that is connected, in one text message that holds it');
}

# The payload of the frame that was sent last, as it was under way.
sub masked_bytes {
    my (undef, $n) = unpack 'CC', $sent_bytes;
    $n = ($n // 0) & 0x7f;
    return $n < 126 && $n > 3 ? substr $sent_bytes, 6, $n : $n == 126 ? substr $sent_bytes, 8, 100 : '';
}

sub cut_or_longer {
    my ($c, $what, $text) = @_;
    my ($n, $there) = @{ $c->{waiting} };
    my $swapped = ($n & 0xff) << 8 | $n >> 8;
    my $why = $n < 65536 && abs($swapped - $there) <= 2 || $swapped >= length $text && $swapped < length($text) + 200
        ? ', which is ' . $swapped . ' with its two bytes swapped: htons()' : ': a short write(), or a wrong length';
    problem("$what. A frame says that it has $n bytes, and $there came", "[wrong-frame-length] your server's frame is not as long as its header says$why");
}

sub parts_apart {
    my ($what, $text, $all) = @_;
    problem($what, '[fragments-apart] your server passes fragments on one by one, or forgets some: they are one message, which ends with the '
        . 'frame whose FIN is set; a ping may come between two of them');
}

1;
