/* list.c: tcpstate [list]: the kernel's TCP sockets, once, as netstat -antW prints them. */
#include "commands.h"
#include "common/report.h"
#include "common/socket_table.h"
#include "filter.h"
#include "owners.h"
#include "row_text.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: tcpstate [list] [options] [FILTER]...\n"
    "Prints the kernel's TCP sockets, row for row as netstat -antW does; the filter runs in the kernel.\n"
    "\n"
    "  -4, -6         IPv4 or IPv6 sockets only\n"
    "  -o, --timers   each socket's timer, as netstat -o: kind (seconds left/repeats/probes)\n"
    "  -p, --program  PID/program that has the socket, where we may look; - where none or hidden\n"
    "      --json     one JSON object a line\n"
    "      --proc     read /proc/net/tcp and tcp6 instead of asking sock_diag\n"
    "  -h, --help     this text\n"
    "\n" FILTER_HELP "\n"
    "Exit status 0, also when no socket matches. 1: the kernel did not answer; 2: wrong arguments.\n"
    "Examples: tcpstate 7000      tcpstate -o TIME_WAIT      tcpstate local=7000 CLOSE_WAIT\n";

enum { OUTPUT_SIZE = 64 * 1024 };

/* A listing on its way to stdout. */
struct listing {
    bool timers, programs, json, proc;
    struct socket_filter filter;
    struct owners owners;
    char output[OUTPUT_SIZE + 2 * ROW_TEXT_SIZE]; /* printed when OUTPUT_SIZE is passed */
    size_t length;
};

static void flush_output(struct listing *listing)
{
    fwrite(listing->output, 1, listing->length, stdout);
    listing->length = 0;
}

/* Appends one row and what was asked for besides. */
static int add_row(const struct socket_row *row, void *context)
{
    struct listing *listing = context;
    char *to = listing->output + listing->length, owner_text[40];
    const char *owner = listing->programs ? owners_find(&listing->owners, row->inode, owner_text) : NULL;
    if (listing->json) {
        to += row_json(row, owner, to);
    } else {
        to += row_text(row, to);
        if (listing->programs)
            to += snprintf(to, 64, " %-20s", owner ? owner : "-");
        if (listing->timers) {
            *to++ = ' ';
            to += timer_text(row, to);
        }
    }
    *to++ = '\n';
    listing->length = (size_t)(to - listing->output);
    if (listing->length >= OUTPUT_SIZE)
        flush_output(listing);
    return ferror(stdout);
}

static int print_listing(struct listing *listing)
{
    struct socket_table table;
    if (socket_table_open_source(&table, listing->proc ? SOURCE_PROC : SOURCE_DIAG) == -1 &&
        (listing->proc || socket_table_open_source(&table, SOURCE_PROC) == -1)) {
        report_errno("neither sock_diag nor /proc/net/tcp shows this system's sockets");
        return EXIT_WORLD;
    }
    if (listing->programs && owners_read(&listing->owners) == -1)
        report_errno("/proc, whose sockets these are");
    else if (listing->programs && !listing->owners.all_seen)
        report("other users' processes are hidden from us: - may be one of theirs");
    if (!listing->json)
        printf("%s%s%s\n", row_heading, listing->programs ? " PID/Program name    " : "",
               listing->timers ? " Timer" : "");
    int result = socket_table_read(&table, &listing->filter, add_row, listing);
    int error = errno;
    socket_table_close(&table);
    owners_free(&listing->owners);
    flush_output(listing);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        report_errno("write standard output");
        return EXIT_WORLD;
    }
    errno = error;
    if (result == -1)
        report_errno("read the kernel's sockets");
    return result == -1 ? EXIT_WORLD : EXIT_DONE;
}

enum { OPTION_JSON = 256, OPTION_PROC };

static const struct option long_options[] = {
    {"timers", no_argument, NULL, 'o'},       {"program", no_argument, NULL, 'p'},
    {"json", no_argument, NULL, OPTION_JSON}, {"proc", no_argument, NULL, OPTION_PROC},
    {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
};

int list_command(int argc, char **argv)
{
    struct listing listing = {.length = 0};
    int option;
    while ((option = getopt_long(argc, argv, "46oph", long_options, NULL)) != -1) {
        switch (option) {
        case '4': listing.filter.family = AF_INET; break;
        case '6': listing.filter.family = AF_INET6; break;
        case 'o': listing.timers = true; break;
        case 'p': listing.programs = true; break;
        case OPTION_JSON: listing.json = true; break;
        case OPTION_PROC: listing.proc = true; break;
        case 'h': fputs(usage, stdout); return EXIT_DONE;
        default: return EXIT_USAGE;
        }
    }
    if (!parse_filter(argc - optind, argv + optind, &listing.filter))
        return EXIT_USAGE;
    return print_listing(&listing);
}
