package Predict::Question;

# What a lesson asks and what settles it: the questions of lesson.md, and the entries of its data file `predict`.
# The format of that file is explained in tests/predict.
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(read_questions choices_of);

# The lesson in DIRECTORY: {introduction, questions => [{number, text, choices, run, right, by, why, section, hosts}]}.
# Dies with FILE:LINE and what is wrong there, or which question and entry don't belong together.
sub read_questions {
    my ($directory) = @_;
    my ($introduction, $text, $headings) = read_lesson("$directory/lesson.md");
    my $entry = read_entries("$directory/predict", $headings);
    my @questions;
    for my $number (1 .. @$text) {
        my $found = delete $entry->{$number} or die "$directory/predict: no entry for question $number of lesson.md\n";
        push @questions, { %$found, number => $number, text => $text->[ $number - 1 ] };
    }
    my ($extra) = sort { $a <=> $b } keys %$entry;
    die "$directory/predict: an entry for question $extra, which lesson.md does not ask\n" if defined $extra;
    return { introduction => $introduction, questions => \@questions };
}

# What stands before the first question, the questions, and the lesson's headings.
sub read_lesson {
    my ($file) = @_;
    open my $in, '<:encoding(UTF-8)', $file or die "$file: $!\n";
    my (@section, %heading, $inside, $fence);
    while (<$in>) {
        $fence = !$fence if /^```/;
        if (!$fence && /^##+ (.*\S)/) {
            $heading{$1} = 1;
            $inside = $1 eq 'Predict';
        } elsif ($inside) {
            push @section, $_;
        }
    }
    # A question begins with the next number, be it at the beginning of a line or (a list that was filled up) within.
    my ($introduction, @questions) = ('');
    my $rest = join '', @section;
    my $next = 1;
    while ($rest =~ /\A(.*?)(?:\A|\s)\Q$next\E\.\s+(.*)\z/s) {
        my ($before, $after) = ($1, $2);
        if ($next == 1) { $introduction = $before }
        else            { $questions[-1] = $before }
        push @questions, $rest = $after;
        $next++;
    }
    die "$file: its section Predict asks nothing\n" if !@questions;
    $introduction =~ s/Write your answers down.*?settle each\.//s; # said of paper
    s/\s+/ /g, s/^ | $//g for $introduction, @questions;
    return ($introduction, \@questions, \%heading);
}

# The entries by number.
sub read_entries {
    my ($file, $headings) = @_;
    open my $in, '<:encoding(UTF-8)', $file or die "$file: $!\n";
    my (%entry, $entry, $into);
    my $wrong = sub { die "$file:$.: $_[0]\n" };
    while (<$in>) {
        s/\s+\z//;
        if (/^(?:#.*)?$/) {
            $$into .= "\n" if $into && $_ eq '';
        } elsif (/^question (\d+)$/) {
            $wrong->("question $1 for the second time") if $entry{$1};
            $entry{$1} = $entry = { line => $., choices => [] };
            undef $into;
        } elsif (!$entry) {
            $wrong->('nothing can stand before the first question');
        } elsif (/^([a-e]) (\S.*)$/) {
            $wrong->("choice $1 is not in its place") if $1 ne chr(ord('a') + @{ $entry->{choices} });
            push @{ $entry->{choices} }, { letter => $1, text => $2, patterns => '' };
            $into = \$entry->{choices}[-1]{patterns};
        } elsif (/^run$/) {
            $into = \($entry->{run} = '');
        } elsif (/^(why|by) (\S.*)$/) {
            $into = \($entry->{$1} = $2);
        } elsif (/^(right|section|needs) (\S.*)$/) {
            ($entry->{$1}, $into) = ($2, undef);
        } elsif ($into && s/^    //) {
            $$into .= ($$into eq '' ? '' : "\n") . $_;
        } else {
            $wrong->("not understood: $_");
        }
    }
    complete($file, $_, $headings) for map { $entry{$_} } sort { $a <=> $b } keys %entry;
    return \%entry;
}

# Refuses an entry that lacks something, and makes lists of patterns out of lines.
sub complete {
    my ($file, $entry, $headings) = @_;
    my $wrong   = sub { die "$file:$entry->{line}: $_[0]\n" };
    my @choices = @{ $entry->{choices} };
    $wrong->('2 to 5 choices') if @choices < 2;
    defined $entry->{$_} or $wrong->("there is no line '$_'") for qw(why section);
    $headings->{ $entry->{section} } or $wrong->("lesson.md has no section '$entry->{section}'");
    $entry->{needs} //= '';
    $wrong->("needs hosts, or nothing") if $entry->{needs} !~ /^(?:hosts)?$/;
    s/\s+/ /g for grep { defined } @$entry{qw(why by)};
    for my $choice (@choices) {
        $choice->{patterns} = [ grep { $_ ne '' } split /\n/, $choice->{patterns} ];
        $wrong->("choice $choice->{letter} needs a pattern") if defined $entry->{run} && !@{ $choice->{patterns} };
        compiled($_, 1) // $wrong->("choice $choice->{letter}: not a pattern: $_") for @{ $choice->{patterns} };
    }
    if (defined $entry->{run}) {
        $wrong->("'right' is for what no run settles") if defined $entry->{right} || defined $entry->{by};
    } else {
        $wrong->("a run, or 'right LETTER' and 'by SOURCE'") if !defined $entry->{right} || !defined $entry->{by};
        $wrong->("no choice $entry->{right}") if !grep { $_->{letter} eq $entry->{right} } @choices;
    }
    return;
}

# A pattern as perl's, for a run whose server has PORT; undef if it is none.
sub compiled {
    my ($pattern, $port) = @_;
    my %row = (server => '\S+:PORT +\S+', client => '\S+ +\S+:PORT');
    my $queue = sub { $_[0] eq '*' ? '\d+' : $_[0] };
    $pattern =~ s/^!//;
    $pattern =~ s/\{(server|client) (\S+) (\S+) (\S+)\}/
        "^(?:tcp|udp) +(?:" . $queue->($2) . ") +(?:" . $queue->($3) . ") +$row{$1} +(?:$4)\\b"/ge;
    $pattern =~ s/PORT/$port/g;
    return eval { qr/$pattern/m };
}

# The choices that what a run printed (without the lines that show a command) makes right.
sub choices_of {
    my ($question, $output, $port) = @_;
    my @right;
    for my $choice (@{ $question->{choices} }) {
        my @patterns = @{ $choice->{patterns} };
        my @fitting  = grep { my $found = $output =~ compiled($_, $port); /^!/ ? !$found : $found } @patterns;
        push @right, $choice->{letter} if @fitting == @patterns;
    }
    return @right;
}

1;
