/* tcpstate tour: real connections through every path of the state diagram, both ends' states beside each call.
 *
 *     tcpstate tour --step
 *
 * Both ends are in this process, on loopback. After each call the kernel is asked for both states: what it showed is
 * "seen"; what must have lain between, but was over when we looked, is "inferred". The parts stand in tour_open.c and
 * tour_close.c. See also: tcpstate hold, which keeps one state.
 */
#include "tour.h"
#include "commands.h"

#include "common/await.h"
#include "common/option.h"
#include "common/report.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] = "usage: tcpstate tour [options]\n"
                            "Walks real connections on loopback through every path: opening, closing,\n"
                            "half-close, simultaneous open and close, reset, TIME_WAIT. After each call both\n"
                            "ends' states are read from the kernel: \"seen\" is what it showed at that moment,\n"
                            "\"inferred\" what lay between and was over when we looked.\n"
                            "\n"
                            "  -n, --netstat             after each change the rows of the real netstat\n"
                            "  -p, --pause SECS          before each call (default: 0.3 on a terminal, else 0)\n"
                            "  -s, --step                wait for Enter before each call\n"
                            "  -a, --ascii               > instead of an arrow\n"
                            "  -j, --json                one event a line\n"
                            "  -h, --help                this text\n"
                            "\n"
                            "Exit status 0: the kernel showed every state that it should have; 1: it did not,\n"
                            "and which; 2: wrong arguments.\n";

enum { PAUSE_ON_TERMINAL_MS = 300 };

static tour_part_fn *const parts[] = {tour_handshake,  tour_syn_sent,          tour_syn_recv,
                                      tour_half_close, tour_fin_waits,         tour_simultaneous_close,
                                      tour_time_wait,  tour_simultaneous_open, tour_reset};
enum { PART_COUNT = sizeof parts / sizeof parts[0] };

static const struct option long_options[] = {
    {"netstat", no_argument, NULL, 'n'},
    {"pause", required_argument, NULL, 'p'},
    {"step", no_argument, NULL, 's'},
    {"ascii", no_argument, NULL, 'a'},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Colour only for a person who has not declined it (no-color.org). */
static bool wants_colour(void)
{
    const char *no_color = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && (no_color == NULL || *no_color == '\0');
}

/* Options and operands that make no sense together. */
static bool options_agree(const struct tour_options *options, int argc, char **argv)
{
    if (optind < argc)
        report("tour: '%s' is one argument too many", argv[optind]);
    else if (options->step && options->json)
        report("--step and --json: stepping is for people");
    else if (options->step && options->pause_ms != -1)
        report("--step and --pause: one of the two");
    else
        return true;
    return false;
}

/* Takes the options. Returns -1 to go on, or the exit status. */
static int parse(int argc, char **argv, struct tour_options *options)
{
    int option;
    memset(options, 0, sizeof *options);
    options->pause_ms = -1;
    optind = 0; /* main has been here before: begin anew */
    while ((option = getopt_long(argc, argv, "np:sajh", long_options, NULL)) != -1) {
        switch (option) {
        case 'n': options->netstat = true; break;
        case 's': options->step = true; break;
        case 'a': options->ascii = true; break;
        case 'j': options->json = true; break;
        case 'p':
            if (!option_seconds("--pause", optarg, &options->pause_ms))
                return EXIT_USAGE;
            break;
        case 'h': fputs(usage, stdout); return EXIT_DONE;
        default: return EXIT_USAGE; /* getopt has said what it does not know */
        }
    }
    if (!options_agree(options, argc, argv))
        return EXIT_USAGE;
    options->colour = !options->json && wants_colour();
    if (options->pause_ms == -1)
        options->pause_ms = isatty(STDOUT_FILENO) && !options->json ? PAUSE_ON_TERMINAL_MS : 0;
    return -1;
}

/* Part after part; one that fails does not keep the others from being shown. Returns the exit status. */
static int walk(struct tour *tour)
{
    int failed = 0;
    for (int i = 0; i < PART_COUNT && !stop_signal(); i++)
        if (!parts[i](tour)) {
            failed++;
            if (tour->call[0] && !tour->options.json)
                putchar('\n'); /* the line of the call that failed */
            tour->call[0] = '\0';
        }
    scene_end(&tour->scene);
    if (stop_signal()) {
        await_flush();
        return EXIT_WORLD;
    }
    return tour_tell_tally(tour) && failed == 0 ? EXIT_DONE : EXIT_WORLD;
}

int tour_command(int argc, char **argv)
{
    struct tour tour;
    memset(&tour, 0, sizeof tour);
    tour.scene = scene_of(AF_INET, 0);
    int status = parse(argc, argv, &tour.options);
    if (status != -1)
        return status;
    if (socket_table_open(&tour.table) == -1) {
        report_errno("reading the kernel's sockets");
        return EXIT_WORLD;
    }
    if (tour.options.netstat && !netstat_is_there()) {
        report("--netstat: there is no netstat here (Debian: apt install net-tools); going on without");
        tour.options.netstat = false;
    }
    status = walk(&tour);
    socket_table_close(&tour.table);
    die_by_stop_signal();
    return status;
}
