package Lesson::Form;

# The form that all lessons have: their parts in order, commands that are run, links that lead somewhere.
use strict;
use warnings;
use Exporter 'import';
use File::Basename 'dirname';
use Lesson::Text qw(blocks_of stale_excerpts read_lesson);
our @EXPORT_OK = qw(form_faults);

my @sections = ('The idea', 'Predict', 'Run', 'Look', 'Break it', 'For Go readers', 'Build it yourself',
    'Check', 'Further');

# What is wrong with a lesson's form, a line each: FILE:LINE: what.
sub form_faults {
    my ($file, $root) = @_;
    return "$file: missing\n" if !-f $file;
    my $lesson = read_lesson($file);
    my @lines  = @{ $lesson->{lines} };
    my @blocks = blocks_of($file, @lines);
    my @prose  = prose(\@lines, @blocks);
    my @faults = (parts_faults(@prose), command_faults(@blocks), link_faults($file, @prose));
    push @faults, [ 1, 'no command is shown: there is no ```console block' ] if !@{ $lesson->{items} };
    return (map { "$file:$_->[0]: $_->[1]\n" } @faults), stale_excerpts($lesson, $root);
}

# The lines, blocks of code made empty so that the numbers stay.
sub prose {
    my ($lines, @blocks) = @_;
    my @prose = @$lines;
    for my $block (@blocks) {
        @prose[ $block->{first} - 1 .. $block->{first} + @{ $block->{content} } ] = ('') x (2 + @{ $block->{content} });
    }
    return @prose;
}

# Title, what the reader will be able to do, and each section once, in order.
sub parts_faults {
    my @prose = @_;
    my @faults;
    push @faults, [ 1, 'the first line is the title: # ...' ] if $prose[0] !~ /^# \S/;
    my ($able) = grep { $prose[$_] =~ /^\*\*You will be able to\*\* \S/ } 0 .. $#prose;
    my ($idea) = grep { $prose[$_] =~ /^## / } 0 .. $#prose;
    push @faults, [ 1, 'before the first section stands a paragraph that begins "**You will be able to** "' ]
        if !defined $able || (defined $idea && $able > $idea);
    my @wanted = @sections;
    for my $i (1 .. $#prose) {
        push @faults, [ $i + 1, "a second title" ] if $prose[$i] =~ /^# /;
        my ($heading) = $prose[$i] =~ /^## +(.*?)\s*$/ or next;
        my ($at) = grep { $wanted[$_] eq $heading } 0 .. $#wanted;
        if (!defined $at) {
            my $known = grep { $_ eq $heading } @sections;
            push @faults, [ $i + 1, $known ? "## $heading: not in its place; the order is: " . join(', ', @sections)
                : "## $heading: no lesson has this part; make it ###" ];
            next;
        }
        push @faults, [ $i + 1, "## $_: missing before ## $heading" ] for splice @wanted, 0, $at;
        shift @wanted;
    }
    push @faults, [ scalar @prose, "## $_: missing" ] for @wanted;
    return @faults;
}

# Commands in blocks that no test runs.
sub command_faults {
    my @faults;
    for my $block (@_) {
        if ($block->{info} =~ /^console\b/) {
            push @faults, [ $block->{first}, 'this block runs wire, which not every machine can: mark it wire~' ]
                if $block->{info} !~ / wire~/ && grep { /^\$ (?:.*[;&|(] *|\w+=.* )?(?:time )?wire / } @{ $block->{content} };
            next;
        }
        push @faults, [ $block->{first}, "no test runs the commands of a \"$block->{info}\" block: make it console" ]
            if $block->{info} =~ /^(?:sh|bash|shell|shell-session)\b/;
        my ($at) = grep { $block->{content}[$_] =~ /^\$ / } 0 .. $#{ $block->{content} };
        push @faults, [ $block->{first} + $at + 1, 'no test runs this: make the block ```console; a command of another '
            . 'system stands in ```text without "$ "' ] if defined $at;
    }
    return @faults;
}

# Links and reference definitions whose file or heading does not exist.
sub link_faults {
    my ($file, @prose) = @_;
    my @faults;
    for my $i (0 .. $#prose) {
        my $text = $prose[$i] =~ s/`[^`]*`//gr;
        for my $link ($text =~ /\]\(([^)\s]+)[^)]*\)/g, $text =~ /^\[[^\]]+\]: *(\S+)/) {
            next if $link =~ /^[a-z]+:/;
            my ($path, $anchor) = $link =~ /^([^#]*)#?(.*)/;
            my $target = $path eq '' ? $file : dirname($file) . "/$path";
            if (!-e $target) { push @faults, [ $i + 1, "the link $link leads to no file" ] }
            elsif ($anchor ne '' && $target =~ /\.md$/ && !{ anchors($target) }->{$anchor}) {
                push @faults, [ $i + 1, "the link $link leads to no heading" ];
            }
        }
    }
    return @faults;
}

# The anchors that GitHub makes of a file's headings.
sub anchors {
    my ($file) = @_;
    open my $in, '<', $file or return;
    chomp(my @lines = <$in>);
    my (%anchors, %count);
    for (prose(\@lines, blocks_of($file, @lines))) {
        my ($anchor) = /^#+ +(.*?)\s*$/ or next;
        utf8::decode($anchor);
        $anchor = lc $anchor;
        $anchor =~ s/[^\w\- ]//g;
        $anchor =~ tr/ /-/;
        utf8::encode($anchor);
        $anchors{ $count{$anchor}++ ? "$anchor-" . ($count{$anchor} - 1) : $anchor } = 1;
    }
    return %anchors;
}

1;
