/* wait.c: tcpstate wait: for scripts and lessons that go on when a connection has come to a state. */
#include "commands.h"
#include "common/await.h"
#include "common/option.h"
#include "common/report.h"
#include "common/socket_table.h"
#include "filter.h"
#include "row_text.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

static const char usage[] = "usage: tcpstate wait [options] FILTER...\n"
                            "Waits until a socket is as FILTER says, and prints it as netstat does.\n"
                            "\n"
                            "      --gone      wait until no socket is so\n"
                            "      --for SECS  wait no longer than that (default 10)\n"
                            "  -4, -6          IPv4 or IPv6 sockets only\n"
                            "  -h, --help      this text\n"
                            "\n" FILTER_HELP "\n"
                            "Exit status 0: it is so; 1: not in time; 2: wrong arguments.\n"
                            "Example: tcpstate wait 7000 CLOSE_WAIT\n";

enum { LOOK_EVERY_MS = 5 };

static int keep_first(const struct socket_row *row, void *context)
{
    *(struct socket_row *)context = *row;
    return 1;
}

/* Returns 1 once a socket is (with `gone`: none is) as wanted, 0 when the time is over, -1 with errno; EINTR: a signal.
 */
static int wait_for_socket(struct socket_table *table, const struct socket_filter *filter, bool gone, int for_ms,
                           struct socket_row *row)
{
    long long end = now_us() + for_ms * 1000LL;
    for (;;) {
        int found = socket_table_read(table, filter, keep_first, row);
        if (found == -1)
            return -1;
        if ((found == 1) != gone)
            return 1;
        if (now_us() >= end)
            return 0;
        if (await(-1, 0, LOOK_EVERY_MS) == -1)
            return -1;
    }
}

static int run_wait(const struct socket_filter *filter, bool gone, int for_ms)
{
    struct socket_table table;
    struct socket_row row;
    char text[ROW_TEXT_SIZE];
    if (socket_table_open(&table) == -1) {
        report_errno("neither sock_diag nor /proc/net/tcp shows this system's sockets");
        return EXIT_WORLD;
    }
    int result = wait_for_socket(&table, filter, gone, for_ms, &row);
    int error = errno;
    socket_table_close(&table);
    errno = error;
    die_by_stop_signal();
    if (result == -1)
        report_errno("read the kernel's sockets");
    if (result == 0)
        report("wait: after %g s %s", for_ms / 1000.0,
               gone ? "there still is such a socket" : "there is no such socket");
    if (result == 1 && !gone) {
        row_text(&row, text);
        puts(text);
    }
    return result == 1 ? EXIT_DONE : EXIT_WORLD;
}

enum { OPTION_GONE = 256, OPTION_FOR };

static const struct option long_options[] = {
    {"gone", no_argument, NULL, OPTION_GONE},
    {"for", required_argument, NULL, OPTION_FOR},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

int wait_command(int argc, char **argv)
{
    struct socket_filter filter = {.states = 0};
    int for_ms = 10000;
    bool gone = false, good = true;
    int option;
    while (good && (option = getopt_long(argc, argv, "46h", long_options, NULL)) != -1) {
        switch (option) {
        case OPTION_GONE: gone = true; break;
        case OPTION_FOR: good = option_seconds("--for", optarg, &for_ms); break;
        case '4': filter.family = AF_INET; break;
        case '6': filter.family = AF_INET6; break;
        case 'h': fputs(usage, stdout); return EXIT_DONE;
        default: good = false;
        }
    }
    if (good && optind == argc) {
        report("wait: for what? (a port, a state; --help tells more)");
        good = false;
    }
    if (!good || !parse_filter(argc - optind, argv + optind, &filter))
        return EXIT_USAGE;
    return run_wait(&filter, gone, for_ms);
}
