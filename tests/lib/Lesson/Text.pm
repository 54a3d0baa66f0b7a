package Lesson::Text;

# Reading a lesson: what it tells to type, what it says is printed then, and which files it quotes.
use strict;
use warnings;
use Exporter 'import';
use File::Glob 'bsd_glob';
our @EXPORT_OK = qw(read_lesson leave_out_wire blocks_of typed goes_on status_is_shown is_look stale_excerpts);

# A lesson: its lines, its items and its excerpts of files. Dies with FILE:LINE and what is wrong there.
sub read_lesson {
    my ($file) = @_;
    open my $in, '<', $file or die "tests/lesson: $file: $!\n";
    chomp(my @lines = <$in>);
    my $lesson = { file => $file, lines => \@lines, items => [], excerpts => [] };
    for my $block (blocks_of($file, @lines)) {
        my $info = $block->{info};
        if ($info =~ /^console\b/) {
            push @{ $lesson->{items} }, console_items($file, $block);
        } elsif ($info =~ /^c(?:\s+(\S+))?$/) {
            push @{ $lesson->{excerpts} }, { line => $block->{first}, file => $1, lines => $block->{content} };
        }
    }
    link_items($lesson->{items});
    return $lesson;
}

# Takes the items of blocks marked wire~ out of a lesson.
sub leave_out_wire {
    my ($lesson) = @_;
    $lesson->{items} = [ grep { !$_->{wire} } @{ $lesson->{items} } ];
    delete $_->{next} for @{ $lesson->{items} };
    link_items($lesson->{items});
}

# The fenced blocks: {info, indent, first => index of the first line within, content => lines without the indentation}.
sub blocks_of {
    my ($file, @lines) = @_;
    my ($block, @blocks);
    for my $i (0 .. $#lines) {
        if (!$block) {
            $block = { indent => $1, fence => $2, info => $3, first => $i + 1 }
                if $lines[$i] =~ /^([ ]*)(`{3,}|~{3,})[ ]*([^`]*?)\s*$/;
        } elsif ($lines[$i] =~ /^ *\Q$block->{fence}\E\s*$/) {
            $block->{content} = [ map { s/^$block->{indent}//r } @lines[ $block->{first} .. $i - 1 ] ];
            push @blocks, $block;
            undef $block;
        }
    }
    die "$file:$block->{first}: this block has no end\n" if $block;
    return @blocks;
}

# One item for each thing that is typed: {do, text, wanted => lines, line => number of the line that says so,
# at => index of the first wanted line, terminal, loose, races, wire, indent}.
sub console_items {
    my ($file, $block) = @_;
    my %common = (terminal => 1, loose => 0, races => 0, wire => 0, indent => $block->{indent});
    my (undef, @words) = split ' ', $block->{info};
    for (@words) {
        if    (/^terminal=([1-9]\d?)$/) { $common{terminal} = $1 }
        elsif ($_ eq 'bytes~')          { $common{loose} = 1 }
        elsif ($_ eq 'races~')          { $common{races} = 1 }
        elsif ($_ eq 'wire~')           { $common{wire} = 1 }
        else  { die "$file:$block->{first}: console blocks know no \"$_\"; they know terminal=N, bytes~, races~ and wire~\n" }
    }
    my @content = @{ $block->{content} };
    my @items;
    my $continued = 0;
    for my $i (0 .. $#content) {
        my $place = $block->{first} + $i;
        my $item  = sub { push @items, { %common, line => $place + 1, at => $place + 1, wanted => [], @_ } };
        if ($continued) { $items[-1]{text} .= "\n$content[$i]"; $items[-1]{at}++ }
        elsif ($content[$i] =~ /^\$ (.*)/) { $item->(do => 'run', text => $1) }
        elsif ($content[$i] eq '^C')       { $item->(do => 'interrupt', text => '^C') }
        elsif ($content[$i] eq '^D')       { $item->(do => 'end of input', text => '^D') }
        elsif ($content[$i] =~ /^(.*)⏎$/)  { $item->(do => 'type', text => $1) }
        else {
            $item->(do => 'go on', text => '', line => $place, at => $place) if !@items;
            push @{ $items[-1]{wanted} }, $content[$i];
        }
        $continued = $items[-1]{do} eq 'run' && !@{ $items[-1]{wanted} } && $items[-1]{text} =~ /\\$/;
    }
    # A block without a line shows that nothing came, or is to be filled by --update.
    push @items, { %common, do => 'go on', text => '', line => $block->{first}, at => $block->{first}, wanted => [] }
        if !@items;
    return @items;
}

# Gives each item the next one of its terminal.
sub link_items {
    my ($items) = @_;
    my (%last, %server);
    for my $item (@$items) {
        my $terminal = $item->{terminal};
        ($server{$terminal}) = ($item->{text} =~ /\b(70\d\d)\b/, '') if $item->{do} eq 'run';
        $item->{server} = $server{$terminal} // '';    # of the command whose output it shows
        $last{$terminal}{next} = $item if $last{$terminal};
        $last{$terminal} = $item;
    }
}

# What an item types, for messages.
sub typed {
    my ($item) = @_;
    return $item->{do} eq 'run' ? "\$ $item->{text}" : join ' ', "($item->{do})", grep { $_ ne '' } $item->{text};
}

# Whether the item that follows in this terminal shows more of the same command's output.
sub goes_on { my ($item) = @_; return $item->{next} && $item->{next}{do} eq 'go on' }

# Whether the exit status of the item's command is shown by the lesson.
sub status_is_shown {
    my ($item) = @_;
    $item = $item->{next};
    $item = $item->{next} while $item && $item->{do} ne 'run';
    return $item && $item->{text} =~ /^echo (?:"?\$\?"?)$/;
}

# Whether the item looks at the kernel and changes nothing: it may be repeated, and its rows have no order.
sub is_look {
    my ($item) = @_;
    my $text = $item->{text} =~ s{\s2>/dev/null(?=\s|\z)}{}gr;
    return 0 if $item->{do} ne 'run' || $text =~ /[;&>]|\b(?:kill|xargs|tee|sort|head|tail)\b/;
    for (split /\|/, $text) {
        return 1 if /^\s*(?:\w+=\S*\s+)*(?:(?:wire\s+)?netstat|ss)\b(?!.*\s--?(?:c\w*|continuous|h|help|V|version)\b)/;
        return 1 if /^\s*tcpstate\b(?!\s+(?:watch|diagram|hold|tour|explain)\b)(?!.*\s--?(?:h|help|version)\b)/;
    }
    return 0;
}

# What is wrong with the excerpts: they are not, or not any more, consecutive lines of their file under $root. One that
# names no file has to stand in some C file.
sub stale_excerpts {
    my ($lesson, $root) = @_;
    my @stale;
    for my $excerpt (@{ $lesson->{excerpts} }) {
        my $text  = join '', map { "$_\n" } @{ $excerpt->{lines} };
        my @files = defined $excerpt->{file} ? "$root/$excerpt->{file}" : bsd_glob "$root/{*,*/*,*/*/*}/*.[ch]";
        next if grep { index("\n" . contents($_), "\n$text") >= 0 } @files;
        my $place = "$lesson->{file}:$excerpt->{line}";
        push @stale, defined $excerpt->{file}
            ? stale_line($excerpt, $place, contents($files[0]))
            : "$place: these are not consecutive lines of any C file; ```c FILE quotes FILE, other code is ```text\n";
    }
    return @stale;
}

sub contents {
    my ($file) = @_;
    open my $in, '<', $file or return '';
    local $/;
    return <$in> // '';
}

# Names the first line of an excerpt that its file hasn't, if there is one.
sub stale_line {
    my ($excerpt, $place, $contents) = @_;
    return "$place: there is no file $excerpt->{file}\n" if $contents eq '';
    my %there = map { $_ => 1 } split /\n/, $contents;
    my ($first) = grep { !$there{ $excerpt->{lines}[$_] } && $excerpt->{lines}[$_] ne '' } 0 .. $#{ $excerpt->{lines} };
    my $why = "$place: these are not consecutive lines of $excerpt->{file}\n";
    my $line = $excerpt->{line} + 1 + ($first // 0);
    $why .= "$place: ... it has no line like this one, in line $line:\n-$excerpt->{lines}[$first]\n" if defined $first;
    return $why;
}

1;
