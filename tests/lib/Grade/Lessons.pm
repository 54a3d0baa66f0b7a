package Grade::Lessons;

# What there is to be graded: the lessons' check.bats, their tests and points; and the catalogue of diagnoses.
#
# A test is { lesson => "03-close", file, line, number => its place in the file, name => as bats has it, title, worth =>
# points, result => undef | passed | failed | skipped, got => points, ms, diagnosis => id, reason, details => [...] }.
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(lessons_with_checks tests_of diagnoses);

# The lessons with a check, all or the one of that number: ("01-sockets", ...).
sub lessons_with_checks {
    my ($root, $wanted) = @_;
    my @lessons = map { m{/lessons/([^/]+)/} } glob "$root/lessons/[0-9][0-9]-*/check.bats";
    return @lessons unless defined $wanted;
    my $number = sprintf '%02d', $wanted;
    return grep { /^$number-/ } @lessons;
}

sub tests_of {
    my ($root, $lesson, $only) = @_;
    my $file = "lessons/$lesson/check.bats";
    open my $check, '<', "$root/$file" or die "grade: $file: $!\n";
    my (@tests, $number);
    while (defined(my $line = <$check>)) {
        next unless $line =~ /^\@test "(.*)" \{(?: .*\})?$/;
        my $name = $1;
        $number++;
        next if index($name, $only // '') < 0;
        my ($worth, $title) = $name =~ /^\[(\d+)\] (.*)$/ ? ($1, $2) : (1, $name);
        push @tests, {
            lesson => $lesson, file => $file, line => $., number => $number,
            name => $name, title => $title, worth => $worth, got => 0, details => [],
        };
    }
    return @tests;
}

# id => { section => "lessons/03-close/lesson.md#...", words }
sub diagnoses {
    my ($root) = @_;
    my %diagnosis;
    open my $list, '<', "$root/tests/diagnoses" or return {};
    while (defined(my $line = <$list>)) {
        next if $line =~ /^#/ || $line !~ /\|/;
        chomp $line;
        my ($id, $section, $words) = split /\s*\|\s*/, $line;
        $diagnosis{$id} = { section => $section, words => $words };
    }
    return \%diagnosis;
}

1;
