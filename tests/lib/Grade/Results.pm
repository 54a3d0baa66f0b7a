package Grade::Results;

# The results as files in OUT, in the forms that others read. Each is written whole and put in its place by rename after
# every test, so that what is there is never half a file, and a grading that is killed still counts. A test that has not
# been reached yet stands there as failed, and says so.
#
#     results.json    Gradescope        summary.md      for people
#     junit.xml       JUnit             results.tap     TAP 14
#     classroom.txt   GitHub Classroom: the base64 of its JSON
#
# A test is what Grade::Lessons says. $about: { submission, line => confinement, seconds, machine }.
use strict;
use warnings;
use Encode ();
use Exporter 'import';
use JSON::PP ();
use MIME::Base64 'encode_base64';
use POSIX ();
our @EXPORT_OK = qw(write_results clean);

use constant MOST_OUTPUT  => 20_000;    # characters of one test's output
use constant MOST_MESSAGE => 500;       # for GitHub Classroom, which gets all of it in one variable of the environment

my $json = JSON::PP->new->canonical->pretty->indent_length(1);

sub write_results {
    my ($directory, $about, @tests) = @_;
    my %contents = (
        'results.json'  => gradescope($about, @tests),
        'junit.xml'     => junit($about, @tests),
        'results.tap'   => tap($about, @tests),
        'classroom.txt' => encode_base64(Encode::encode('UTF-8', classroom(@tests)), '') . "\n",
        'summary.md'    => summary($about, @tests),
    );
    for my $name (sort keys %contents) {
        my $new = "$directory/.$name.new";
        open my $file, '>:raw', $new or die "grade: $new: $!\n";
        print $file Encode::encode('UTF-8', $contents{$name}) or die "grade: $new: $!\n";
        close $file or die "grade: $new: $!\n";
        rename $new, "$directory/$name" or die "grade: $directory/$name: $!\n";
    }
}

# What a program printed may be anything; what we write is UTF-8 without control characters.
sub clean {
    my $text = Encode::decode('UTF-8', $_[0] // '', Encode::FB_DEFAULT);
    $text =~ s/[^\P{Cc}\t\n]/?/g;
    $text =~ s/[\x{fffe}\x{ffff}\p{Cs}]/?/g;
    return length $text > MOST_OUTPUT ? substr($text, 0, MOST_OUTPUT) . "\n(cut off here)" : $text;
}

sub result_of { return $_[0]{result} // 'failed' }

sub reason_of {
    my ($test) = @_;
    return 'not reached: the grading had not come to this test' if !defined $test->{result};
    return clean($test->{reason});
}

# Everything that there is to say of a failure, line by line.
sub output_of {
    my ($test) = @_;
    return '' if result_of($test) eq 'passed';
    return 'skipped: ' . reason_of($test) if result_of($test) eq 'skipped';
    return join "\n", reason_of($test), ($test->{section} ? "Read: $test->{section}" : ()), map { clean($_) } @{ $test->{details} };
}

sub sum { my $sum = 0; $sum += $_ for @_; return $sum }

# [name, tests...] for each lesson, in their order.
sub by_lesson {
    my (%at, @lessons);
    for (@_) {
        push @lessons, $at{ $_->{lesson} } = [ $_->{lesson} ] if !$at{ $_->{lesson} };
        push @{ $at{ $_->{lesson} } }, $_;
    }
    return @lessons;
}

# ---- Gradescope

sub gradescope {
    my ($about, @tests) = @_;
    my @results = map { {
        name       => "$_->{lesson}: " . clean($_->{title}),
        number     => substr($_->{lesson}, 0, 2) + 0 . ".$_->{number}",
        score      => $_->{got} + 0,
        max_score  => $_->{worth} + 0,
        status     => result_of($_) eq 'passed' ? 'passed' : 'failed',
        output     => output_of($_),
        output_format => 'text',
        visibility => 'visible',
        extra_data => {
            lesson => substr($_->{lesson}, 0, 2), file => $_->{file}, result => result_of($_),
            diagnosis => $_->{diagnosis}, ms => ($_->{ms} // 0) + 0,
        },
    } } @tests;
    my @lessons = map {
        my ($lesson, @its) = @$_;
        { lesson => substr($lesson, 0, 2), points => sum(map { $_->{got} } @its), of => sum(map { $_->{worth} } @its) }
    } by_lesson(@tests);
    return $json->encode({
        score          => sum(map { $_->{got} } @tests),
        execution_time => $about->{seconds} + 0,
        output         => "netstep: $about->{line}",
        output_format  => 'text',
        visibility     => 'visible',
        stdout_visibility => 'hidden',
        tests          => \@results,
        extra_data     => { submission => clean($about->{submission}), of => sum(map { $_->{worth} } @tests), lessons => \@lessons },
    });
}

# ---- JUnit

sub xml {
    my $text = shift;
    $text =~ s/&/&amp;/g;
    $text =~ s/</&lt;/g;
    $text =~ s/>/&gt;/g;
    $text =~ s/"/&quot;/g;
    $text =~ s/\n/&#10;/g;
    return $text;
}

# A hang or a crash is an error, wrong behaviour a failure.
my %error = (
    hang  => 'Timeout', 'ignores-eof' => 'Timeout', 'no-time-out' => 'Timeout',
    crash => 'Crash', killed => 'Crash', sigpipe => 'Crash', 'unbounded-name' => 'Crash', 'endless-output' => 'Crash',
);
sub error_type { return $error{ $_[0]{diagnosis} // '' } }

sub junit_case {
    my ($test) = @_;
    my $result = result_of($test);
    my $case = sprintf qq(  <testcase name="%s" classname="netstep.%s" time="%.3f" file="%s" line="%d">\n),
        xml(clean($test->{title})), $test->{lesson}, ($test->{ms} // 0) / 1000, $test->{file}, $test->{line};
    $case .= sprintf qq(   <properties>\n    <property name="points" value="%d"/>\n    <property name="max_points" value="%d"/>\n), $test->{got}, $test->{worth};
    $case .= qq(    <property name="diagnosis" value="$test->{diagnosis}"/>\n) if $test->{diagnosis};
    $case .= "   </properties>\n";
    $case .= '   <skipped message="' . xml(reason_of($test)) . "\"/>\n" if $result eq 'skipped';
    if ($result eq 'failed') {
        my $type = error_type($test);
        my $kind = $type ? 'error' : 'failure';
        $type //= defined $test->{result} ? $test->{diagnosis} // 'failed' : 'NotReached';
        $case .= sprintf qq(   <%s message="%s" type="%s">%s</%s>\n), $kind, xml(reason_of($test)), $type,
            xml(output_of($test)), $kind;
    }
    return "$case  </testcase>\n";
}

sub junit_counts {
    my @tests = @_;
    my %count = (failures => 0, errors => 0, skipped => 0);
    for (@tests) {
        my $result = result_of($_);
        $count{skipped}++ if $result eq 'skipped';
        $count{ error_type($_) ? 'errors' : 'failures' }++ if $result eq 'failed';
    }
    return sprintf 'tests="%d" failures="%d" errors="%d" skipped="%d" time="%.3f"', scalar @tests, @count{qw(failures errors skipped)},
        sum(map { ($_->{ms} // 0) / 1000 } @tests);
}

sub junit {
    my ($about, @tests) = @_;
    my $stamp = POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $about->{begun});
    my $xml = qq(<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="netstep" ) . junit_counts(@tests) . qq( timestamp="$stamp">\n);
    for (by_lesson(@tests)) {
        my ($lesson, @its) = @$_;
        $xml .= qq( <testsuite name="$lesson" ) . junit_counts(@its) . qq( timestamp="$stamp" file="$its[0]{file}">\n);
        $xml .= junit_case($_) for @its;
        $xml .= " </testsuite>\n";
    }
    return $xml . "</testsuites>\n";
}

# ---- TAP 14

sub tap_text { return $_[0] =~ s/([\\#])/\\$1/gr =~ s/\s+/ /gr }

# A YAML string between double quotes.
sub yaml { return '"' . ($_[0] =~ s/(["\\])/\\$1/gr =~ s/\n/\\n/gr =~ s/\t/\\t/gr) . '"' }

sub tap {
    my ($about, @tests) = @_;
    my $tap = "TAP version 14\n1.." . scalar(@tests) . "\n# $about->{line}\n";
    my $number = 0;
    for my $test (@tests) {
        my $result = result_of($test);
        $tap .= ($result eq 'failed' ? 'not ok' : 'ok') . ' ' . ++$number . " - $test->{lesson}: " . tap_text(clean($test->{title}));
        $tap .= ' # SKIP ' . tap_text(reason_of($test)) if $result eq 'skipped';
        $tap .= "\n";
        next if $result ne 'failed';
        $tap .= "  ---\n  message: " . yaml(reason_of($test)) . "\n";
        $tap .= "  diagnosis: $test->{diagnosis}\n" if $test->{diagnosis};
        $tap .= "  points: 0\n  max_points: $test->{worth}\n  output: " . yaml(output_of($test)) . "\n  ...\n";
    }
    return $tap;
}

# ---- GitHub Classroom

# There is no word for a skipped test; it does not make the whole fail.
sub classroom_status {
    my ($test) = @_;
    return 'pass' if result_of($test) eq 'passed';
    return error_type($test) ? 'error' : 'fail';
}

sub classroom {
    my @tests = @_;
    my @results = map { {
        name => "$_->{lesson}: " . clean($_->{title}), status => classroom_status($_), score => $_->{got} + 0,
        message => substr(output_of($_), 0, MOST_MESSAGE), test_code => '', filename => $_->{file}, line_no => $_->{line} + 0,
        execution_time => sprintf('%.3f', ($_->{ms} // 0) / 1000) + 0,
    } } @tests;
    return JSON::PP->new->canonical->encode({
        version => 1, max_score => sum(map { $_->{worth} } @tests), tests => \@results,
        status => (grep { result_of($_) eq 'failed' } @tests) ? 'fail' : 'pass',
    });
}

# ---- Markdown

sub md { return $_[0] =~ s/([\\`*_{}\[\]<>|#])/\\$1/gr =~ s/\n/ /gr }

sub summary {
    my ($about, @tests) = @_;
    my $md = '# netstep: ' . md(clean($about->{submission})) . "\n\n| lesson | passed | failed | skipped | points |\n| --- | ---: | ---: | ---: | ---: |\n";
    for (by_lesson(@tests), [ 'total', @tests ]) {
        my ($lesson, @its) = @$_;
        my %count = (passed => 0, failed => 0, skipped => 0);
        $count{ result_of($_) }++ for @its;
        $md .= sprintf "| %s | %d | %d | %d | %d of %d |\n", $lesson, @count{qw(passed failed skipped)},
            sum(map { $_->{got} } @its), sum(map { $_->{worth} } @its);
    }
    for (grep { result_of($_) ne 'passed' } @tests) {
        $md .= "\n## $_->{lesson}: " . md(clean($_->{title})) . "\n\n" . (result_of($_) eq 'skipped' ? 'Skipped: ' : "0 of $_->{worth} points. ") . md(reason_of($_)) . "\n";
        $md .= "\nRead: `$_->{section}`\n" if $_->{section};    # OUT may be anywhere: no link would lead there
        next if !@{ $_->{details} };
        $md .= "\n```text\n" . join("\n", map { clean($_) =~ s/```/'''/gr } @{ $_->{details} }) . "\n```\n";
    }
    return $md . "\n" . md($about->{line}) . "\n";
}

1;
